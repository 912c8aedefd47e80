import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { indexedWords } from '@shelfmark/contracts';
import { startPostgres } from '@shelfmark/local';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  EdgeUnderTest,
  type Servers,
  emptyViews,
  makeViews,
  startServers,
  until,
} from '../testing/edge-under-test.js';
import { ViewDatabase } from './view-database.js';
import { ViewProgress, maxSleeping } from './view-progress.js';

let servers: Servers;
let edge: EdgeUnderTest;
/** One that waits for a view for as long as a busy machine may need until the view shows what it is to show. */
let patient: EdgeUnderTest;
let database: pg.Client;

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: servers.databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

beforeAll(async () => {
  servers = await startServers();
  database = await connect();
  await makeViews(servers);
  await emptyViews(database);
  edge = await EdgeUnderTest.start(servers);
  patient = await EdgeUnderTest.start(servers, {}, { patienceMs: 60_000 });
});

afterEach(() => emptyViews(database));

afterAll(async () => {
  await Promise.all([edge?.stop(), patient?.stop()]);
  await database?.end();
  await servers?.stop();
});

/** Columns of a row, as Postgres reads them. */
type Row = Record<string, string | number | Date | null>;

async function insert(table: string, row: Row): Promise<void> {
  const columns = Object.keys(row);
  await database.query(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
    Object.values(row),
  );
}

/** As the projection of the books view writes them. */
function lexemes(field: string, texts: string[]): string {
  return indexedWords(texts.join('\n'))
    .map((word) => field + word)
    .join(' ');
}

async function insertBook(row: Row = {}): Promise<string> {
  const title = String(row['title'] ?? 'Emma');
  const at = '2026-01-02T03:04:05.678Z';
  const defaults = {
    id: randomUUID(),
    revision: 0,
    title,
    title_key: title.toLowerCase(),
    title_words: lexemes('t', [title]),
    author_words: lexemes('a', JSON.parse(String(row['authors'] ?? '[]')) as string[]),
    subject_words: lexemes('s', JSON.parse(String(row['subjects'] ?? '[]')) as string[]),
    amount: 1,
    created_at: at,
    updated_at: at,
  };
  await insert('books.book', { ...defaults, ...row });
  return String(row['id'] ?? defaults.id);
}

async function insertUser(row: Row = {}): Promise<string> {
  const name = String(row['name'] ?? 'Ann');
  const at = '2026-01-02T03:04:05.678Z';
  const defaults = {
    id: randomUUID(),
    revision: 0,
    name,
    name_key: name.toLowerCase(),
    email: `${name}@example.org`,
    created_at: at,
    updated_at: at,
  };
  await insert('users.person', { ...defaults, ...row });
  return String(row['id'] ?? defaults.id);
}

async function insertRent(row: Row = {}): Promise<string> {
  const bookId = String(row['book_id'] ?? randomUUID());
  const defaults = {
    id: `${bookId}.0`,
    book_id: bookId,
    user_id: randomUUID(),
    state: 'open',
    rented_at: new Date(),
    due_on: '2999-01-01',
  };
  await insert('rents.rent', { ...defaults, ...row });
  return String(row['id'] ?? defaults.id);
}

async function insertHold(row: Row = {}): Promise<string> {
  const bookId = String(row['book_id'] ?? randomUUID());
  const number = Number(row['number'] ?? 0);
  const defaults = {
    id: `${bookId}.${number}`,
    book_id: bookId,
    user_id: randomUUID(),
    number,
    state: 'waiting',
    placed_at: new Date(Date.UTC(2026, 0, 1, 0, 0, number)),
  };
  await insert('holds.hold', { ...defaults, ...row });
  return defaults.id;
}

const get = (path: string, headers: Record<string, string> = {}) => edge.request('GET', path, { headers });
/** What is shown once the views are so far. */
const getWhenAt = (position: string, path: string) =>
  patient.request('GET', path, { headers: { 'shelfmark-position': position } });
const titlesOf = ({ json }: Answer) => json._embedded.books.map(({ title }: { title: string }) => title);
const idsOf = ({ json }: Answer, name: string) => json._embedded[name].map(({ id }: { id: string }) => id);

