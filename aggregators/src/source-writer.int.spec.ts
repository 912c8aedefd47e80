import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BookRentEvents } from '@shelfmark/contracts';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CheckpointLost } from './checkpoint.js';
import { SourceWriter } from './source-writer.js';
import { bookCreated, id, Log } from './testing/events.js';
import { startPostgres, type RunningServer } from '@shelfmark/local';
import { openView, readAll, readView } from './testing/view-database.js';
import { onto, tablesOf, type View } from './view.js';
import type { ViewSession } from './view-session.js';
import { view as books } from './views/books/index.js';
import { view as holds } from './views/holds/index.js';
import { view as queue } from './views/queue/index.js';
import { view as rents } from './views/rents/index.js';
import { view as statistics } from './views/statistics/index.js';
import { personEntity } from './views/users/entity.js';
import { view as users } from './views/users/index.js';

let dataDir: string;
let postgres: RunningServer;
const sessions: ViewSession[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shelfmark-view-'));
  postgres = await startPostgres({ dataDir });
});

afterAll(async () => {
  await postgres.stop();
  await rm(dataDir, { recursive: true });
});

beforeEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
  await sql(
    [books, holds, queue, rents, statistics, users]
      .map(({ name }) => `DROP SCHEMA IF EXISTS ${name} CASCADE`)
      .join(';'),
  );
});

async function open(view: View): Promise<ViewSession> {
  const session = await openView(postgres.url, view);
  sessions.push(session);
  return session;
}

function sql(text: string): Promise<Record<string, unknown>[]> {
  return readAll(postgres.url, text);
}

const book1 = `Book-${id(1)}`;
const lending1 = `BookRent-${id(1)}`;
const user1 = `User-${id(11)}`;

