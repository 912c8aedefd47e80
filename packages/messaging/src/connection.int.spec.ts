import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type RunningNatsServer, startNatsServer } from '@shelfmark/local';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { connectToNats, type Forbidden, isConnected } from './connection.js';
import { Connectivity } from './connectivity.js';
import { RequestClient } from './request-client.js';
import { serveRequests } from './request-server.js';
import { TestBus } from './testing/bus.js';
import { until } from './testing/until.js';

/** Nobody listens there, and nobody is given it who asks for a free one. */
const deadPort = 1;

let dataDir: string;
let server: RunningNatsServer;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shelfmark-connection-'));
  server = await startNatsServer({ dataDir });
});
afterAll(async () => {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

it('refuses wrong credentials without showing them', async () => {
  const url = server.url.replace(new URL(server.url).password, 'open-sesame');
  const error: unknown = await connectToNats({ url, name: 'test' }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'NatsUnauthorized' });
  expect(inspect(error)).not.toContain('open-sesame');
});

it('has its inboxes under the name of its user, where the server lets it listen', async () => {
  const forbidden: Forbidden[] = [];
  const onForbidden = (found: Forbidden) => void forbidden.push(found);
  const connection = await connectToNats({ url: server.urlOf('edge'), name: 'test', onForbidden });
  expect(Connectivity.of(connection).createInbox()).toMatch(/^_INBOX\.edge\../);
  await connection.request('shelfmark.queries.book.GetHistory').catch(() => undefined);
  expect(forbidden).toEqual([]);
  await connection.close();
});

it('says what the server forbids, and to whom', async () => {
  const forbidden: Forbidden[] = [];
  const onForbidden = (found: Forbidden) => void forbidden.push(found);
  const connection = await connectToNats({ url: server.urlOf('view-books'), name: 'test', onForbidden });
  connection.publish('shelfmark.events.book.BookCreated');
  connection.subscribe('shelfmark.commands.book.*', { callback: () => undefined });
  await until(() => forbidden.length === 2);
  expect(forbidden).toEqual([
    { user: 'view-books', operation: 'publish', subject: 'shelfmark.events.book.BookCreated' },
    { user: 'view-books', operation: 'subscription', subject: 'shelfmark.commands.book.*' },
  ]);
  await connection.close();
});

it.each(['open-sesame', 'http://user:open-sesame@localhost:1', 'nats://user:open-sesame@host:99999', 'nats://'])(
  'refuses the malformed URL %s without showing it',
  async (url) => {
    const error: unknown = await connectToNats({ url, name: 'test' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'InvalidNatsUrl' });
    expect(inspect(error)).not.toContain('open-sesame');
  },
);

it('says that no server answers, where it is not to wait for one', async () => {
  const url = `nats://user:open-sesame@127.0.0.1:${deadPort}`;
  const error: unknown = await connectToNats({ url, name: 'test', waitForServer: false }).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: 'NatsUnreachable', server: `127.0.0.1:${deadPort}` });
  expect(inspect(error)).not.toContain('open-sesame');
});

it('waits for a server that is not there yet, until it is told to stop', async () => {
  const giveUp = new AbortController();
  const url = `nats://127.0.0.1:${deadPort}`;
  const connecting = connectToNats({ url, name: 'test', signal: giveUp.signal });
  giveUp.abort();
  await expect(connecting).rejects.toThrow();
});

it('connects again when the server comes back; requests wait for that until their deadline', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'shelfmark-reconnect-'));
  const first = await startNatsServer({ dataDir: dir });
  const [serving, asking] = await Promise.all([
    connectToNats({ url: first.url, name: 'serving' }),
    connectToNats({ url: first.url, name: 'asking' }),
  ]);
  let started = 0;
  serveRequests(serving, {
    subject: 'shelfmark.queries.book.*',
    queue: 'book',
    handle: async ({ data }) => {
      started++;
      return { data };
    },
  });
  await serving.flush();
  const client = new RequestClient(asking, { source: '/test' });
  const ask = (number: number, withinMs = 30_000) =>
    client.sendQuery('book', {
      id: '019053c0-0000-7000-8000-000000000001',
      type: 'GetBook',
      data: number,
      correlationId: 'c',
      causationId: 'c',
      deadline: Date.now() + withinMs,
    });
  expect(await ask(1)).toEqual({ answer: { data: 1 } });

  await first.kill();
  await until(() => !isConnected(asking) && !isConnected(serving));
  const before = performance.now();
  await expect(ask(2, 1_000)).rejects.toMatchObject({ name: 'ServiceUnavailable' });
  expect(performance.now() - before).toBeLessThan(10_000);
  const stalled = ask(2, 1_000);
  await new Promise(setImmediate);
  await new Promise(setImmediate);
  // This process stands still, between two askings, until the deadline has passed.
  for (const end = Date.now() + 1_000; Date.now() < end;);
  await expect(stalled).rejects.toMatchObject({ name: 'ServiceUnavailable' });
  const patient = ask(3);

  const second = await startNatsServer({ dataDir: dir, port: Number(new URL(first.url).port) });
  await until(() => isConnected(asking) && isConnected(serving));
  await serving.flush();
  expect(await patient).toEqual({ answer: { data: 3 } });
  expect(await ask(4)).toEqual({ answer: { data: 4 } });
  expect(started).toBe(3);

  await Promise.all([serving.close(), asking.close()]);
  expect(isConnected(asking)).toBe(false);
  await second.stop();
  await rm(dir, { recursive: true, force: true });
});

it('connects again as soon where a clock that was an hour ahead was put right meanwhile', async () => {
  const bus = await TestBus.start();
  try {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3600_000 });
    const connection = await bus.connect();
    vi.useRealTimers();
    await bus.kill();
    await until(() => !isConnected(connection));
    await bus.startAgain();
    expect(isConnected(connection)).toBe(true);
  } finally {
    vi.useRealTimers();
    await bus.close();
  }
});