/** Follows a link to the end. */
async function walk(path: string, link: 'next' | 'prev', name: string): Promise<{ ids: string[]; last: Answer }> {
  const ids: string[] = [];
  for (let at = path; ;) {
    const answer = await get(at);
    expect(answer.status).toBe(200);
    ids.push(...(link === 'next' ? idsOf(answer, name) : idsOf(answer, name).reverse()));
    const next = answer.json._links[link];
    if (!next) return { ids, last: answer };
    at = next.href;
  }
}

describe('a book', () => {
  it('is shown as the view has it, with its tag and links', async () => {
    const id = await insertBook({
      revision: 7,
      title: 'Emma',
      authors: JSON.stringify(['Austen, Jane']),
      isbn: '9780141439587',
      languages: '["en"]',
      year: 1815,
      amount: 3,
      in_use: 1,
    });
    const answer = await get(`/books/${id}`);
    expect(answer.status).toBe(200);
    expect(answer.header('content-type')).toBe('application/hal+json; charset=utf-8');
    expect(answer.header('etag')).toBe('"7"');
    expect(answer.header('cache-control')).toBe('no-store');
    expect(answer.json).toEqual({
      id,
      title: 'Emma',
      authors: ['Austen, Jane'],
      isbn: '9780141439587',
      languages: ['en'],
      subjects: [],
      year: 1815,
      amount: 3,
      inUse: 1,
      available: 2,
      createdAt: '2026-01-02T03:04:05.678Z',
      updatedAt: '2026-01-02T03:04:05.678Z',
      _links: {
        self: { href: `/books/${id}` },
        rents: { href: `/books/${id}/rents` },
        holds: { href: `/books/${id}/holds` },
        history: { href: `/books/${id}/history` },
      },
    });
  });

  it('of which more copies are out than the library has is not available, but never less than that', async () => {
    const id = await insertBook({ amount: 1, in_use: 3 });
    expect((await get(`/books/${id}`)).json).toMatchObject({ inUse: 3, available: 0 });
  });

  it('with an event that could not be shown says that it is parked', async () => {
    const id = await insertBook();
    await database.query(
      `INSERT INTO books.dead_letter (source, stream, entity, position, event_id, event_type, error_name, error_detail)
       VALUES ('book', 'Book-' || $1::text, $1, 5, gen_random_uuid(), 'BookUpdated', 'Error', 'bug')`,
      [id],
    );
    expect((await get(`/books/${id}`)).json).toMatchObject({ parked: true });
    expect((await get('/books')).json._embedded.books[0]).toMatchObject({ parked: true });
  });

  it('that its owner has not created yet, or has deleted, is not there', async () => {
    const unborn = await insertBook({ created_at: null });
    const deleted = await insertBook({ deleted_at: new Date() });
    for (const id of [unborn, deleted, randomUUID()]) {
      for (const path of [`/books/${id}`, `/books/${id}/rents`]) {
        expect((await get(path)).json).toMatchObject({ status: 404, code: 'BookNotFound' });
      }
    }
    expect((await get('/books')).json).toMatchObject({ count: 0, total: 0, _embedded: { books: [] } });
  });

  it('is not answered with 304, because others change what it shows', async () => {
    const id = await insertBook();
    expect((await get(`/books/${id}`, { 'if-none-match': '"0"' })).status).toBe(200);
  });

  it('is sent as plain JSON to who wants that, and as headers alone to HEAD', async () => {
    const id = await insertBook();
    expect((await get(`/books/${id}`, { accept: 'application/json' })).header('content-type')).toMatch(
      /^application\/json/,
    );
    const head = await edge.request('HEAD', `/books/${id}`);
    expect([head.status, head.header('etag'), head.text]).toEqual([200, '"0"', '']);
  });
});