describe('the books view', () => {
  test('shows what a book is and how many copies are out', async () => {
    const session = await open(books);
    const fromBook = await SourceWriter.open(session, books, 'book');
    const fromRent = await SourceWriter.open(session, books, 'rent');
    await fromBook.write(
      new Log()
        .append(book1, 'BookCreated', { ...bookCreated, isbn: '9780199536733', year: 1848 })
        .append(book1, 'BookUpdated', { amount: 5, isbn: null })
        .append(book1, 'BookDeletionRequested', {})
        .append(book1, 'BookDeletionRefused', { code: 'BookHasOpenRents' }).events,
    );
    await fromRent.write(
      new Log()
        .append(lending1, 'BookRentOpened', { amount: 3, source: { logId: '', revision: 0 } })
        .append(lending1, 'BookRented', { rentId: `${id(1)}.1`, userId: id(11), dueOn: '2026-01-15' })
        .append(lending1, 'BookRented', { rentId: `${id(1)}.2`, userId: id(12), dueOn: '2026-01-15' })
        .append(lending1, 'BookReturned', { rentId: `${id(1)}.1`, userId: id(11) })
        .append(lending1, 'RentReopened', { rentId: `${id(1)}.1`, userId: id(11), dueOn: '2026-01-15' }).events,
    );
    expect(await readView(postgres.url, books)).toEqual([
      {
        id: id(1),
        revision: 3,
        title: 'The Tenant of Wildfell Hall',
        title_key: 'the tenant of wildfell hall',
        authors: ['Brontë, Anne'],
        isbn: null,
        languages: ['en'],
        subjects: ['Fiction'],
        year: 1848,
        amount: 5,
        created_at: new Date('2026-01-01T00:00:00.000Z'),
        updated_at: new Date('2026-01-01T00:00:01.000Z'),
        deleted_at: null,
        in_use: 2,
        title_words: "'thall' 'tof' 'ttenant' 'tthe' 'twildfell'",
        author_words: "'aanne' 'abronte'",
        subject_words: "'sfiction'",
      },
    ]);
  });

  test('gives a column that is taken away the value NULL and leaves one that is not mentioned', async () => {
    const writer = await SourceWriter.open(await open(books), books, 'book');
    const log = new Log()
      .append(book1, 'BookCreated', { ...bookCreated, year: 1848, isbn: '9780199536733' })
      .append(`Book-${id(2)}`, 'BookCreated', { ...bookCreated, year: 1848, isbn: '9780199536733' });
    await writer.write(log.events);
    const before = log.events.length;
    log.append(book1, 'BookUpdated', { year: null }).append(`Book-${id(2)}`, 'BookUpdated', { isbn: null });
    await writer.write(log.events.slice(before));
    expect(await sql(`SELECT year, isbn FROM books.book WHERE id = '${id(1)}'`)).toEqual([
      { year: null, isbn: '9780199536733' },
    ]);
    expect(await sql(`SELECT year, isbn FROM books.book WHERE id = '${id(2)}'`)).toEqual([{ year: 1848, isbn: null }]);
  });

  test('keeps the words of what it shows for those who mistype them, also those of a changed title', async () => {
    const writer = await SourceWriter.open(await open(books), books, 'book');
    const log = new Log().append(book1, 'BookCreated', bookCreated).append(`Book-${id(2)}`, 'BookCreated', bookCreated);
    await writer.write(log.events);
    log.append(book1, 'BookUpdated', { title: 'Agnes Grey, 紅樓夢' });
    await writer.write(log.events.slice(2));
    expect(await sql('SELECT word FROM books.word ORDER BY word')).toEqual(
      ['agnes', 'anne', 'bronte', 'fiction', 'grey', 'hall', 'tenant', 'wildfell'].map((word) => ({ word })),
    );
    expect(await sql(`SELECT word FROM books.word WHERE word OPERATOR(public.%) 'wildfel'`)).toEqual([
      { word: 'wildfell' },
    ]);
  });

  test('takes a title that is too long for an index', async () => {
    const writer = await SourceWriter.open(await open(books), books, 'book');
    // Random, for what repeats itself is compressed before it is indexed.
    const title = Array.from({ length: 2_000 }, (_, i) => String.fromCodePoint(0x10000 + ((i * 7919) % 40_000))).join(
      '',
    );
    await writer.write(new Log().append(book1, 'BookCreated', { ...bookCreated, title }).events);
    expect(await sql('SELECT title, char_length(title_key) AS key FROM books.book')).toEqual([{ title, key: 200 }]);
  });
});

