import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, get } from 'node:http';
import { parse } from 'csv-parse/sync';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EdgeUnderTest, type Servers, emptyViews, makeViews, startServers, until } from '../testing/edge-under-test.js';
import { maxExports } from './exports.js';

let servers: Servers;
let database: pg.Client;
let edge: EdgeUnderTest;

beforeAll(async () => {
  servers = await startServers();
  database = new pg.Client({ connectionString: servers.databaseUrl });
  await database.connect();
  await makeViews(servers);
  await emptyViews(database);
  edge = await EdgeUnderTest.start(servers);
});

afterAll(async () => {
  await edge?.stop();
  await database?.end();
  await servers?.stop();
});

/** Many books, and some that do not show. */
async function insertBooks(count: number): Promise<void> {
  await database.query(
    `INSERT INTO books.book (id, revision, title, title_key, authors, languages, subjects, amount, created_at, updated_at, deleted_at)
     SELECT gen_random_uuid(), 0, 'Title ' || n, 'title ' || n, '["Austen, Jane", "Brontë, Anne"]', '["de", "en"]', '["A -- B", "C"]', n % 5,
       CASE WHEN n % 10 = 1 THEN NULL ELSE now() END, now(), CASE WHEN n % 10 = 2 THEN now() END
     FROM generate_series(1, $1::int) AS n`,
    [count],
  );
}

async function insertBook(title: string): Promise<string> {
  const id = randomUUID();
  await database.query(
    `INSERT INTO books.book (id, revision, title, title_key, year, amount, created_at, updated_at) VALUES ($1, 0, $2, 'x', -44, 1, now(), now())`,
    [id, title],
  );
  return id;
}

async function insertReaders(): Promise<void> {
  await database.query(`
    INSERT INTO users.person (id, revision, name, name_key, email, rent_limit, created_at, updated_at)
    SELECT gen_random_uuid(), 0, 'Ann ' || n, 'ann ' || n, n || '@example.org', 5, now(), now() FROM generate_series(1, 30) AS n;
    INSERT INTO rents.rent (id, book_id, user_id, state, rented_at, due_on, returned_at)
    SELECT gen_random_uuid() || '.0', gen_random_uuid(), id, CASE WHEN rent_limit = 5 THEN 'open' END, now(), '2026-01-01', NULL FROM users.person;
    INSERT INTO holds.hold (id, book_id, user_id, number, state, placed_at)
    SELECT book_id || '.0', book_id, user_id, 0, 'waiting', now() FROM rents.rent`);
}

/** Everything that a list shows, over all its pages. */
async function listed(name: string): Promise<{ id: string }[]> {
  const found: { id: string }[] = [];
  for (let next: string | undefined = `/${name}?limit=100`; next !== undefined;) {
    const { json } = await edge.request('GET', next);
    found.push(...json._embedded[name]);
    next = json._links.next?.href;
  }
  return found.sort((one, other) => (one.id < other.id ? -1 : 1));
}

async function text(path: string, accept: string): Promise<{ response: Response; body: string }> {
  const response = await fetch(edge.url + path, { headers: { ...edge.authorization, accept } });
  return { response, body: await response.text() };
}

/** Begins an export of the books, and reads nothing of it yet. */
async function begin(): Promise<IncomingMessage> {
  const options = { agent: false, headers: { ...edge.authorization, accept: 'application/x-ndjson' } };
  const [response] = (await once(get(`${edge.url}/exports/books`, options), 'response')) as [IncomingMessage];
  return response;
}

async function rest(response: IncomingMessage): Promise<void> {
  for await (const _ of response);
}

