import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InMemoryEventStore, type Json, type ProposedEvent } from '@shelfmark/event-sourcing';
import { startNatsServer, startPostgres, type RunningNatsServer, type RunningServer } from '@shelfmark/local';
import { connectToNats, Relay, type NatsConnection } from '@shelfmark/messaging';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bookCreated, id } from './testing/events.js';
import { until } from './testing/until.js';
import { readAll } from './testing/view-database.js';
import { ViewProcess } from './testing/view-process.js';

let dataDir: string;
let nats: RunningNatsServer;
let postgres: RunningServer;
let connection: NatsConnection;
let relays: Relay[] = [];
let processes: ViewProcess[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shelfmark-views-'));
  [nats, postgres] = await Promise.all([
    startNatsServer({ dataDir: join(dataDir, 'nats') }),
    startPostgres({ dataDir: join(dataDir, 'postgres') }),
  ]);
});

afterAll(async () => {
  await Promise.all([nats.stop(), postgres.stop()]);
  await rm(dataDir, { recursive: true });
});

beforeEach(async () => {
  await sql('DROP SCHEMA IF EXISTS books CASCADE; DROP SCHEMA IF EXISTS rents CASCADE');
  connection = await connectToNats({ url: nats.url, name: 'test' });
});

afterEach(async () => {
  await Promise.all(processes.map((process) => process.kill()));
  await Promise.all(relays.map((relay) => relay.stop()));
  processes = [];
  relays = [];
  await connection.close();
});

/** A log with its relay. A new one for each test: to the mirror it is a log that was restored. */
function service(name: string): InMemoryEventStore {
  const store = new InMemoryEventStore();
  const relay = new Relay({ connection, store, service: name, source: `/shelfmark/${name}-service` });
  relay.start();
  relays.push(relay);
  return store;
}

function start(view: string, user = `view-${view}`): ViewProcess {
  const process = ViewProcess.start(view, { NATS_URL: nats.urlOf(user), DATABASE_URL: postgres.url });
  processes.push(process);
  return process;
}

function sql(text: string): Promise<Record<string, unknown>[]> {
  return readAll(postgres.url, text);
}

function event(type: string, data: Json): ProposedEvent {
  return {
    id: randomUUID(),
    type,
    data,
    metadata: {
      commandId: randomUUID(),
      commandHash: 'hash',
      correlationId: randomUUID(),
      causationId: randomUUID(),
      time: '2026-01-01T00:00:00.000Z',
      schemaVersion: 1,
    },
  };
}

/** So many copies go out, of books that nobody rented before: a lost or a repeated event shows in the sum. */
async function rent(store: InMemoryEventStore, times: number): Promise<void> {
  const rented = { rentId: `${id(1)}.1`, userId: id(11), dueOn: '2026-01-15' };
  const before = Number((await store.head()) ?? 0n);
  for (let left = times; left > 0; left -= 100) {
    const events = Array.from({ length: Math.min(100, left) }, () => event('BookRented', rented));
    await store.append([{ stream: `BookRent-${id(before + left)}`, expected: 'none', events }]);
  }
}

async function inUse(): Promise<number> {
  const rows = await sql('SELECT coalesce(sum(in_use), 0)::integer AS copies FROM books.book').catch(() => []);
  return Number(rows[0]?.['copies'] ?? 0);
}

async function generation(): Promise<bigint> {
  const [row] = await sql(`SELECT generation FROM books.checkpoint WHERE source = 'rent'`);
  return BigInt(String(row!['generation']));
}

