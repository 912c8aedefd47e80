import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Projector } from './projector.js';
import { arrayMirror } from './testing/array-mirror.js';
import { bookCreated, id, Log } from './testing/events.js';
import { startPostgres, type RunningServer } from '@shelfmark/local';
import { until } from './testing/until.js';
import { readAll } from './testing/view-database.js';
import { view as books } from './views/books/index.js';

let dataDir: string;
let postgres: RunningServer;
let running: {
  readonly projector: Projector;
  readonly ended: Promise<unknown>;
  readonly stop: () => Promise<unknown>;
}[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shelfmark-projector-'));
  postgres = await startPostgres({ dataDir });
});

afterAll(async () => {
  await postgres.stop();
  await rm(dataDir, { recursive: true });
});

beforeEach(async () => {
  await sql('DROP SCHEMA IF EXISTS books CASCADE');
});

afterEach(async () => {
  await Promise.all(running.map(({ stop }) => stop()));
  running = [];
});

function start(logs: Record<string, Log>, batchSize?: number) {
  const controller = new AbortController();
  const log = { log: () => undefined, warn: () => undefined };
  const projector = new Projector(books, postgres.url, arrayMirror(logs, batchSize), log);
  // Resolves with what it failed of, so that a test can look at it when it wants to.
  const ended = projector.run(controller.signal).then(
    () => 'stopped',
    (error: unknown) => error,
  );
  const run = {
    projector,
    ended,
    stop: () => {
      controller.abort();
      return ended;
    },
  };
  running.push(run);
  return run;
}

function sql(text: string): Promise<Record<string, unknown>[]> {
  return readAll(postgres.url, text);
}

async function inUse(): Promise<unknown> {
  const rows = await sql('SELECT in_use FROM books.book').catch(() => []);
  return rows[0]?.['in_use'];
}

/** A log after which exactly so many copies are out: a lost or a repeated event shows. */
function rented(times: number, log = new Log()): Log {
  const rent = { rentId: 'r', userId: id(11), dueOn: '2026-01-15' };
  for (let n = 0; n < times; n += 1) log.append(`BookRent-${id(1)}`, 'BookRented', rent);
  return log;
}

const backends = `SELECT pid FROM pg_stat_activity WHERE application_name = 'shelfmark books view'`;

describe('a projector', () => {
  test('follows all its sources, and says how far it is', async () => {
    const book = new Log('log-b', 4).append(`Book-${id(1)}`, 'BookCreated', bookCreated);
    const rent = rented(250);
    const { projector } = start({ book, rent });
    await until(async () => (await inUse()) === 250);
    await until(() => ['book', 'rent'].every((source) => projector.status.sources.get(source)?.behind === 0));
    expect(projector.status).toMatchObject({ state: 'active', deadLetters: 0 });
    expect(projector.status.sources.get('book')).toMatchObject({
      position: 0n,
      generation: 4,
      behind: 0,
      mirror: 'reading',
    });
    expect(projector.status.sources.get('rent')).toMatchObject({ position: 747n, behind: 0 });
    rented(1, rent);
    await until(async () => (await inUse()) === 251);
  });

  test('reads another log from its beginning', async () => {
    const logs: Record<string, Log> = {
      book: new Log().append(`Book-${id(1)}`, 'BookCreated', bookCreated),
      rent: rented(30),
    };
    start(logs);
    await until(async () => (await inUse()) === 30);
    logs['rent'] = rented(7);
    await until(async () => (await inUse()) === 7);
    expect(await sql('SELECT title FROM books.book')).toEqual([{ title: bookCreated.title }]);
  });

  test('stands by while another is active, and takes over from where that one was', async () => {
    const logs = { rent: rented(50) };
    const first = start(logs);
    await until(() => first.projector.status.state === 'active');
    const second = start(logs);
    await until(() => second.projector.status.state === 'standby');
    // The standby has asked for the lock several times by then.
    for (let copies = 51; copies <= 200; copies += 1) {
      rented(1, logs.rent);
      await until(async () => (await inUse()) === copies);
      expect(second.projector.status.state).not.toBe('active');
    }
    expect(second.projector.status.state).toBe('standby');
    expect(await first.stop()).toBe('stopped');
    rented(50, logs.rent);
    await until(async () => (await inUse()) === 250);
    expect(second.projector.status.state).toBe('active');
  });

  test('whose connection is cut goes on with another one, and counts each event once', async () => {
    const logs = { rent: rented(3_000) };
    const { projector } = start(logs, 10);
    for (let cut = 1; cut <= 5; cut += 1) {
      await until(() => (projector.status.sources.get('rent')?.position ?? 0n) > BigInt(cut * 300));
      await sql(`SELECT pg_terminate_backend(pid) FROM (${backends}) AS sessions`);
    }
    await until(async () => (await inUse()) === 3_000);
    expect(await sql('SELECT position FROM books.checkpoint WHERE source = $$rent$$')).toEqual([{ position: '8997' }]);
  });

  test('goes on after the database was killed and started again, and counts each event once', async () => {
    const logs = { rent: rented(2_000) };
    const { projector } = start(logs, 10);
    await until(() => (projector.status.sources.get('rent')?.position ?? 0n) > 900n);
    await postgres.kill();
    await until(() => projector.status.state === 'databaseUnavailable');
    postgres = await startPostgres({ dataDir, port: Number(new URL(postgres.url).port) });
    await until(async () => (await inUse()) === 2_000);
  });

  test.each(['DROP SCHEMA books CASCADE', 'TRUNCATE books.book', 'TRUNCATE books.checkpoint'])(
    'ends after "%s" though nothing happens, and the next one builds the same rows',
    async (damage) => {
      const logs = { book: new Log().append(`Book-${id(1)}`, 'BookCreated', bookCreated), rent: rented(20) };
      const first = start(logs);
      await until(async () => (await inUse()) === 20);
      await until(() => first.projector.status.sources.get('book')?.behind === 0);
      const before = await sql('SELECT * FROM books.book');
      await sql(damage);
      expect(await first.ended).toMatchObject({ name: 'CheckpointLost' });
      const second = start(logs);
      await until(() => second.projector.status.sources.get('book')?.behind === 0);
      await until(async () => (await inUse()) === 20);
      expect(await sql('SELECT * FROM books.book')).toEqual(before);
    },
  );

  test('ends when its table is dropped, and the next one makes it again', async () => {
    const logs = { rent: rented(20) };
    const first = start(logs);
    await until(async () => (await inUse()) === 20);
    await sql('DROP TABLE books.book');
    rented(1, logs.rent);
    expect(await first.ended).toMatchObject({ name: 'TableGone' });
    start(logs);
    await until(async () => (await inUse()) === 21);
  });

  test('applies nothing more once it was told to stop', async () => {
    const logs = { rent: rented(20) };
    const { stop } = start(logs);
    await until(async () => (await inUse()) === 20);
    await stop();
    rented(5, logs.rent);
    await until(async () => (await sql(backends)).length === 0);
    expect(await inUse()).toBe(20);
  });
});
