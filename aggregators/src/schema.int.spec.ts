import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type RunningServer } from '@shelfmark/local';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rebuildView } from './rebuild.js';
import { arrayMirror } from './testing/array-mirror.js';
import { Log } from './testing/events.js';
import { openView, readAll } from './testing/view-database.js';
import type { View } from './view.js';
import { viewDataSource } from './view-schema.js';
import { view as books } from './views/books/index.js';
import { view as holds } from './views/holds/index.js';
import { view as queue } from './views/queue/index.js';
import { view as rents } from './views/rents/index.js';
import { view as statistics } from './views/statistics/index.js';
import { view as users } from './views/users/index.js';

const views = [books, rents, users, holds, statistics, queue];

let dataDir: string;
let postgres: RunningServer;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shelfmark-schema-'));
  postgres = await startPostgres({ dataDir });
  for (const view of views) await (await openView(postgres.url, view)).close();
});

afterAll(async () => {
  await postgres.stop();
  await rm(dataDir, { recursive: true });
});

test.each(views)('the tables of $name are as its entities say, and still are when it was rebuilt', async (view) => {
  expect(await missing(view)).toEqual([]);
  const logs = Object.fromEntries(Object.keys(view.sources).map((name) => [name, new Log()]));
  const signal = new AbortController().signal;
  await rebuildView({ view, databaseUrl: postgres.url, follow: arrayMirror(logs), report: () => undefined, signal });
  expect(await missing(view)).toEqual([]);
});

/** What TypeORM would do to the tables to make them what the entities say. */
async function missing(view: View): Promise<string[]> {
  const dataSource = await viewDataSource(view, postgres.url).initialize();
  try {
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    return upQueries.map(({ query }) => query);
  } finally {
    await dataSource.destroy();
  }
}

test('tables that somebody dropped, while the list of migrations says that they exist, are made again', async () => {
  await readAll(postgres.url, 'DROP TABLE rents.rent');
  await (await openView(postgres.url, views[1]!)).close();
  expect(await readAll(postgres.url, 'SELECT * FROM rents.rent')).toEqual([]);
});

test('a session keeps its lock through a migration that takes longer than a silence may', async () => {
  const session = await openView(postgres.url, views[0]!);
  const other = await openView(postgres.url, views[0]!);
  const signal = AbortSignal.timeout(12_000);
  try {
    await session.lock('a view', new AbortController().signal);
    await Promise.all([readAll(postgres.url, 'SELECT pg_sleep(11)'), other.lock('a view', signal)]);
    await session.transaction((query) => query('SELECT'));
    expect(signal.aborted).toBe(true);
  } finally {
    await Promise.all([session.close(), other.close()]);
  }
});

const book = `'00000000-0000-0000-0000-000000000001'`;
const shown = 'created_at IS NOT NULL AND deleted_at IS NULL';
const open = `state IN ('queued', 'running', 'delayed', 'failed')`;

// What SCHEMA.md tells the edge to write. On tables without rows every plan is as good as another, so what is not meant is
// switched off, and the question is whether the index can do it.

test.each([
  ['book_by_title', `books.book WHERE ${shown} AND (title_key, id) > ('a', ${book}) ORDER BY title_key, id`],
  [
    'book_by_created',
    `books.book WHERE ${shown} AND (created_at, id) < (now(), ${book}) ORDER BY created_at DESC, id DESC`,
  ],
  ['book_by_isbn', `books.book WHERE isbn = '9780199536733'`],
  ['dead_letter_by_entity', `books.dead_letter WHERE entity = 'x'`],
  ['person_by_name', `users.person WHERE ${shown} AND (name_key, id) > ('a', ${book}) ORDER BY name_key, id`],
  ['person_by_email', `users.person WHERE email = 'ada@example.org'`],
  ['rent_by_time', `rents.rent WHERE (rented_at, id) < (now(), 'x') ORDER BY rented_at DESC, id DESC`],
  ['rent_by_user', `rents.rent WHERE user_id = ${book} ORDER BY rented_at DESC, id DESC`],
  ['rent_by_book', `rents.rent WHERE book_id = ${book} ORDER BY rented_at DESC, id DESC`],
  ['command_open', `queue.command WHERE ${open} AND (queued_at, id) > (now(), 'x') ORDER BY queued_at, id`],
  ['rent_open_by_due', `rents.rent WHERE state = 'open' AND due_on < current_date`],
  ['rent_lost_by_book', `rents.rent WHERE state = 'lost' AND book_id = ${book}`],
  ['hold_by_time', `holds.hold WHERE (placed_at, id) > (now(), 'x') ORDER BY placed_at, id`],
  ['hold_by_user', `holds.hold WHERE user_id = ${book} ORDER BY placed_at, id`],
  ['hold_by_book', `holds.hold WHERE book_id = ${book} ORDER BY placed_at, id`],
  ['hold_by_state', `holds.hold WHERE state = 'ready' ORDER BY placed_at, id`],
  ['hold_in_queue', `holds.hold WHERE book_id = ${book} AND state = 'waiting' AND number <= 7`],
  ['borrower_active', `statistics.borrower WHERE open > 0`],
  ['title_most_rented', `statistics.title WHERE ${shown} AND rents > 0 ORDER BY rents DESC, id DESC`],
  ['title_never_rented', `statistics.title WHERE ${shown} AND rents = 0 ORDER BY title_key, id`],
])('the index %s finds and sorts what it is for', async (index, query) => {
  const plan = await planWithout(['seqscan', 'bitmapscan', 'sort'], query);
  expect(plan).toContain(`"Index Name":"${index}"`);
  expect(plan).not.toContain('Sort');
});

test.each([
  ['book_by_language', `books.book WHERE languages @> to_jsonb('en'::text)`],
  ['person_by_search', `users.person WHERE search @@ to_tsquery('simple', $$'ada':*$$)`],
])('the index %s finds what it is for', async (index, query) => {
  expect(await planWithout(['seqscan', 'indexscan'], query)).toContain(`"Index Name":"${index}"`);
});

// Any partial index serves a plan here: only among rows is one better than another.
test('the index book_by_words finds what it is for', async () => {
  await readAll(
    postgres.url,
    `INSERT INTO books.book (id, title_words, author_words, subject_words, created_at)
     SELECT gen_random_uuid(), ('t' || left(md5(n::text), 20))::tsvector, '', '', now() FROM generate_series(1, 5000) AS n;
     ANALYZE books.book`,
  );
  const words = `books.book WHERE ${shown} AND (title_words || author_words || subject_words) @@ $$'tc4ca':*$$::tsquery`;
  expect(await planWithout(['seqscan', 'indexscan'], words)).toContain('"Index Name":"book_by_words"');
  await readAll(postgres.url, 'TRUNCATE books.book');
});

async function planWithout(ways: readonly string[], query: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  try {
    for (const way of ways) await client.query(`SET enable_${way} = off`);
    return JSON.stringify((await client.query(`EXPLAIN (FORMAT JSON) SELECT * FROM ${query}`)).rows);
  } finally {
    await client.end();
  }
}