describe('a list', () => {
  it.each(['title', 'newest'])(
    'by %s shows every row once, forwards and backwards, also where keys are equal',
    async (sort) => {
      const created = (index: number) => new Date(Date.UTC(2026, 0, 1 + (index % 4)));
      for (let index = 0; index < 23; index++) await insertBook({ title: `T${index % 5}`, created_at: created(index) });
      const all = idsOf(await get(`/books?sort=${sort}&limit=100`), 'books');
      const forwards = await walk(`/books?sort=${sort}&limit=4`, 'next', 'books');
      expect(forwards.ids).toEqual(all);
      expect(forwards.last.json).toMatchObject({ total: 23, count: 3 });
      const backwards = await walk(forwards.last.json._links.self.href, 'prev', 'books');
      expect(backwards.ids).toEqual(all.toReversed());
    },
  );

  it('keeps microseconds apart', async () => {
    const ids = [];
    for (const at of ['.000001', '.000002', '.000003'])
      ids.push(await insertBook({ created_at: `2026-01-01T00:00:00${at}Z` }));
    expect((await walk('/books?sort=newest&limit=1', 'next', 'books')).ids).toEqual(ids.reverse());
  });

  it('leads on with the filters that it has', async () => {
    for (const title of ['Emma', 'Emma 2', 'Persuasion']) await insertBook({ title });
    const first = await get('/books?q=emma&limit=1');
    expect(first.json._links.self.href).toBe('/books?q=emma&limit=1');
    const second = await get(first.json._links.next.href);
    expect([...titlesOf(first), ...titlesOf(second)]).toEqual(['Emma', 'Emma 2']);
    expect(second.json._links.next).toBeUndefined();
    expect(idsOf(await get(second.json._links.prev.href), 'books')).toEqual(idsOf(first, 'books'));
  });

  it('is counted exactly up to 10,000, and then says at least', async () => {
    const rents = (count: number) =>
      database.query(
        `INSERT INTO rents.rent (id, book_id, user_id, state, rented_at, due_on)
         SELECT gen_random_uuid() || '.0', gen_random_uuid(), gen_random_uuid(), 'open', now(), '2999-01-01' FROM generate_series(1, $1)`,
        [count],
      );
    await rents(10_000);
    const exact = await get('/rents?limit=1');
    expect([exact.json.total, exact.json.totalIsAtLeast]).toEqual([10_000, undefined]);
    await rents(1);
    expect((await get('/rents?limit=1')).json).toMatchObject({ count: 1, total: 10_000, totalIsAtLeast: true });
  });

  it("refuses a cursor of another order, or of somebody's own making", async () => {
    for (const title of ['A', 'B']) await insertBook({ title });
    const { json } = await get('/books?limit=1');
    const cursor = new URL(json._links.next.href, edge.url).searchParams.get('cursor')!;
    for (const path of [`/books?sort=newest&cursor=${cursor}`, '/books?cursor=x', `/users?cursor=${cursor}`]) {
      expect((await get(path)).json).toMatchObject({ status: 400, errors: [{ parameter: 'cursor' }] });
    }
  });
});

describe('the catalogue', () => {
  it('is searched by words of titles and authors, in any order and case', async () => {
    await insertBook({ title: 'Pride and Prejudice', authors: JSON.stringify(['Austen, Jane']) });
    await insertBook({ title: 'Emma', authors: JSON.stringify(['Austen, Jane']) });
    expect(titlesOf(await get('/books?q=AUSTEN+prej'))).toEqual(['Pride and Prejudice']);
    expect((await get('/books?q=austen')).json.total).toBe(2);
    for (const nothing of ['austen+melville', '%27%22%3A*%26!', 'a%20%3C-%3E%20b']) {
      expect((await get(`/books?q=${nothing}`)).json).toMatchObject({ count: 0, _embedded: { books: [] } });
    }
  });

  it('is filtered by ISBN in any form, by language, and by what is available', async () => {
    await insertBook({ title: 'A', isbn: '9780306406157', languages: '["en","de"]', amount: 2, in_use: 2 });
    await insertBook({ title: 'B', languages: '["de"]' });
    expect(titlesOf(await get('/books?isbn=0-306-40615-2'))).toEqual(['A']);
    expect(titlesOf(await get('/books?isbn=978-0-306-40615-7'))).toEqual(['A']);
    expect(titlesOf(await get('/books?language=de'))).toEqual(['A', 'B']);
    expect(titlesOf(await get('/books?available=true'))).toEqual(['B']);
    expect(titlesOf(await get('/books?language=de&available=false'))).toEqual(['A']);
    expect((await get('/books?isbn=0-306-40615-3')).json).toMatchObject({
      status: 400,
      errors: [{ parameter: 'isbn' }],
    });
  });
});

