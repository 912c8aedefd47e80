import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { connectToNats } from '@shelfmark/messaging';
import { headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api.js';
import { System } from './system.js';

let system: System;
let api: Api;
const secretName = `Nobody-${randomUUID()}`;

beforeAll(async () => {
  system = await System.create();
  await system.start();
  api = new Api(system);
});
afterAll(() => system.dispose());

/** Sends bytes as they are, which `fetch` would not. */
function send(method: string, path: string, sent: { headers?: Record<string, string>; body?: Buffer } = {}) {
  return new Promise<{ status: number; type: string; body: string }>((resolve, reject) => {
    const request = httpRequest(
      system.url + path,
      { method, headers: { ...system.authorization, ...sent.headers } },
      (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => (body += text));
        response.on('end', () =>
          resolve({ status: response.statusCode!, type: response.headers['content-type'] ?? '', body }),
        );
      },
    );
    request.on('error', reject);
    request.end(sent.body);
  });
}

const json = { 'Content-Type': 'application/json' };
const routes: readonly (readonly [string, string])[] = [
  ['POST', '/users'],
  ['POST', '/user/registration'],
  ['PATCH', `/users/${randomUUID()}`],
  ['POST', '/books'],
  ['PATCH', `/books/${randomUUID()}`],
  ['POST', '/rents'],
];
const garbage: readonly (readonly [string, Buffer])[] = [
  ['nothing', Buffer.alloc(0)],
  ['no JSON', Buffer.from('{"name": ')],
  ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00, 0x80])],
  ['a number', Buffer.from('42')],
  ['a list', Buffer.from('[]')],
  ['null', Buffer.from('null')],
  ['an unknown field', Buffer.from('{"colour":"red"}')],
  [
    'wrong types',
    Buffer.from('{"name":1,"title":{},"amount":"two","userId":[],"bookId":null,"email":7,"username":false}'),
  ],
  ['a NUL character', Buffer.from('{"name":"a\\u0000b","title":"a\\u0000b","amount":1,"email":"a\\u0000@b.c"}')],
  ['a lone surrogate', Buffer.from('{"name":"\\ud800","title":"\\ud800","amount":1,"email":"a@b.c"}')],
  ['a prototype', Buffer.from('{"__proto__":{"amount":1},"constructor":{"prototype":{}}}')],
  ['depth', Buffer.from(`${'['.repeat(5_000)}${']'.repeat(5_000)}`)],
];

describe('garbage on a route', () => {
  it.each(routes.flatMap(([method, path]) => garbage.map(([what, body]) => [what, method, path, body] as const)))(
    '%s to %s %s is a problem of the client',
    async (_what, method, path, body) => {
      const answer = await send(method, path, { headers: json, body });
      expect(answer.status, answer.body).toBeGreaterThanOrEqual(400);
      expect(answer.status, answer.body).toBeLessThan(500);
      expect(answer.type).toContain('application/problem+json');
    },
  );

  it('names the field', async () => {
    const { body } = await api.post('/books', { title: 'x'.repeat(2_001), amount: 1 });
    expect(body).toMatchObject({ status: 400, errors: [{ pointer: '/title' }] });
  });

  it.each([
    ['GET', '/books/none', 404],
    ['GET', '/books/%', 400],
    ['GET', '/rents/..%2f..', 404],
    ['GET', '/nowhere', 404],
    ['PUT', '/books', 405],
    ['GET', '/books?limit=0', 400],
    ['GET', '/books?limit=1000', 400],
    ['GET', '/books?cursor=nonsense', 400],
    ['GET', '/books?sort=colour', 400],
    ['GET', '/books?nonsense=1', 400],
    ['GET', '/rents?state=torn', 400],
  ])('%s %s is %i', async (method, path, status) => {
    const answer = await send(method, path);
    expect([answer.status < 500, answer.type]).toEqual([true, expect.stringContaining('application/problem+json')]);
    expect([status, 404]).toContain(answer.status);
  });

  it('of more than 256 KiB is 413, another type 415, nothing acceptable 406', async () => {
    const large = Buffer.from(JSON.stringify({ title: 'x'.repeat(300_000), amount: 1 }));
    expect((await send('POST', '/books', { headers: json, body: large })).status).toBe(413);
    expect(
      (await send('POST', '/books', { headers: { 'Content-Type': 'text/plain' }, body: Buffer.from('x') })).status,
    ).toBe(415);
    expect((await send('GET', '/books', { headers: { Accept: 'image/png' } })).status).toBe(406);
  });
});

describe('garbage on the bus', () => {
  const subjects = ['book', 'user', 'rent'].flatMap((aggregate) => [
    `shelfmark.commands.${aggregate}.Nonsense`,
    `shelfmark.commands.${aggregate}.CreateBook`,
    `shelfmark.commands.${aggregate}.toString`,
  ]);

  it('is answered, each time, and harms nobody', async () => {
    const connection = await connectToNats({ url: system.busUrl, name: 'e2e' });
    try {
      for (const subject of [
        ...subjects,
        'shelfmark.queries.book.GetBookFacts',
        'shelfmark.queries.user.GetUserFacts',
      ]) {
        for (const [what, body] of garbage) {
          for (const withHeaders of [false, true]) {
            const sent = headers();
            if (withHeaders) {
              sent.set('ce-specversion', '1.0');
              sent.set('ce-id', randomUUID());
              sent.set('ce-type', subject.split('.').at(-1)!);
              sent.set('ce-source', '/e2e');
              sent.set('ce-time', new Date().toISOString());
              sent.set('ce-correlationid', 'c');
              sent.set('ce-causationid', 'c');
            }
            const answer = await connection.request(subject, body, { timeout: 30_000, headers: sent });
            expect(answer.json(), `${what} on ${subject}`).toMatchObject({ failure: { name: expect.any(String) } });
          }
        }
      }
    } finally {
      await connection.close();
    }
    expect((await api.post('/books', { title: 'Still here', amount: 1 })).status).toBe(201);
    expect(system.processes().map(({ restarts }) => restarts)).toEqual(system.processes().map(() => 0));
  });
});

describe('the logs', () => {
  it('hold no names, addresses, passwords or tokens', async () => {
    const email = `${secretName}@example.org`.toLowerCase();
    await api.post('/users', { name: secretName, email });
    await api.post('/users', { name: secretName, email });
    await api.post('/users', { name: secretName, email: 'nonsense' });
    await api.get(`/users?q=${secretName}`);
    await api.get(`/users?q=${secretName}&limit=x`);
    const passwords = ['nats/passwords', 'postgres/passwords'].flatMap((folder) =>
      readdirSync(join(system.dataDir, folder)).map((name) => join(folder, name)),
    );
    const secrets = [...passwords, 'postgres/password'].map((file) => readFileSync(join(system.dataDir, file), 'utf8'));
    expect(secrets.length).toBeGreaterThan(15);
    const ofNobody = `${system.token}x`;
    expect((await send('GET', '/books', { headers: { Authorization: `Bearer ${ofNobody}` } })).status).toBe(401);
    const tokens = [system.token, ofNobody].map((token) => token.split('.').at(-1)!);
    const directory = join(system.dataDir, 'logs');
    const logs =
      readdirSync(directory)
        .map((file) => readFileSync(join(directory, file), 'utf8'))
        .join('\n') + system.output;
    for (const secret of [secretName, email, ...secrets, ...tokens]) {
      expect(secret.length).toBeGreaterThan(8);
      expect(logs.toLowerCase()).not.toContain(secret.toLowerCase());
    }
  });
});
