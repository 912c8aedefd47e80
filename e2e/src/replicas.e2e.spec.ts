import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api.js';
import { logOf, mirrorOf } from './evidence.js';
import { readyAt, Replica } from './replica.js';
import { System, until } from './system.js';

/** What a relay does; nothing while its process is not ready. */
async function relayAt(url: string, service: string): Promise<unknown> {
  return (await readyAt(url))?.[`relay:${service.replace('-service', '')}`]?.['state'];
}

let system: System;
let api: Api;
let replicas: Replica[] = [];

const services = ['rent-service', 'user-service'];

beforeAll(async () => {
  system = await System.create(['--empty', '--event-store', 'dev-server']);
  await system.start();
  api = new Api(system);
  replicas = await Promise.all(
    services.flatMap((service) => [Replica.start(system, service), Replica.start(system, service)]),
  );
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.kill()));
  await system.dispose();
});

/** Of the replicas and the system's own process. */
async function relays(service: string): Promise<unknown[]> {
  const own = `http://127.0.0.1:${system.environment(service)['HEALTH_PORT']}`;
  const others = replicas.filter(({ name }) => name === service).map(({ url }) => url);
  return Promise.all([own, ...others].map((url) => relayAt(url, service)));
}

async function expectWhole(service: string): Promise<void> {
  const log = await logOf(system, service);
  const mirror = await mirrorOf(system, service, log.length);
  expect(mirror.map(({ id }) => id)).toEqual(log.map(({ id }) => id));
}

describe('three replicas of a service', () => {
  it('have one relay between them', async () => {
    for (const service of services) {
      await expect.poll(async () => (await relays(service)).sort()).toEqual(['following', 'standby', 'standby']);
    }
    expect(system.refusals()).toEqual([]);
  });

  it('give an address to one of a hundred who ask for it at once', async () => {
    const email = `${randomUUID()}@example.org`;
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => api.insist('POST', '/users', { body: { name: `Reader ${n}`, email } })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ body }) => body.code === 'EmailTaken')).toHaveLength(99);
  });

  it('lend as many copies as there are, whoever dies meanwhile, and every mirror is whole', async () => {
    const copies = 7;
    const key = () => ({ 'Idempotency-Key': randomUUID() });
    const create = async (path: string, body: object) => {
      const created = await api.insist('POST', path, { body: body, headers: key() });
      expect(created.status, JSON.stringify(created.body)).toBe(201);
      return created.body.id as string;
    };
    const books = await Promise.all(
      [1, 2, 3, 4].map((n) => create('/books', { title: `Replica ${n}`, amount: copies })),
    );
    const users = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        create('/users', { name: `Reader ${n}`, email: `${randomUUID()}@example.org` }),
      ),
    );
    let done = 0;
    const rents = books.flatMap((bookId) =>
      users.map(async (userId) => {
        const { status, body } = await api.insist('POST', '/rents', { body: { bookId, userId }, headers: key() });
        if (++done === 15) system.kill('rent-service');
        if (done === 30) await replicas.find(({ name }) => name === 'rent-service')!.kill();
        return { bookId, status, body };
      }),
    );
    const answers = await Promise.all(rents);
    for (const bookId of books) {
      const ofBook = answers.filter((answer) => answer.bookId === bookId);
      expect(ofBook.filter(({ status }) => status === 201)).toHaveLength(copies);
      expect(ofBook.filter(({ body }) => body.code === 'NoCopyAvailable')).toHaveLength(users.length - copies);
    }
    for (const service of ['rent', 'user', 'book']) await expectWhole(service);
    api.forget();
    await until('the view shows every rent', async () => {
      const shown = await Promise.all(books.map((id) => api.insist('GET', `/books/${id}`, {})));
      return shown.every(({ body }) => body.inUse === copies);
    });
  });
});