describe('the process of a view', () => {
  test('shows what is in the mirrors, and says in its health how far it is', async () => {
    const [books, rents] = [service('book'), service('rent')];
    const process = start('books');
    await process.reaches('active');
    await books.append([
      { stream: `Book-${id(1)}`, expected: 'none', events: [event('BookCreated', { ...bookCreated })] },
      { stream: `Book-${id(2)}`, expected: 'none', events: [event('BookCreated', { title: null })] },
    ]);
    await rent(rents, 2);
    await until(async () => (await inUse()) === 2);
    await until(async () => (await sql('SELECT FROM books.book WHERE title IS NOT NULL')).length === 1);
    // The rows can be read a moment before the process knows that they are written.
    const { status, details } = await process.shows(({ details }) =>
      ['mirror:book', 'mirror:rent'].every((mirror) => details[mirror]?.['behind'] === 0),
    );
    expect(status).toBe('ok');
    expect(details['view']).toMatchObject({ status: 'up', state: 'active', deadLetters: 1 });
    expect(details['mirror:book']).toMatchObject({ status: 'up', position: '2', behind: 0, mirror: 'reading' });
    expect(details['mirror:rent']).toMatchObject({ status: 'up', position: '2', behind: 0 });
    expect(process.output).not.toContain(bookCreated.title);
    process.signal('SIGTERM');
    expect(await process.exited).toBe(0);
  });

  test('counts each event once, however often it is killed', async () => {
    const rents = service('rent');
    let rented = 0;
    let killedBetween = 0;
    // Again and again, until it was at work often enough when it was killed.
    for (let kills = 0; kills < 5 || killedBetween < 2; kills += 1) {
      await rent(rents, 4_000);
      rented += 4_000;
      const before = await inUse();
      const process = start('books');
      await until(async () => (await inUse()) > before);
      // At a moment that nobody chose.
      await sleep(Math.random() * 50);
      await process.kill();
      if ((await inUse()) < rented) killedBetween += 1;
    }
    start('books');
    await until(async () => (await inUse()) === rented);
    expect(await sql(`SELECT position FROM books.checkpoint WHERE source = 'rent'`)).toEqual([
      { position: String(rented) },
    ]);
  });

  test('is replaced by one that stands by as soon as it is killed', async () => {
    const rents = service('rent');
    await rent(rents, 10);
    const first = start('books');
    await first.reaches('active');
    const second = start('books');
    await second.reaches('standby');
    await second.shows(({ status }) => status === 'ok');
    await until(async () => (await inUse()) === 10);
    await first.kill();
    await rent(rents, 10);
    await until(async () => (await inUse()) === 20);
    await second.reaches('active');
  });

  test('that was stopped and is woken after another took over changes nothing, and stands by', async () => {
    const rents = service('rent');
    const first = start('books');
    await first.reaches('active');
    const second = start('books');
    await second.reaches('standby');
    await rent(rents, 30_000);
    await until(async () => (await inUse()) > 0);
    first.signal('SIGSTOP');
    await until(async () => (await inUse()) === 30_000);
    await second.reaches('active');
    first.signal('SIGCONT');
    await first.reaches('standby');
    await rent(rents, 5);
    await until(async () => (await inUse()) === 30_005);
  });

  test('ends when its schema is dropped, and the next one builds the same rows', async () => {
    const [books, rents] = [service('book'), service('rent')];
    await books.append([
      { stream: `Book-${id(1)}`, expected: 'none', events: [event('BookCreated', { ...bookCreated })] },
    ]);
    await rent(rents, 50);
    const first = start('books');
    const complete = async () =>
      (await inUse()) === 50 && (await sql('SELECT FROM books.book WHERE title IS NOT NULL')).length === 1;
    await until(complete);
    const rows = await sql('SELECT * FROM books.book ORDER BY id');
    await sql('DROP SCHEMA books CASCADE');
    expect(await first.exited).toBe(70);
    start('books');
    await until(complete);
    expect(await sql('SELECT * FROM books.book ORDER BY id')).toEqual(rows);
  });

  test('goes on in the next generation after NATS has lost everything', async () => {
    const rents = service('rent');
    await rent(rents, 500);
    const process = start('books');
    await until(async () => (await inUse()) === 500);
    const before = await generation();
    await nats.kill();
    await rm(join(dataDir, 'nats', 'jetstream'), { recursive: true });
    await rent(rents, 500);
    nats = await startNatsServer({ dataDir: join(dataDir, 'nats'), port: Number(new URL(nats.url).port) });
    await until(async () => (await inUse()) === 1_000);
    expect(await generation()).toBeGreaterThan(before);
    await process.shows(({ status }) => status === 'ok');
  });

  test('reads a log that was restored from its beginning, and keeps what came from others', async () => {
    const [books, rents] = [service('book'), service('rent')];
    await books.append([
      { stream: `Book-${id(1)}`, expected: 'none', events: [event('BookCreated', { ...bookCreated })] },
    ]);
    await rent(rents, 50);
    start('books');
    await until(async () => (await inUse()) === 50);
    await relays[1]!.stop();
    await rent(service('rent'), 7);
    await until(async () => (await inUse()) === 7);
    expect(await sql('SELECT title FROM books.book WHERE title IS NOT NULL')).toEqual([{ title: bookCreated.title }]);
  });

  test('waits for its servers, and starts when they are there', async () => {
    const rents = service('rent');
    await rent(rents, 5);
    const port = Number(new URL(postgres.url).port);
    await postgres.stop();
    const process = start('books');
    const { status } = await process.shows(({ details }) => details['view']?.['state'] === 'databaseUnavailable');
    expect(status).toBe('error');
    postgres = await startPostgres({ dataDir: join(dataDir, 'postgres'), port });
    await until(async () => (await inUse()) === 5);
  });

  test('that is none is refused with the names of those that there are', async () => {
    const process = start('../books', 'view-books');
    expect(await process.exited).toBe(78);
    expect(process.output).toBe('Which view? --view books|holds|queue|rents|statistics|users\n');
  });
});