describe('people', () => {
  it('are found by name or address, and shown with their tag', async () => {
    const id = await insertUser({ name: 'Ann Smith', email: 'ann@example.org', revision: 2, rent_limit: 5 });
    await insertUser({ name: 'Bob', email: 'bob@example.org' });
    for (const q of ['smith', 'ann@example.org']) expect(idsOf(await get(`/users?q=${q}`), 'users')).toEqual([id]);
    const answer = await get(`/users/${id}`);
    expect(answer.header('etag')).toBe('"2"');
    expect(answer.json).toMatchObject({ id, name: 'Ann Smith', email: 'ann@example.org', rentLimit: 5 });
  });

  it('who are deleted answer 404 everywhere', async () => {
    const id = await insertUser({ name: null, email: null, name_key: null, deleted_at: new Date() });
    for (const path of [`/users/${id}`, `/users/${id}/rents`]) {
      expect((await get(path)).json).toMatchObject({ status: 404, code: 'UserNotFound' });
    }
  });
});

describe('rents', () => {
  const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);

  it('are overdue from the day after they were due', async () => {
    const late = await insertRent({ due_on: day(-1) });
    const dueToday = await insertRent({ due_on: day(0) });
    const back = await insertRent({ due_on: day(-1), state: 'returned', returned_at: new Date() });
    expect(idsOf(await get('/rents?state=overdue'), 'rents')).toEqual([late]);
    expect(idsOf(await get('/rents?state=open'), 'rents').sort()).toEqual([late, dueToday].sort());
    expect(idsOf(await get('/rents?state=returned'), 'rents')).toEqual([back]);
    expect((await get(`/rents/${late}`)).json).toMatchObject({ state: 'open', overdue: true, dueOn: day(-1) });
    expect((await get(`/rents/${dueToday}`)).json).toMatchObject({ overdue: false });
  });

  it('are listed by person and by book, from either side', async () => {
    const [user, book] = [await insertUser(), await insertBook()];
    const id = await insertRent({ user_id: user, book_id: book });
    await insertRent();
    for (const path of [`/rents?user=${user}`, `/rents?book=${book}`, `/users/${user}/rents`, `/books/${book}/rents`]) {
      const answer = await get(path);
      expect(idsOf(answer, 'rents')).toEqual([id]);
      expect(answer.json._links.self.href).toBe(path);
    }
    expect((await get(`/rents/${id}`)).json._links).toEqual({
      self: { href: `/rents/${id}` },
      book: { href: `/books/${book}` },
      user: { href: `/users/${user}` },
      history: { href: `/rents/${id}/history` },
    });
  });

  it('that were renewed, lost or found say so', async () => {
    const lost = await insertRent({ state: 'lost', renewals: 2, lost_at: '2026-01-05T00:00:00Z' });
    const found = await insertRent({
      state: 'returned',
      lost_at: '2026-01-05T00:00:00Z',
      returned_at: '2026-01-06T00:00:00Z',
    });
    expect(idsOf(await get('/rents?state=lost'), 'rents')).toEqual([lost]);
    expect(idsOf(await get('/rents?state=returned'), 'rents')).toEqual([found]);
    expect((await get(`/rents/${lost}`)).json).toMatchObject({
      state: 'lost',
      renewals: 2,
      returnedAt: null,
      lostAt: '2026-01-05T00:00:00.000Z',
    });
  });

  it('that are not there are not found', async () => {
    expect((await get(`/rents/${randomUUID()}.0`)).json).toMatchObject({ status: 404, code: 'RentNotFound' });
  });
});

