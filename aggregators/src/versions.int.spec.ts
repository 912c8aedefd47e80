import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BookCreated } from '@shelfmark/contracts';
import type { RecordedEvent, RowChange } from '@shelfmark/event-sourcing';
import { startPostgres, type RunningServer } from '@shelfmark/local';
import { EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Projector } from './projector.js';
import { rebuildView } from './rebuild.js';
import { arrayMirror } from './testing/array-mirror.js';
import { bookCreated, id, Log } from './testing/events.js';
import { until } from './testing/until.js';
import { readAll } from './testing/view-database.js';
import { onto, type View } from './view.js';
import { type Book, bookEntity } from './views/books/entity.js';
import { view as older } from './views/books/index.js';
import { fromBook, ownedByBook } from './views/books/projection.js';

interface NewerBook extends Book {
  titleLength: number | null;
}

class AddTitleLength1999999999999 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE book ADD COLUMN title_length integer');
  }

  async down(): Promise<void> {}
}

const newerEntity = new EntitySchema<NewerBook>({
  name: 'Book',
  tableName: 'book',
  columns: {
    ...bookEntity.options.columns,
    titleLength: { name: 'title_length', type: 'integer', nullable: true },
  },
});

/** The books view as a later version could have it: with one more column. */
const newer: View = {
  ...older,
  sources: {
    ...older.sources,
    book: [
      onto<NewerBook>(newerEntity, [...ownedByBook, 'titleLength'], {
        ...fromBook,
        BookCreated: (data: BookCreated, event: RecordedEvent): RowChange<NewerBook> => {
          const change = fromBook.BookCreated(data, event) as RowChange<Book>;
          return { ...change, set: { ...change.set, titleLength: data.title.length } };
        },
      }),
    ],
  },
  migrations: [...older.migrations, AddTitleLength1999999999999],
};

let dataDir: string;
let postgres: RunningServer;
let running: { readonly stop: () => Promise<unknown> }[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shelfmark-versions-'));
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

function sql(text: string): Promise<Record<string, unknown>[]> {
  return readAll(postgres.url, text);
}

function start(view: View, logs: Record<string, Log>) {
  const end = new AbortController();
  const projector = new Projector(view, postgres.url, arrayMirror(logs), {
    log: () => undefined,
    warn: () => undefined,
  });
  const ended = projector.run(end.signal);
  const stop = () => {
    end.abort();
    return ended;
  };
  running.push({ stop });
  return {
    stop,
    state: () => projector.status.state,
    reaches: (state: string) => until(() => projector.status.state === state),
  };
}

function addBooks({ book }: { book: Log }, from: number, to: number): void {
  for (let n = from; n <= to; n += 1) book.append(`Book-${id(n)}`, 'BookCreated', bookCreated);
}

async function count(condition = 'true'): Promise<number> {
  return (await sql(`SELECT count(*)::integer AS n FROM books.book WHERE ${condition}`))[0]!['n'] as number;
}

const measured = `title_length = ${bookCreated.title.length}`;

test('a newer version of a view takes it over from the older one, and no read finds it empty or behind', async () => {
  const logs = { book: new Log(), rent: new Log() };
  addBooks(logs, 1, 500);
  const old = start(older, logs);
  await until(async () => old.state() === 'active' && (await count()) === 500);

  let isDone = false;
  let written = 500;
  let least = 500;
  const readersSaw: number[] = [];
  const reading = (async () => {
    while (!isDone) {
      const seen = await count();
      if (seen < least) readersSaw.push(seen);
      least = Math.max(least, seen);
      addBooks(logs, ++written, written);
    }
  })();
  const fresh = start(newer, logs);
  await fresh.reaches('active');
  await old.reaches('outdated');
  isDone = true;
  await reading;

  expect(readersSaw).toEqual([]);
  await until(async () => (await count(measured)) === written);
  expect(await count()).toBe(written);
});

test('an older version leaves what a newer one made alone, until the view is rebuilt by it', async () => {
  const logs = { book: new Log(), rent: new Log() };
  addBooks(logs, 1, 5);
  const fresh = start(newer, logs);
  await until(async () => fresh.state() === 'active' && (await count()) === 5);
  await fresh.stop();

  const old = start(older, logs);
  await old.reaches('outdated');
  addBooks(logs, 6, 9);
  const again = start(newer, logs);
  await until(async () => again.state() === 'active' && (await count(measured)) === 9);
  await again.stop();
  expect(old.state()).toBe('outdated');

  const { signal } = new AbortController();
  const follow = arrayMirror(logs);
  await rebuildView({ view: older, databaseUrl: postgres.url, follow, report: () => undefined, signal });
  await old.reaches('active');
  addBooks(logs, 10, 10);
  await until(async () => (await count()) === 10);
});

test('two processes of a newer version make its tables once', async () => {
  const logs = { book: new Log(), rent: new Log() };
  addBooks(logs, 1, 200);
  const old = start(older, logs);
  await until(async () => old.state() === 'active' && (await count()) === 200);
  await old.stop();
  const both = [start(newer, logs), start(newer, logs)];
  await until(
    () =>
      both
        .map(({ state }) => state())
        .sort()
        .join() === 'active,standby',
  );
  expect(await count(measured)).toBe(200);
  await until(async () => (await sql(`SELECT FROM pg_namespace WHERE nspname LIKE 'books%'`)).length === 1);
});