describe.each([books, rents, holds, statistics])('the $name view', (view) => {
  test('yields equal rows for every interleaving, batching and restart', async () => {
    const session = await open(view);
    const bookEvent = fc.record({
      book: fc.integer({ min: 1, max: 3 }),
      change: fc.constantFrom('create', 'amount', 'title', 'year', 'delete'),
      value: fc.integer({ min: 0, max: 9 }),
    });
    const rentEvent = fc.record({
      book: fc.integer({ min: 1, max: 3 }),
      type: fc.constantFrom<keyof BookRentEvents>(
        'BookRented',
        'BookReturned',
        'RentReopened',
        'RentRenewed',
        'CopyLost',
        'CopyFound',
        'HoldPlaced',
        'HoldReady',
        'HoldCancelled',
        'HoldExpired',
        'CopiesChanged',
      ),
      value: fc.integer({ min: 0, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(bookEvent, { maxLength: 12 }),
        fc.array(rentEvent, { maxLength: 20 }),
        fc.infiniteStream(
          fc.record({
            source: fc.constantFrom('book' as const, 'rent' as const),
            size: fc.integer({ min: 1, max: 5 }),
            restart: fc.boolean(),
          }),
        ),
        async (bookEvents, rentEvents, steps) => {
          const logs = { book: new Log(), rent: new Log() };
          for (const { book, change, value } of bookEvents) {
            const stream = `Book-${id(book)}`;
            if (change === 'create')
              logs.book.append(stream, 'BookCreated', { ...bookCreated, title: `Title ${value}` });
            else if (change === 'delete') logs.book.append(stream, 'BookDeleted', {});
            else if (change === 'title') logs.book.append(stream, 'BookUpdated', { title: `Title ${value}` });
            else if (change === 'year') logs.book.append(stream, 'BookUpdated', { year: value === 0 ? null : value });
            else logs.book.append(stream, 'BookUpdated', { amount: value });
          }
          for (const { book, type, value } of rentEvents) {
            // In an order that no service would write: a projection adds up what comes, whatever it is.
            const [rentId, holdId] = [`${id(book)}.${value % 2}`, `${id(book)}.${value}`];
            const [dueOn, pickupBy] = ['2026-01-15', '2026-01-04'];
            const hold = type.startsWith('Hold') || value > 1 ? { holdId } : {};
            const data = { rentId, userId: id(11), dueOn, pickupBy, wasReady: value > 1, ...hold };
            logs.rent.appendAny(`BookRent-${id(book)}`, type, data);
          }
          const sources = Object.keys(view.sources) as ('book' | 'rent')[];

          const build = async (): Promise<unknown> => {
            await empty(view);
            const left = { book: [...logs.book.events], rent: [...logs.rent.events] };
            const writers = new Map<string, SourceWriter>();
            for (const source of sources) writers.set(source, await SourceWriter.open(session, view, source));
            for (const { source, size, restart } of steps) {
              if (sources.every((name) => left[name].length === 0)) break;
              if (!sources.includes(source)) continue;
              if (restart) writers.set(source, await SourceWriter.open(session, view, source));
              await writers.get(source)!.write(left[source].splice(0, size));
            }
            return readView(postgres.url, view);
          };
          const inOneGo = async (): Promise<unknown> => {
            await empty(view);
            for (const source of sources) {
              await (await SourceWriter.open(session, view, source)).write(logs[source].events);
            }
            return readView(postgres.url, view);
          };
          expect(await build()).toEqual(await inOneGo());
        },
      ),
      { numRuns: 40 },
    );
  });

  async function empty({ name }: View): Promise<void> {
    const tables = tablesOf(view).map(({ options }) => `${name}.${options.tableName}`);
    await sql(`TRUNCATE ${tables.join(', ')}; TRUNCATE ${name}.checkpoint`);
  }
});

describe('the users view', () => {
  test('shows a person, and keeps no name or address of one who left', async () => {
    const writer = await SourceWriter.open(await open(users), users, 'user');
    const log = new Log()
      .append(user1, 'UserCreated', { name: 'Ada Łovelace', email: 'ada@example.org', emailClaim: 'c', rentLimit: 5 })
      .append(user1, 'UserUpdated', { rentLimit: 2 });
    await writer.write(log.events);
    expect(await sql('SELECT name, name_key, email, rent_limit, revision FROM users.person')).toEqual([
      { name: 'Ada Łovelace', name_key: 'ada łovelace', email: 'ada@example.org', rent_limit: 2, revision: 1 },
    ]);
    expect(
      await sql(`SELECT FROM users.person WHERE search @@ to_tsquery('simple', $$'exam':* & 'ada':*$$)`),
    ).toHaveLength(1);
    log.append(user1, 'UserDeletionRequested', {}).append(user1, 'UserDeleted', {});
    await writer.write(log.events.slice(2));
    expect(
      await sql('SELECT name, name_key, email, revision, search, deleted_at IS NOT NULL AS left FROM users.person'),
    ).toEqual([{ name: null, name_key: null, email: null, revision: 3, search: '', left: true }]);
  });
});

describe('the rents view', () => {
  test('shows a rent through its return and a return undone', async () => {
    const writer = await SourceWriter.open(await open(rents), rents, 'rent');
    const rent = { rentId: `${id(1)}.1`, userId: id(11) };
    const log = new Log().append(lending1, 'BookRented', { ...rent, dueOn: '2026-01-15' });
    await writer.write(log.events);
    log.append(lending1, 'BookReturned', rent);
    await writer.write(log.events.slice(1));
    const columns = 'id, book_id, user_id, state, rented_at, due_on::text, renewals, returned_at, lost_at';
    const open1 = {
      id: `${id(1)}.1`,
      book_id: id(1),
      user_id: id(11),
      state: 'open',
      rented_at: new Date('2026-01-01T00:00:00.000Z'),
      due_on: '2026-01-15',
      renewals: 0,
      returned_at: null,
      lost_at: null,
    };
    expect(await sql(`SELECT ${columns} FROM rents.rent`)).toEqual([
      { ...open1, state: 'returned', returned_at: new Date('2026-01-01T00:00:01.000Z') },
    ]);
    log.append(lending1, 'RentReopened', { ...rent, dueOn: '2026-01-15' });
    await writer.write(log.events.slice(2));
    expect(await sql(`SELECT ${columns} FROM rents.rent`)).toEqual([open1]);
  });

  test('counts renewals, whether they come together or one by one', async () => {
    const writer = await SourceWriter.open(await open(rents), rents, 'rent');
    const rent = { rentId: `${id(1)}.1`, userId: id(11) };
    const log = new Log()
      .append(lending1, 'BookRented', { ...rent, dueOn: '2026-01-15' })
      .append(lending1, 'RentRenewed', { ...rent, dueOn: '2026-01-20' });
    await writer.write(log.events);
    log
      .append(lending1, 'RentRenewed', { ...rent, dueOn: '2026-01-25' })
      .append(lending1, 'RentRenewed', { ...rent, dueOn: '2026-01-30' });
    await writer.write(log.events.slice(2));
    expect(await sql('SELECT renewals, due_on::text FROM rents.rent')).toEqual([{ renewals: 3, due_on: '2026-01-30' }]);
  });
});

describe('the holds view', () => {
  test('shows what became of a hold, and only those who wait are in the queue', async () => {
    const writer = await SourceWriter.open(await open(holds), holds, 'rent');
    const hold = (n: number) => ({ holdId: `${id(1)}.${n}`, userId: id(10 + n) });
    const log = new Log();
    for (let n = 0; n < 12; n += 1) log.append(lending1, 'HoldPlaced', hold(n));
    log
      .append(lending1, 'HoldReady', { ...hold(0), pickupBy: '2026-01-04' })
      .append(lending1, 'HoldReady', { ...hold(1), pickupBy: '2026-01-04' })
      .append(lending1, 'BookRented', {
        rentId: `${id(1)}.7`,
        userId: id(10),
        dueOn: '2026-01-15',
        holdId: hold(0).holdId,
      })
      .append(lending1, 'HoldExpired', hold(1))
      .append(lending1, 'HoldCancelled', { ...hold(3), wasReady: false });
    await writer.write(log.events);
    expect(
      await sql(`SELECT number, state, ready_at IS NOT NULL AS was_ready, pickup_by::text, ended_at IS NOT NULL AS ended, rent_id
        FROM holds.hold WHERE number < 4 ORDER BY number`),
    ).toEqual([
      { number: '0', state: 'pickedUp', was_ready: true, pickup_by: '2026-01-04', ended: true, rent_id: `${id(1)}.7` },
      { number: '1', state: 'expired', was_ready: true, pickup_by: '2026-01-04', ended: true, rent_id: null },
      { number: '2', state: 'waiting', was_ready: false, pickup_by: null, ended: false, rent_id: null },
      { number: '3', state: 'cancelled', was_ready: false, pickup_by: null, ended: true, rent_id: null },
    ]);
    const queue = `SELECT number FROM holds.hold WHERE book_id = '${id(1)}' AND state = 'waiting' ORDER BY number`;
    expect((await sql(queue)).map(({ number }) => Number(number))).toEqual([2, 4, 5, 6, 7, 8, 9, 10, 11]);
  });
});

describe('the statistics view', () => {
  test('writes an event into each table that it counts in, or into none', async () => {
    const session = await open(statistics);
    await (
      await SourceWriter.open(session, statistics, 'book')
    ).write(new Log().append(book1, 'BookCreated', bookCreated).events);
    const writer = await SourceWriter.open(session, statistics, 'rent');
    const rented = { rentId: `${id(1)}.1`, userId: id(11), dueOn: '2026-01-15' };
    const log = new Log().append(lending1, 'BookRented', rented).append(lending1, 'RentRenewed', rented);
    // No book has such an id, so the table of titles refuses it: the other one is not to count it either.
    log.appendAny('BookRent-nobody', 'BookRented', rented);
    await writer.write(log.events);
    expect(await sql('SELECT title_key, rents FROM statistics.title')).toEqual([
      { title_key: 'the tenant of wildfell hall', rents: 1 },
    ]);
    expect(await sql('SELECT id, rents, renewals FROM statistics.quarter_hour')).toEqual([
      { id: new Date('2026-01-01T00:00:00.000Z'), rents: 1, renewals: 1 },
    ]);
    expect(await sql('SELECT id, open FROM statistics.borrower')).toEqual([{ id: id(11), open: 1 }]);
    expect(writer.deadLetters).toBe(1);
  });

  test('takes back what came from another log, in every table', async () => {
    const session = await open(statistics);
    const fromBook = await SourceWriter.open(session, statistics, 'book');
    await fromBook.write(new Log().append(book1, 'BookCreated', bookCreated).events);
    const fromRent = await SourceWriter.open(session, statistics, 'rent');
    await fromRent.write(
      new Log().append(lending1, 'BookRented', { rentId: `${id(1)}.1`, userId: id(11), dueOn: '2026-01-15' }).events,
    );
    await fromRent.restart();
    expect(await sql('SELECT created_at IS NOT NULL AS listed, rents FROM statistics.title')).toEqual([
      { listed: true, rents: 0 },
    ]);
    expect(
      await sql('SELECT id::text FROM statistics.quarter_hour UNION ALL SELECT id::text FROM statistics.borrower'),
    ).toEqual([]);
  });
});

describe('a checkpoint', () => {
  const rented = { rentId: 'r', userId: id(11), dueOn: '2026-01-15' };

  test('moves with the rows and says where the next process goes on', async () => {
    const session = await open(books);
    const log = new Log('log-1', 7).append(lending1, 'BookRented', rented).append(lending1, 'BookRented', rented);
    await (await SourceWriter.open(session, books, 'rent')).write(log.events);
    const next = await SourceWriter.open(session, books, 'rent');
    expect(next.checkpoint).toEqual({ logId: 'log-1', generation: 7, position: 3n, sequence: 2 });
  });

  test('moves past events that the view has no handler for', async () => {
    const session = await open(books);
    const writer = await SourceWriter.open(session, books, 'rent');
    await writer.write(new Log().appendAny('Borrower-1', 'RentTaken', {}).appendAny('X-1', 'constructor', {}).events);
    expect(writer.checkpoint?.position).toBe(3n);
    expect(writer.unhandledEvents).toBe(2);
    expect(await readView(postgres.url, books)).toEqual([]);
  });

  test('that another process has moved stops this one, which changes nothing', async () => {
    const log = new Log();
    const [first, second] = [await open(books), await open(books)];
    for (let round = 1; round <= 3; round += 1) {
      // Both read the same checkpoint: in the first round none, then one that differs in its position alone.
      const before = log.events.length;
      log.append(lending1, 'BookRented', rented).append(lending1, 'BookRented', rented);
      const writers = [await SourceWriter.open(first, books, 'rent'), await SourceWriter.open(second, books, 'rent')];
      const outcomes = await Promise.allSettled(writers.map((writer) => writer.write(log.events.slice(before))));
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({
        reason: { name: 'CheckpointLost' },
      });
      expect(await sql('SELECT in_use FROM books.book')).toEqual([{ in_use: round * 2 }]);
    }
  });

  test('that another process has moved stops this one though it has more to write', async () => {
    const log = new Log();
    for (let n = 0; n < 4; n += 1) log.append(lending1, 'BookRented', rented);
    const behind = await SourceWriter.open(await open(books), books, 'rent');
    await behind.write(log.events.slice(0, 1));
    const ahead = await SourceWriter.open(await open(books), books, 'rent');
    await ahead.write(log.events.slice(1, 3));
    await expect(behind.write(log.events.slice(1))).rejects.toThrow(CheckpointLost);
    expect(await sql('SELECT in_use FROM books.book')).toEqual([{ in_use: 2 + 1 }]);
  });

  test.each([
    ['a dropped schema', 'DROP SCHEMA books CASCADE'],
    ['a truncated table', 'TRUNCATE books.book'],
    ['a deleted checkpoint', 'DELETE FROM books.checkpoint'],
    ['a dropped checkpoint table', 'DROP TABLE books.checkpoint'],
  ])(
    'is lost with %s, with an event and without one, and the next process builds the same rows',
    async (_case, damage) => {
      const log = new Log().append(lending1, 'BookRented', rented).append(lending1, 'BookRented', rented);
      const writer = await SourceWriter.open(await open(books), books, 'rent');
      await writer.write(log.events);
      const before = await readView(postgres.url, books);
      await sql(damage);
      log.append(lending1, 'CopiesChanged', { amount: 1, source: { logId: '', revision: 1 } });
      await expect(writer.verify()).rejects.toThrow(CheckpointLost);
      await expect(writer.write(log.events.slice(2))).rejects.toThrow(CheckpointLost);
      const next = await SourceWriter.open(await open(books), books, 'rent');
      expect(next.checkpoint).toBeUndefined();
      await next.write(log.events);
      expect(await readView(postgres.url, books)).toEqual(before);
    },
  );

  test('of another log takes back what came from the first, and nothing else', async () => {
    const session = await open(books);
    const fromBook = await SourceWriter.open(session, books, 'book');
    const fromRent = await SourceWriter.open(session, books, 'rent');
    await fromBook.write(new Log().append(book1, 'BookCreated', bookCreated).events);
    await fromRent.write(
      new Log('log-1').append(lending1, 'BookRented', rented).append(lending1, 'BookRented', rented).events,
    );
    await fromRent.restart();
    expect(await sql('SELECT title, in_use FROM books.book')).toEqual([{ title: bookCreated.title, in_use: 0 }]);
    await fromRent.write(new Log('log-2').append(lending1, 'BookRented', rented).events);
    expect(await sql('SELECT title, in_use FROM books.book')).toEqual([{ title: bookCreated.title, in_use: 1 }]);
    expect(fromRent.checkpoint).toMatchObject({ logId: 'log-2', position: 0n });
  });

  test('of another log empties a view that has no other source', async () => {
    const writer = await SourceWriter.open(await open(rents), rents, 'rent');
    await writer.write(new Log().append(lending1, 'BookRented', { ...rented, rentId: `${id(1)}.1` }).events);
    await writer.restart();
    await writer.write(new Log().append(lending1, 'BookRented', { ...rented, rentId: `${id(1)}.2` }).events);
    expect(await sql('SELECT id FROM rents.rent')).toEqual([{ id: `${id(1)}.2` }]);
  });
});

describe('an event that cannot be shown', () => {
  const rented = (book: number) =>
    [`BookRent-${id(book)}`, 'BookRented', { rentId: 'r', userId: id(11), dueOn: '2026-01-15' }] as const;

  test.each([
    ['its handler fails', { ...bookCreated, title: null }, 'TypeError'],
    ['Postgres refuses its data', { ...bookCreated, year: 1e12 }, 'SQLSTATE 22003'],
    ['its text cannot be stored', { ...bookCreated, isbn: '978\u0000' }, 'SQLSTATE 22021'],
    [
      'an index cannot hold it',
      { ...bookCreated, isbn: Array.from({ length: 4_000 }, (_, i) => id(i)).join() },
      'SQLSTATE 54000',
    ],
  ])('because %s is recorded, its stream is parked, and all others go on', async (_case, data, errorName) => {
    const writer = await SourceWriter.open(await open(books), books, 'book');
    const log = new Log();
    for (let book = 1; book <= 40; book += 1) {
      if (book === 17) log.appendAny(`Book-${id(17)}`, 'BookCreated', data);
      else log.append(`Book-${id(book)}`, 'BookCreated', bookCreated);
      log.append(`Book-${id(book)}`, 'BookUpdated', { amount: book });
    }
    await writer.write(log.events);
    const rows = await readView(postgres.url, books);
    expect(rows.map((row) => row['amount']).sort((a, b) => Number(a) - Number(b))).toEqual(
      Array.from({ length: 40 }, (_, i) => i + 1).filter((book) => book !== 17),
    );
    log.append(`Book-${id(17)}`, 'BookUpdated', { amount: 1 });
    await writer.write(log.events.slice(-1));
    const [letter, ...others] = await sql('SELECT * FROM books.dead_letter');
    expect(others).toEqual([]);
    expect(letter).toMatchObject({
      source: 'book',
      stream: `Book-${id(17)}`,
      entity: id(17),
      event_type: 'BookCreated',
      event_id: log.events[32]!.id,
      position: '96',
      error_name: errorName,
      skipped_events: '2',
    });
    expect(writer.deadLetters).toBe(1);
    expect(writer.checkpoint?.position).toBe(log.events.at(-1)!.position);
  });

  test('parks its stream for the next process too', async () => {
    const session = await open(books);
    const log = new Log().appendAny(book1, 'BookCreated', {}).append(book1, 'BookUpdated', { title: 'Unseen' });
    await (await SourceWriter.open(session, books, 'book')).write(log.events.slice(0, 1));
    const next = await SourceWriter.open(session, books, 'book');
    expect(next.deadLetters).toBe(1);
    await next.write(log.events.slice(1));
    expect(await readView(postgres.url, books)).toEqual([]);
  });

  test('keeps what came before it in the same stream', async () => {
    const writer = await SourceWriter.open(await open(books), books, 'book');
    const log = new Log()
      .append(book1, 'BookCreated', bookCreated)
      .appendAny(book1, 'BookUpdated', { year: 1e12 })
      .append(book1, 'BookUpdated', { title: 'Unseen' });
    await writer.write(log.events);
    expect(await sql('SELECT title, revision FROM books.book')).toEqual([{ title: bookCreated.title, revision: 0 }]);
  });

  test('leaves no trace of its data in what is recorded', async () => {
    const session = await open(users);
    const writer = await SourceWriter.open(session, users, 'user');
    const person = { name: 'Grace Hopper', email: 'grace@example.org', emailClaim: 'c' };
    const log = new Log()
      .appendAny(user1, 'UserCreated', { ...person, rentLimit: 'Grace Hopper' })
      .appendAny('User-2', 'UserCreated', { ...person, rentLimit: 1 });
    await writer.write(log.events);
    const talkative: View = {
      ...users,
      sources: {
        user: [
          onto(personEntity, [], {
            UserUpdated: ({ name }: { name: string }) => {
              throw new RangeError(`no room for ${name}\nnor for ${name}`);
            },
          }),
        ],
      },
    };
    log.appendAny('User-3', 'UserUpdated', { name: 'Grace Hopper' });
    await (await SourceWriter.open(session, talkative, 'user')).write(log.events.slice(2));
    const letters = await sql('SELECT error_name, error_detail FROM users.dead_letter ORDER BY position');
    expect(letters.map((letter) => letter['error_name'])).toEqual(['SQLSTATE 22P02', 'SQLSTATE 22P02', 'RangeError']);
    expect(letters[2]!['error_detail']).toContain('source-writer.int.spec.ts');
    expect(JSON.stringify(letters)).not.toMatch(/grace/i);
  });

  test('goes away with its log, and its stream is shown again', async () => {
    const writer = await SourceWriter.open(await open(books), books, 'book');
    await writer.write(new Log().appendAny(book1, 'BookCreated', {}).events);
    await writer.restart();
    await writer.write(new Log().append(book1, 'BookCreated', bookCreated).events);
    expect(await sql('SELECT title FROM books.book')).toEqual([{ title: bookCreated.title }]);
    expect(await sql('SELECT FROM books.dead_letter')).toEqual([]);
  });

  test('in one source takes nothing back of what another source writes meanwhile', async () => {
    const session = await open(books);
    const [fromBook, fromRent] = [
      await SourceWriter.open(session, books, 'book'),
      await SourceWriter.open(session, books, 'rent'),
    ];
    const bookLog = new Log().append(book1, 'BookCreated', bookCreated);
    for (let n = 0; n < 20; n += 1)
      bookLog.appendAny(`Book-${id(100 + n)}`, 'BookCreated', { ...bookCreated, year: 1e12 });
    const rentLog = new Log();
    for (let n = 0; n < 50; n += 1) rentLog.append(...rented(1));
    const writeOneByOne = async (): Promise<void> => {
      for (const event of rentLog.events) await fromRent.write([event]);
    };
    await Promise.all([fromBook.write(bookLog.events), writeOneByOne()]);
    expect(fromBook.deadLetters).toBe(20);
    expect(await sql('SELECT title, in_use FROM books.book')).toEqual([{ title: bookCreated.title, in_use: 50 }]);
  });

  test('in one source leaves the other source going', async () => {
    const session = await open(books);
    await (await SourceWriter.open(session, books, 'book')).write(new Log().appendAny(book1, 'BookCreated', {}).events);
    await (await SourceWriter.open(session, books, 'rent')).write(new Log().append(...rented(1)).events);
    expect(await sql('SELECT in_use FROM books.book')).toEqual([{ in_use: 1 }]);
  });
});

describe('a commit', () => {
  test('notifies those who listen to the view', async () => {
    const listener = new pg.Client({ connectionString: postgres.url });
    await listener.connect();
    try {
      await listener.query('LISTEN shelfmark_books');
      const heard = new Promise((resolve) => listener.once('notification', ({ payload }) => resolve(payload)));
      const writer = await SourceWriter.open(await open(books), books, 'book');
      await writer.write(new Log().append(book1, 'BookCreated', bookCreated).append(book1, 'BookDeleted', {}).events);
      expect(await heard).toBe('book@3');
    } finally {
      await listener.end();
    }
  });
});

describe('the queue view', () => {
  test('has its rows from several logs, and takes back those of one without the others', async () => {
    const session = await open(queue);
    for (const service of ['book', 'user']) {
      const log = new Log().append(`Operation-${id(1)}`, 'CommandQueued', { command: `Of${service}`, data: {} });
      await (await SourceWriter.open(session, queue, service)).write(log.events);
    }
    const rows = () => sql('SELECT id, command, state FROM queue.command ORDER BY id');
    expect(await rows()).toEqual([
      { id: `book.${id(1)}`, command: 'Ofbook', state: 'queued' },
      { id: `user.${id(1)}`, command: 'Ofuser', state: 'queued' },
    ]);
    await (await SourceWriter.open(session, queue, 'book')).restart();
    expect(await rows()).toEqual([{ id: `user.${id(1)}`, command: 'Ofuser', state: 'queued' }]);
  });
});