describe('holds', () => {
  /** So many rents of a book that have ended, each kept for so many days. */
  async function returned(book: string, days: readonly number[]): Promise<void> {
    const rentedAt = Date.UTC(2025, 0, 1);
    for (const [index, kept] of days.entries()) {
      await insertRent({
        id: `${book}.${index}`,
        book_id: book,
        state: 'returned',
        rented_at: new Date(rentedAt),
        returned_at: new Date(rentedAt + kept * 86_400_000),
      });
    }
  }

  it('are in the order of the queue, each with its place, whatever became of others', async () => {
    const book = await insertBook({ amount: 1 });
    const ids = [];
    const states = ['pickedUp', 'ready', 'waiting', 'cancelled', 'waiting', 'expired', 'waiting'];
    for (const [number, state] of states.entries()) ids.push(await insertHold({ book_id: book, number, state }));
    await insertHold();
    const answer = await get(`/books/${book}/holds`);
    expect(idsOf(answer, 'holds')).toEqual(ids);
    expect(answer.json._embedded.holds.map(({ place }: { place: number | null }) => place)).toEqual([
      null,
      null,
      1,
      null,
      2,
      null,
      3,
    ]);
    const waiting = await get(`/holds?book=${book}&state=waiting`);
    expect(idsOf(waiting, 'holds')).toEqual([ids[2], ids[4], ids[6]]);
    expect(waiting.json.total).toBe(3);
  });

  it('have their place by their numbers, also the tenth, and where the clock went back', async () => {
    const book = await insertBook();
    for (let number = 8; number < 12; number++) {
      await insertHold({ book_id: book, number, placed_at: new Date(Date.UTC(2026, 0, 1, 0, 0, -number)) });
    }
    expect((await get(`/holds/${book}.8`)).json.place).toBe(1);
    expect((await get(`/holds/${book}.10`)).json.place).toBe(3);
  });

  it('are shown with what they are for, and lead to it and back', async () => {
    const [user, book] = [await insertUser(), await insertBook()];
    const waiting = await insertHold({ user_id: user, book_id: book });
    const pickedUp = await insertHold({
      user_id: user,
      book_id: book,
      number: 1,
      state: 'pickedUp',
      ready_at: '2026-01-03T00:00:00Z',
      pickup_by: '2026-01-06',
      ended_at: '2026-01-04T00:00:00Z',
      rent_id: `${book}.7`,
    });
    expect((await get(`/holds/${waiting}`)).json).toEqual({
      id: waiting,
      bookId: book,
      userId: user,
      state: 'waiting',
      place: 1,
      estimatedWait: null,
      placedAt: '2026-01-01T00:00:00.000Z',
      readyAt: null,
      pickupBy: null,
      endedAt: null,
      rentId: null,
      _links: {
        self: { href: `/holds/${waiting}` },
        book: { href: `/books/${book}` },
        user: { href: `/users/${user}` },
      },
    });
    expect((await get(`/holds/${pickedUp}`)).json).toMatchObject({
      state: 'pickedUp',
      place: null,
      pickupBy: '2026-01-06',
      rentId: `${book}.7`,
      _links: { rent: { href: `/rents/${book}.7` } },
    });
    for (const path of [
      `/users/${user}/holds`,
      `/books/${book}/holds?user=${user}`,
      `/holds?user=${user}&book=${book}`,
    ]) {
      expect(idsOf(await get(path), 'holds')).toEqual([waiting, pickedUp]);
    }
    expect((await get(`/users/${user}`)).json._links.holds).toEqual({ href: `/users/${user}/holds` });
  });

  it('say how long the wait may be, from how long the book was kept before', async () => {
    const book = await insertBook({ amount: 2 });
    // The middle half of these took 6 to 12 days.
    await returned(book, [1, 6, 8, 12, 40]);
    for (let number = 0; number < 3; number++) await insertHold({ book_id: book, number });
    const waits = (await get(`/books/${book}/holds`)).json._embedded.holds.map(
      ({ estimatedWait }: { estimatedWait: object }) => estimatedWait,
    );
    expect(waits).toEqual([
      { lowerDays: 3, upperDays: 6, basedOn: 'history' },
      { lowerDays: 6, upperDays: 12, basedOn: 'history' },
      { lowerDays: 9, upperDays: 18, basedOn: 'history' },
    ]);
    // A copy that is lost does not come back to anybody.
    await insertRent({ id: `${book}.9`, book_id: book, state: 'lost', lost_at: new Date() });
    expect((await get(`/holds/${book}.0`)).json.estimatedWait).toEqual({
      lowerDays: 6,
      upperDays: 12,
      basedOn: 'history',
    });
  });

  it('of a book without a history say for how long its copies are lent now', async () => {
    const book = await insertBook({ amount: 1 });
    await returned(book, [1, 1]);
    await insertRent({ id: `${book}.5`, book_id: book, rented_at: '2026-01-01T10:00:00Z', due_on: '2026-01-15' });
    await insertHold({ book_id: book });
    expect((await get(`/holds/${book}.0`)).json.estimatedWait).toEqual({
      lowerDays: 14,
      upperDays: 14,
      basedOn: 'dueDays',
    });
  });

  it('that are not there are not found', async () => {
    expect((await get(`/holds/${randomUUID()}.0`)).json).toMatchObject({ status: 404, code: 'HoldNotFound' });
    expect((await get('/holds/x')).json).toMatchObject({ status: 404, code: 'HoldNotFound' });
    expect((await get(`/users/${randomUUID()}/holds`)).json).toMatchObject({ status: 404, code: 'UserNotFound' });
    expect((await get(`/books/${randomUUID()}/holds`)).json).toMatchObject({ status: 404, code: 'BookNotFound' });
  });

  it('show every row once, forwards and backwards', async () => {
    const book = await insertBook();
    for (let number = 0; number < 13; number++) await insertHold({ book_id: book, number });
    const all = idsOf(await get('/holds?limit=100'), 'holds');
    const forwards = await walk('/holds?limit=5', 'next', 'holds');
    expect(forwards.ids).toEqual(all);
    expect((await walk(forwards.last.json._links.self.href, 'prev', 'holds')).ids).toEqual(all.toReversed());
  });
});

