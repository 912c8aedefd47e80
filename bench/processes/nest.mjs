// Takes a book and answers with it: what Nest on Fastify can do where nothing is done.
import 'reflect-metadata';
import { Body, Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

class Books {
  create(book) {
    return { id: '0198c0de-0000-7000-8000-000000000001', ...book };
  }
}
Post()(Books.prototype, 'create', Object.getOwnPropertyDescriptor(Books.prototype, 'create'));
Body()(Books.prototype, 'create', 0);
Controller('books')(Books);

class App {}
Module({ controllers: [Books] })(App);

const app = await NestFactory.create(App, new FastifyAdapter(), { logger: false });
await app.listen(0, '127.0.0.1');
process.send(await app.getUrl());
// Whoever measured is gone.
process.once('disconnect', () => process.exit());