/** Of the exports that are under way. One that was read to its end goes a moment later. */
async function exportSessions(): Promise<number[]> {
  const { rows } = await database.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity WHERE query LIKE 'FETCH %' AND application_name = 'shelfmark-edge'`,
  );
  return rows.map(({ pid }) => pid);
}

describe('an export', () => {
  afterEach(() => emptyViews(database));

  it.each(['books', 'users', 'rents', 'holds'])('of %s is what the list shows, line by line', async (name) => {
    await insertBooks(1_300);
    await insertReaders();
    const { response, body } = await text(`/exports/${name}`, 'application/x-ndjson');
    expect(response.headers.get('content-type')).toBe('application/x-ndjson');
    expect(response.headers.get('content-disposition')).toMatch(
      new RegExp(`^attachment; filename="${name}-\\d{4}-\\d\\d-\\d\\d\\.ndjson"$`),
    );
    expect(body.endsWith('\n')).toBe(true);
    const all = await listed(name);
    expect(all.length).toBeGreaterThan(20);
    expect(
      body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toEqual(all);
  });

  it('as CSV has a heading, and one record each, in what POST /imports reads', async () => {
    await insertBooks(30);
    const title = 'A "title",\r\nin two lines';
    const id = await insertBook(title);
    const { response, body } = await text('/exports/books', 'text/html, */*;q=0.1');
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(body.split('\r\n')[0]).toBe('id,title,authors,isbn,languages,subjects,year,amount');
    const records = parse<Record<string, string>>(body, { columns: true });
    expect(records.map((record) => record['id'])).toEqual((await listed('books')).map((book) => book.id));
    expect(records.find((record) => record['id'] === id)).toMatchObject({ title, year: '-44', isbn: '', authors: '' });
    expect(records.find((record) => record['title'] === 'Title 3')).toMatchObject({
      authors: 'Austen, Jane; Brontë, Anne',
      languages: 'de/en',
      subjects: 'A -- B; C',
      year: '',
      amount: '3',
    });
  });

  it('of people, of rents and of holds as CSV has their fields', async () => {
    await insertReaders();
    const people = parse<object>((await text('/exports/users', 'text/csv')).body, { columns: true });
    expect(people).toHaveLength(30);
    expect(people[0]).toMatchObject({ rentLimit: '5', createdAt: expect.stringMatching(/^\d{4}-.*Z$/) });
    const rents = parse<object>((await text('/exports/rents', 'text/csv')).body, { columns: true });
    expect(rents).toHaveLength(30);
    expect(rents[0]).toMatchObject({ state: 'open', overdue: 'true', dueOn: '2026-01-01', returnedAt: '' });
    const holds = parse<object>((await text('/exports/holds', 'text/csv')).body, { columns: true });
    expect(holds).toHaveLength(30);
    expect(holds[0]).toMatchObject({ state: 'waiting', place: '1', pickupBy: '' });
  });

  it('that is for a spreadsheet holds no formula, and any other the data as it is', async () => {
    await insertBook('=HYPERLINK("http://example.org")');
    const plain = await text('/exports/books', 'text/csv');
    expect(parse(plain.body, { columns: true })).toMatchObject([{ title: '=HYPERLINK("http://example.org")' }]);
    const guarded = await text('/exports/books?spreadsheet=true', 'text/csv');
    expect(parse(guarded.body, { columns: true, bom: true })).toMatchObject([
      { title: `'=HYPERLINK("http://example.org")`, year: '-44' },
    ]);
  });

  it('of nothing is a heading, or nothing', async () => {
    expect((await text('/exports/rents', 'text/csv')).body).toMatch(/^id,bookId,[^\n]*\r\n$/);
    expect((await text('/exports/rents', 'application/x-ndjson')).body).toBe('');
  });

  it('waits for the positions that it is to show', async () => {
    const waiting = edge.request('GET', '/exports/books', {
      headers: { ...edge.authorization, 'shelfmark-position': 'book@7' },
    });
    expect((await waiting).json).toMatchObject({ status: 503, code: 'ViewBehind' });
    await database.query(`UPDATE books.checkpoint SET position = 7 WHERE source = 'book'`);
    const response = await fetch(`${edge.url}/exports/books`, {
      headers: { ...edge.authorization, 'shelfmark-position': 'book@7' },
    });
    expect(response.status).toBe(200);
    await response.text();
  });

  it('is refused in other types, and HEAD reads nothing', async () => {
    const refused = await edge.request('GET', '/exports/books', { headers: { accept: 'application/pdf' } });
    expect(refused.json).toMatchObject({ status: 406 });
    const head = await edge.request('HEAD', '/exports/books');
    expect([head.status, head.header('content-type')]).toEqual([200, 'text/csv; charset=utf-8']);
  });
});

describe('an export that is long', () => {
  // More than the system buffers for a connection that nobody reads.
  beforeAll(() => insertBooks(40_000));
  afterAll(() => emptyViews(database));

  it('shows one moment, whatever changes while it is read', async () => {
    const response = await begin();
    expect(await exportSessions()).toHaveLength(1);
    await database.query(
      `UPDATE books.book SET title = 'Changed' WHERE amount = 4; DELETE FROM books.book WHERE amount = 3`,
    );
    let body = '';
    for await (const chunk of response.setEncoding('utf8')) body += chunk as string;
    const titles = body
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { title: string }).title);
    expect(titles).toHaveLength(32_000);
    expect(titles.filter((title) => title === 'Changed')).toEqual([]);
  });

  it('reads no further than its reader does, and ends with it', async () => {
    await until(async () => (await exportSessions()).length === 0);
    const response = await begin();
    const [session] = await exportSessions();
    // Meanwhile another reader takes all of it.
    await text('/exports/books', 'application/x-ndjson');
    await until(async () => (await exportSessions()).length < 2);
    expect(await exportSessions()).toEqual([session]);
    response.destroy();
    await until(async () => (await exportSessions()).length === 0);
  });

  it('that fails midway is cut off, and is not taken for a whole one', async () => {
    const response = await begin();
    await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'FETCH %'`);
    await expect(rest(response)).rejects.toThrow('aborted');
  });

  it('is one of so many at once', async () => {
    const running = await Promise.all(Array.from({ length: maxExports }, begin));
    const refused = await edge.request('GET', '/exports/users');
    expect(refused.json).toMatchObject({ status: 503, code: 'Overloaded' });
    for (const response of running) response.destroy();
    await until(async () => (await text('/exports/users', 'text/csv')).response.status === 200);
  });

  it('does not hold up the end of the edge', async () => {
    const response = await begin();
    await edge.stop();
    await expect(rest(response)).rejects.toThrow('aborted');
    edge = await EdgeUnderTest.start(servers);
  });
});

describe('without its database', () => {
  it('an export is 503 before it begins', async () => {
    await database.query('ALTER SCHEMA users RENAME TO users_away');
    try {
      expect((await edge.request('GET', '/exports/users')).json).toMatchObject({
        status: 503,
        code: 'ViewUnavailable',
      });
    } finally {
      await database.query('ALTER SCHEMA users_away RENAME TO users');
    }
  });
});