describe('statistics', () => {
  const quarter = (id: string, rents: number, renewals = 0) =>
    insert('statistics.quarter_hour', { id, rents, renewals });

  async function insertTitle(row: Row & { readonly title: string; readonly rents: number }): Promise<string> {
    const { rents, ...book } = row;
    const id = await insertBook(book);
    await insert('statistics.title', {
      id,
      title_key: row.title.toLowerCase(),
      created_at: '2026-01-01T00:00:00Z',
      deleted_at: row['deleted_at'] ?? null,
      rents,
    });
    return id;
  }

  it("count rents by the library's days", async () => {
    await quarter('2026-01-30T23:45:00Z', 1);
    await quarter('2026-01-31T00:00:00Z', 2, 1);
    await quarter('2026-01-31T23:45:00Z', 4);
    await quarter('2026-02-02T00:00:00Z', 8);
    const { json } = await get('/statistics?from=2026-01-31&to=2026-02-01');
    expect(json).toMatchObject({
      from: '2026-01-31',
      to: '2026-02-01',
      timeZone: 'UTC',
      rents: 6,
      renewals: 1,
      days: [
        { day: '2026-01-31', rents: 6, renewals: 1 },
        { day: '2026-02-01', rents: 0, renewals: 0 },
      ],
    });
  });

  it('begin the days where they begin in the library, also those that are longer or shorter', async () => {
    const inKathmandu = await EdgeUnderTest.start(servers, { timeZone: 'Asia/Kathmandu' });
    const inBerlin = await EdgeUnderTest.start(servers, { timeZone: 'Europe/Berlin' });
    try {
      // 5:45 hours ahead.
      await quarter('2026-01-31T18:00:00Z', 1);
      await quarter('2026-01-31T18:15:00Z', 2);
      const nepal = await inKathmandu.request('GET', '/statistics?from=2026-01-31&to=2026-02-01');
      expect(nepal.json.days.map(({ rents }: { rents: number }) => rents)).toEqual([1, 2]);
      // The day on which summer time begins has 23 hours.
      await quarter('2026-03-28T23:00:00Z', 4);
      await quarter('2026-03-29T21:45:00Z', 8);
      await quarter('2026-03-29T22:00:00Z', 16);
      const germany = await inBerlin.request('GET', '/statistics?from=2026-03-29&to=2026-03-30');
      expect(germany.json.days.map(({ rents }: { rents: number }) => rents)).toEqual([12, 16]);
    } finally {
      await Promise.all([inKathmandu.stop(), inBerlin.stop()]);
    }
  });

  it('say what is out, past its day, and how many people have something', async () => {
    const user = randomUUID();
    const past = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
    await insertRent({ user_id: user });
    await insertRent({ user_id: user, due_on: past });
    await insertRent();
    await insertRent({ state: 'returned', due_on: past });
    await insertRent({ state: 'lost', due_on: past });
    await insert('statistics.borrower', { id: user, open: 2 });
    await insert('statistics.borrower', { id: randomUUID(), open: 1 });
    await insert('statistics.borrower', { id: randomUUID(), open: 0 });
    const { json } = await get('/statistics');
    expect(json).toMatchObject({ openRents: 3, overdueRents: 1, activeBorrowers: 2 });
    for (const [link, count] of [
      ['openRents', 3],
      ['overdueRents', 1],
    ] as const) {
      expect((await get(json._links[link].href)).json.total).toBe(count);
    }
  });

  it('name the titles that were rented most, and lead to those that never were', async () => {
    await insertTitle({ title: 'Often', rents: 9 });
    await insertTitle({ title: 'Most', rents: 12 });
    await insertTitle({ title: 'Gone', rents: 20, deleted_at: new Date() });
    await insertTitle({ title: 'Seldom', rents: 1 });
    for (const title of ['Never 2', 'Never 1']) await insertTitle({ title, rents: 0 });
    await insertTitle({ title: 'Never, and gone', rents: 0, deleted_at: new Date() });
    const { json } = await get('/statistics?top=2');
    expect(json._embedded.mostRented).toMatchObject([
      { title: 'Most', rents: 12 },
      { title: 'Often', rents: 9 },
    ]);
    expect(json.neverRented).toBe(2);
    const never = await get(json._links.neverRented.href);
    expect(titlesOf(never)).toEqual(['Never 1', 'Never 2']);
    expect(never.json.total).toBe(2);
    const first = await get('/statistics/never-rented?limit=1');
    expect(titlesOf(await get(first.json._links.next.href))).toEqual(['Never 2']);
  });

  it('say how many books have events that could not be counted', async () => {
    await database.query(
      `INSERT INTO statistics.dead_letter (source, stream, entity, position, event_id, event_type, error_name, error_detail)
       VALUES ('rent', 'BookRent-x', 'x', 5, gen_random_uuid(), 'BookRented', 'Error', 'bug'), ('book', 'Book-x', 'x', 5, gen_random_uuid(), 'BookUpdated', 'Error', 'bug')`,
    );
    expect((await get('/statistics')).json.parkedBooks).toBe(1);
  });

  it('wait for the positions that they are to show', async () => {
    const waiting = getWhenAt('rent@7', '/statistics');
    for (const view of ['rents', 'books', 'statistics'])
      await database.query(`UPDATE ${view}.checkpoint SET position = 7 WHERE source = 'rent'`);
    // What a read is told of the views besides is no part of it.
    expect(Object.keys((await waiting).json)).toEqual(Object.keys((await get('/statistics')).json));
    await database.query(`UPDATE statistics.checkpoint SET position = 6 WHERE source = 'rent'`);
    expect((await get('/statistics', { 'shelfmark-position': 'rent@7' })).status).toBe(503);
  });

  it('refuse what is no day, and days that are too many', async () => {
    expect((await get('/statistics?from=2026-02-30&top=0')).json).toMatchObject({
      status: 400,
      errors: [{ parameter: 'from' }, { parameter: 'top' }],
    });
    expect((await get('/statistics?from=2020-01-01&to=2021-01-01')).json).toMatchObject({
      status: 422,
      code: 'InvalidRange',
    });
  });
});

