import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type RunningServer } from '@shelfmark/local';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Projector } from './projector.js';
import { compareView, rebuildView, type RebuildNews, type RebuildOptions } from './rebuild.js';
import { arrayMirror } from './testing/array-mirror.js';
import { bookCreated, id, Log } from './testing/events.js';
import { until } from './testing/until.js';
import { readAll } from './testing/view-database.js';
import { onto, type View } from './view.js';
import { listDeadLetters, readViewStatus } from './view-status.js';
import { bookEntity } from './views/books/entity.js';
import { view as books } from './views/books/index.js';
import { ownedByBook } from './views/books/projection.js';

let dataDir: string;
let postgres: RunningServer;
let stop: AbortController;
let running: Promise<unknown>[];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shelfmark-rebuild-'));
  postgres = await startPostgres({ dataDir });
});

afterAll(async () => {
  await postgres.stop();
  await rm(dataDir, { recursive: true });
});

beforeEach(async () => {
  await sql(
    'DROP SCHEMA IF EXISTS books CASCADE; DROP SCHEMA IF EXISTS books_next CASCADE; DROP SCHEMA IF EXISTS books_old CASCADE',
  );
  stop = new AbortController();
  running = [];
});

afterEach(async () => {
  stop.abort();
  await Promise.allSettled(running);
});

function sql(text: string): Promise<Record<string, unknown>[]> {
  return readAll(postgres.url, text);
}

/** The process that keeps the view, as far as the database sees it. */
function project(logs: Record<string, Log>, of = books): Projector {
  const log = { log: () => undefined, warn: () => undefined };
  const projector = new Projector(of, postgres.url, arrayMirror(logs), log);
  const run = projector.run(stop.signal);
  run.catch(() => undefined);
  running.push(run);
  return projector;
}

function options(logs: Record<string, Log>, own: Partial<RebuildOptions> = {}): RebuildOptions {
  const follow = arrayMirror(logs);
  return { view: books, databaseUrl: postgres.url, follow, report: () => undefined, signal: stop.signal, ...own };
}

const rent = { rentId: 'r', userId: id(11), dueOn: '2026-01-15' };

/** So many books, each with one copy out. */
function library(count: number): { book: Log; rent: Log } {
  const logs = { book: new Log(), rent: new Log() };
  for (let n = 1; n <= count; n += 1) addBook(logs, n);
  return logs;
}

function addBook(logs: { book: Log; rent: Log }, n: number): void {
  logs.book.append(`Book-${id(n)}`, 'BookCreated', { ...bookCreated, title: `Book ${n}` });
  logs.rent.append(`BookRent-${id(n)}`, 'BookRented', rent);
}

async function shown(count: number): Promise<void> {
  await until(async () => {
    const rows = await sql(
      'SELECT count(*)::integer AS n FROM books.book WHERE in_use = 1 AND title IS NOT NULL',
    ).catch(() => []);
    return rows[0]?.['n'] === count;
  });
}

async function schemas(): Promise<unknown[]> {
  const rows = await sql(`SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'books%' ORDER BY 1`);
  return rows.map(({ name }) => name);
}

const tableOid = async () => (await sql(`SELECT 'books.book'::regclass::oid::integer AS oid`))[0]!['oid'];

