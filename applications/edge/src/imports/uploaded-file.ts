import multipart from '@fastify/multipart';
import { Injectable, Inject, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import type { QuerySpec } from '../http/query.js';
import { bytesDeclared, hasBody } from '../http/request-body.js';
import { RouteData } from '../http/route-data.js';

declare module 'fastify' {
  // The plugin declares its own part of a route's data, and with that the rest has to be declared too.
  interface FastifyContextConfig {
    readonly query?: QuerySpec;
    readonly takesFile?: true;
  }
}

/** The most that a file may weigh. */
export const maxFileBytes = 256 * 1024 * 1024;

/** What a form says beside its file. */
const maxFormBytes = 64 * 1024;

/** What the file holds tells what it is; its type has to be one that could be. */
export const fileTypes = ['text/csv', 'application/marc', 'application/marcxml+xml'] as const;
const form = 'multipart/form-data';
const accepted = `A file is ${fileTypes.join(', ')}, or one file in ${form}; not compressed.`;

/** The route takes a file, which it reads with {@link fileIn}. */
export const TakesFile = (): MethodDecorator => RouteData({ takesFile: true });

/**
 * Keeps the bodies of routes that take a file away from the parser of all the others, which holds a whole body in memory.
 */
@Injectable()
export class FileRoutes implements OnModuleInit {
  constructor(@Inject(HttpAdapterHost) private readonly host: HttpAdapterHost) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance<FastifyInstance>();
    // Not awaited: Fastify would settle its routes at once, without the error handler that Nest sets later.
    void fastify.register(multipart);
    fastify.addContentTypeParser([...fileTypes], (_request, _body, done) => done(null));
    fastify.addHook('onRequest', (request, _reply, done) => done(refusalOf(request)));
  }
}

/** Refused before any of the body is read. */
function refusalOf(request: FastifyRequest): Problem | undefined {
  const { headers, routeOptions } = request;
  const isFile = mediaType(request) === form || isFileType(mediaType(request));
  if (!routeOptions.config.takesFile) {
    return isFile && hasBody(request) ? new Problem('UnsupportedMediaType', { detail: 'A body is JSON.' }) : undefined;
  }
  if (!isFile || (headers['content-encoding'] ?? 'identity') !== 'identity') {
    return new Problem('UnsupportedMediaType', { detail: accepted });
  }
  return bytesDeclared(request) > maxFileBytes + maxFormBytes ? tooLarge() : undefined;
}

export function tooLarge(): Problem {
  return new Problem('BodyTooLarge', { detail: `A file has at most ${maxFileBytes} bytes.` });
}

/**
 * The bytes of the file that a request carries, as they come. To stop reading them leaves the connection usable.
 * @throws Problem where the body breaks off, or is a form without exactly one file
 */
export async function* fileIn(request: FastifyRequest): AsyncGenerator<Buffer> {
  try {
    if (isFileType(mediaType(request))) yield* request.raw.iterator({ destroyOnReturn: false });
    else yield* fileInForm(request);
  } catch (cause) {
    if (cause instanceof Problem) throw cause;
    throw new Problem('MalformedBody', { detail: `The body cannot be read. ${accepted}`, cause });
  } finally {
    // Whoever still sends would otherwise wait for somebody to read, and never hear the answer.
    request.raw.unpipe();
    request.raw.resume();
  }
}

async function* fileInForm(request: FastifyRequest): AsyncGenerator<Buffer> {
  let files = 0;
  // The sizes are counted by those who read.
  const limits = { files: 1, fileSize: Infinity, fields: 16, fieldSize: maxFormBytes };
  for await (const part of request.parts({ limits })) {
    if (part.type !== 'file') continue;
    files++;
    yield* part.file as AsyncIterable<Buffer>;
  }
  if (files === 0) throw new Problem('MalformedBody', { detail: 'The form holds no file.' });
}

function isFileType(type: string): boolean {
  return (fileTypes as readonly string[]).includes(type);
}

function mediaType({ headers }: FastifyRequest): string {
  return (headers['content-type'] ?? '').split(';', 1)[0]!.trim().toLowerCase();
}