describe('a read with a position', () => {
  /** As an aggregator commits: rows, checkpoint and notification together. */
  async function commit(id: string, revision: number, position: number, notify = true): Promise<void> {
    await database.query('BEGIN');
    await database.query(`UPDATE books.checkpoint SET position = $1 WHERE source = 'book'`, [position]);
    await database.query('UPDATE books.book SET revision = $2 WHERE id = $1', [id, revision]);
    if (notify) await database.query(`SELECT pg_notify('shelfmark_books', $1)`, [`book@${position}`]);
    await database.query('COMMIT');
  }

  it.each([true, false])('waits for the view, and never sees less (notified: %s)', async (notify) => {
    const id = await insertBook();
    const rounds = notify ? 100 : 5;
    for (let position = 1; position <= rounds; position++) {
      const read = getWhenAt(`book@${position}`, `/books/${id}`);
      await commit(id, position, position, notify);
      expect((await read).header('etag')).toBe(`"${position}"`);
    }
  });

  it('that the view does not get to is refused with the advice to come again', async () => {
    await insertBook();
    const answer = await get('/books', { 'shelfmark-position': 'book@1' });
    expect(answer.json).toMatchObject({ status: 503, code: 'ViewBehind' });
    expect(answer.header('retry-after')).toBe('1');
  });

  it('waits for every source that feeds the view, and for no other', async () => {
    const id = await insertBook();
    await commit(id, 1, 10);
    expect((await get(`/books/${id}`, { 'shelfmark-position': 'book@10, user@999' })).status).toBe(200);
    expect((await get(`/books/${id}`, { 'shelfmark-position': 'book@10, rent@1' })).status).toBe(503);
  });

  it("of somebody's rents waits for the person, too", async () => {
    const user = randomUUID();
    const read = getWhenAt('user@5', `/users/${user}/rents`);
    await insertUser({ id: user });
    await database.query(`UPDATE users.checkpoint SET position = 5`);
    expect((await read).status).toBe(200);
  });

  it('waits for a view that was emptied', async () => {
    const id = await insertBook();
    await commit(id, 1, 10);
    await database.query('DELETE FROM books.checkpoint');
    expect((await get(`/books/${id}`, { 'shelfmark-position': 'book@10' })).status).toBe(503);
  });

  it('that is malformed is refused', async () => {
    expect((await get('/books', { 'shelfmark-position': 'book:1' })).json).toMatchObject({
      status: 400,
      errors: [{ header: 'Shelfmark-Position' }],
    });
  });

  // Of the waiting itself: how many requests wait at the same moment is a matter of how fast the machine answers them.
  it('in numbers beyond the bound is refused at once', async () => {
    const views = new ViewDatabase(servers.databaseUrl);
    const progress = new ViewProgress(servers.databaseUrl, views);
    const deadline = performance.now() + 60_000;
    const watches = Array.from({ length: maxSleeping + 1 }, () => progress.watch(['users'], new Map([['user', 99n]])));
    const refused = watches.pop()!;
    const waiting = watches.map((watch) => progress.heard(watch, deadline));
    await expect(progress.heard(refused, deadline)).rejects.toMatchObject({
      code: 'ViewBehind',
      detail: 'Too many reads wait already.',
    });
    await database.query(`UPDATE users.checkpoint SET position = 99`);
    expect(new Set(await Promise.all(waiting))).toEqual(new Set([true]));
    await progress.beforeApplicationShutdown();
    await views.beforeApplicationShutdown();
  });
});