describe('a rebuild', () => {
  test('makes the same rows with the same indexes and privileges, and leaves nothing behind', async () => {
    const logs = library(300);
    project(logs);
    await shown(300);
    await sql('DROP ROLE IF EXISTS reader; CREATE ROLE reader; GRANT USAGE ON SCHEMA books TO reader');
    await sql('GRANT SELECT ON books.book TO reader');
    const look = async () => ({
      rows: await sql('SELECT * FROM books.book ORDER BY id'),
      indexes: await sql(`SELECT indexdef FROM pg_indexes WHERE schemaname = 'books' ORDER BY 1`),
      canRead: await sql(`SELECT has_table_privilege('reader', 'books.book', 'SELECT') AND
        has_schema_privilege('reader', 'books', 'USAGE') AS yes`),
    });
    const [before, oid] = [await look(), await tableOid()];
    const news: RebuildNews[] = [];
    expect(await rebuildView(options(logs, { report: (item) => news.push(item) }))).toBe(true);
    expect(await look()).toEqual(before);
    expect(before.canRead).toEqual([{ yes: true }]);
    expect(await tableOid()).not.toBe(oid);
    expect(await schemas()).toEqual(['books']);
    expect(news.find(({ kind }) => kind === 'compared')).toMatchObject({ comparison: { rows: 300, differences: 0 } });

    // The process that kept the old tables goes on with the new ones.
    addBook(logs, 301);
    await shown(301);
    await sql('DROP OWNED BY reader; DROP ROLE reader');
  });

  test('under a stream of events loses none and counts none twice, and no read goes back', async () => {
    const logs = library(500);
    project(logs);
    await shown(500);
    let writing = true;
    let written = 500;
    const writer = (async () => {
      while (writing) {
        addBook(logs, ++written);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    const seen: Seen = { reads: 0, failures: [], backwards: [] };
    const reader = readSteadily(() => writing, seen);
    for (let round = 0; round < 3 || seen.reads < 100; round += 1) await rebuildView(options(logs));
    writing = false;
    await writer;
    await shown(written);
    await reader;
    expect(seen).toMatchObject({ failures: [], backwards: [] });
    expect(await sql('SELECT DISTINCT in_use FROM books.book')).toEqual([{ in_use: 1 }]);
    expect(await schemas()).toEqual(['books']);
  });

  test('puts right what is wrong in the live view, and says what it was', async () => {
    const logs = library(20);
    project(logs);
    await shown(20);
    await sql(`UPDATE books.book SET title = 'Somebody was here' WHERE id = '${id(3)}'`);
    await sql(`DELETE FROM books.book WHERE id = '${id(4)}'`);
    await sql(`INSERT INTO books.book (id, title) VALUES ('${id(99)}', 'No event made this')`);
    const comparison = await compareView(options(logs));
    expect(comparison).toMatchObject({ rows: 21, differences: 3 });
    expect([...comparison.examples].sort((a, b) => a.kind.localeCompare(b.kind))).toEqual([
      { table: 'book', key: id(3), kind: 'changed', columns: ['title'] },
      { table: 'book', key: id(99), kind: 'extra', columns: [] },
      { table: 'book', key: id(4), kind: 'missing', columns: [] },
    ]);
    expect(JSON.stringify(comparison)).not.toContain('Somebody');
    expect(await schemas()).toEqual(['books']);
    await rebuildView(options(logs));
    expect(await compareView(options(logs))).toMatchObject({ rows: 20, differences: 0 });
  });

  test('after a projection is corrected shows what was parked', async () => {
    const logs = library(3);
    const broken: View = {
      ...books,
      sources: { ...books.sources, book: [onto(bookEntity, ownedByBook, { BookCreated: failing })] },
    };
    const first = project(logs, broken);
    await until(() => first.status.deadLetters === 3);
    const [letter] = await listDeadLetters(postgres.url, books);
    expect(letter).toMatchObject({ stream: `Book-${id(1)}`, eventType: 'BookCreated', errorName: 'TypeError' });
    expect(await listDeadLetters(postgres.url, books, letter!.eventId)).toEqual([letter]);
    expect(await readViewStatus(postgres.url, books)).toMatchObject({ deadLetters: 3, rebuild: 'none' });
    stop.abort();
    await Promise.all(running);
    stop = new AbortController();

    project(logs);
    await rebuildView(options(logs));
    await shown(3);
    expect(await listDeadLetters(postgres.url, books)).toEqual([]);
    // Later events of what was parked are applied, by the process that had it for parked.
    logs.book.append(`Book-${id(1)}`, 'BookUpdated', { title: 'New' });
    await until(async () => (await sql(`SELECT FROM books.book WHERE title = 'New'`)).length === 1);
  });

  test('parks an event that an index cannot hold, as the live view does', async () => {
    const logs = library(10);
    logs.book.append(`Book-${id(11)}`, 'BookCreated', {
      ...bookCreated,
      isbn: Array.from({ length: 4_000 }, (_, i) => id(i)).join(),
    });
    project(logs);
    await until(async () => (await listDeadLetters(postgres.url, books)).length === 1);
    await rebuildView(options(logs));
    expect(await listDeadLetters(postgres.url, books)).toMatchObject([{ entity: id(11), errorName: 'SQLSTATE 54000' }]);
    await shown(10);
  });

  test('of a view that nobody has built builds it', async () => {
    const logs = library(5);
    await rebuildView(options(logs));
    await shown(5);
    project(logs);
    addBook(logs, 6);
    await shown(6);
  });

  test('that is the second at the same time is refused', async () => {
    const logs = library(5);
    project(logs);
    await shown(5);
    const stopped = new AbortController();
    // Its mirrors are silent, so that it takes as long as it is let.
    const first = rebuildView(options({}, { signal: stopped.signal }));
    running.push(first);
    await until(async () => (await schemas()).includes('books_next'));
    const others = await Promise.allSettled([rebuildView(options(logs)), compareView(options(logs))]);
    for (const other of others) expect(other).toMatchObject({ reason: { name: 'RebuildUnderWay' } });
    expect(await readViewStatus(postgres.url, books)).toMatchObject({ rebuild: 'under way' });
    stopped.abort();
    await expect(first).rejects.toThrow();
    await shown(5);
    expect(await schemas()).toEqual(['books']);
  });

  test('that is stopped leaves the live view as it was, and nothing beside it', async () => {
    const logs = library(50);
    project(logs);
    await shown(50);
    const oid = await tableOid();
    const stopped = new AbortController();
    const report = ({ kind }: RebuildNews) => kind === 'indexing' && stopped.abort();
    await expect(rebuildView(options(logs, { signal: stopped.signal, report }))).rejects.toThrow();
    expect([await tableOid(), await schemas()]).toEqual([oid, ['books']]);
  });

  test.each(['filling', 'indexing', 'comparing', 'compared'])(
    'whose connections are cut while it is %s starts over, and ends well',
    async (moment) => {
      const logs = library(200);
      project(logs);
      await shown(200);
      let cut: Promise<unknown> | undefined;
      const report = ({ kind }: RebuildNews) => {
        if (kind === moment || (moment === 'filling' && kind === 'indexing')) {
          cut ??= sql(
            `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'shelfmark books_next%'`,
          );
        }
      };
      await rebuildView(options(logs, { report }));
      await shown(200);
      expect(cut).toBeDefined();
      await cut;
      expect(await schemas()).toEqual(['books']);
    },
  );

  test('starts over when a log is replaced meanwhile', async () => {
    const logs: { book: Log; rent: Log } = library(50);
    project(logs);
    await shown(50);
    const kinds: string[] = [];
    await rebuildView(
      options(logs, {
        report: ({ kind }) => {
          if (kind === 'indexing' && !kinds.includes('indexing')) logs.rent = restored(logs.rent);
          kinds.push(kind);
        },
      }),
    );
    expect(kinds).toContain('startingOver');
    await shown(50);
  });

  test('of one that was killed is removed by the next start of the view’s process', async () => {
    const logs = library(5);
    await sql('CREATE SCHEMA books_next; CREATE TABLE books_next.book (); CREATE SCHEMA books_old');
    expect((await readViewStatus(postgres.url, books)).rebuild).toBe('left unfinished');
    project(logs);
    await shown(5);
    await until(async () => (await schemas()).length === 1);
  });

  test('does not wait for whoever reads the old tables still', async () => {
    const logs = library(5);
    project(logs);
    await shown(5);
    const reader = new pg.Client(postgres.url);
    await reader.connect();
    await reader.query('BEGIN; SELECT FROM books.book');
    const oid = await tableOid();
    const rebuilt = rebuildView(options(logs));
    await until(async () => (await tableOid()) !== oid);
    addBook(logs, 6);
    await shown(6);
    await reader.query('COMMIT');
    expect(await rebuilt).toBe(true);
    await reader.end();
  });
});

describe('a comparison', () => {
  test('holds while the view is written to', async () => {
    const logs = library(200);
    project(logs);
    await shown(200);
    let writing = true;
    let written = 200;
    const writer = (async () => {
      while (writing) {
        addBook(logs, ++written);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    expect(await compareView(options(logs))).toMatchObject({ differences: 0 });
    writing = false;
    await writer;
    await shown(written);
  });

  test('of a view that is not there says so', async () => {
    await expect(compareView(options(library(1)))).rejects.toMatchObject({ name: 'NoLiveView' });
  });
});

function failing(): never {
  throw new TypeError('a bug');
}

/** The same events in a log that another backup was made of. */
function restored(log: Log): Log {
  const copy = new Log();
  for (const { stream, type, data } of log.events) copy.appendAny(stream, type, data);
  return copy;
}

interface Seen {
  reads: number;
  readonly failures: string[];
  readonly backwards: string[];
}

/** Reads rows and checkpoints as the edge does, in one statement with the checkpoints first, and watches that both only grow. */
async function readSteadily(goOn: () => boolean, all: Seen): Promise<void> {
  const client = new pg.Client(postgres.url);
  await client.connect();
  let before = { position: -1n, rows: 0 };
  while (goOn()) {
    try {
      const { rows } = await client.query<{ position: string; rows: number }>(
        `SELECT (SELECT position FROM books.checkpoint WHERE source = 'book') AS position,
           (SELECT count(*)::integer FROM books.book WHERE created_at IS NOT NULL AND id > $1) AS rows`,
        ['00000000-0000-0000-0000-000000000000'],
      );
      const seen = { position: BigInt(rows[0]!.position), rows: rows[0]!.rows };
      // Positions are three apart, and each event is a book: rows may be ahead of the checkpoint, never behind it.
      if (seen.position < before.position || BigInt(seen.rows) * 3n < seen.position + 3n) {
        all.backwards.push(`${before.position}, ${before.rows} → ${seen.position}, ${seen.rows}`);
      }
      before = seen;
    } catch (error) {
      all.failures.push(String(error));
    }
    all.reads += 1;
  }
  await client.end();
}