describe('without its database', () => {
  it('the edge answers 503 and nothing of the driver, and goes on when it is back', async () => {
    const id = await insertBook();
    const { port } = new URL(servers.databaseUrl);
    const dataDir = dirname(await dataDirectory());
    await servers.postgres.kill();
    const answer = await get(`/books/${id}`);
    expect(answer.json).toMatchObject({ status: 503, code: 'ViewUnavailable' });
    expect(answer.text).not.toMatch(/ECONN|postgres|terminat/i);
    servers = { ...servers, postgres: await startPostgres({ dataDir, port: Number(port) }) };
    database = await connect();
    await until(async () => (await get(`/books/${id}`)).status !== 503);
    // Also what it hears of the views comes back.
    await database.query(
      `DELETE FROM books.checkpoint; INSERT INTO books.checkpoint (source, position) VALUES ('book', 0)`,
    );
    await insertBook({ id: randomUUID() });
    expect((await get('/books', { 'shelfmark-position': 'book@0' })).status).toBe(200);
  });

  it('a view that is not set up yet is 503', async () => {
    await database.query('ALTER SCHEMA users RENAME TO users_away');
    try {
      expect((await get('/users')).json).toMatchObject({ status: 503, code: 'ViewUnavailable' });
    } finally {
      await database.query('ALTER SCHEMA users_away RENAME TO users');
    }
  });

  async function dataDirectory(): Promise<string> {
    const { rows } = await database.query('SHOW data_directory');
    return (rows[0] as { data_directory: string }).data_directory;
  }
});
