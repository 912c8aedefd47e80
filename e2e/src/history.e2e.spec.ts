import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, Api } from './api.js';
import { System, until } from './system.js';

let system: System;
let api: Api;

beforeAll(async () => {
  system = await System.create();
  await system.start();
  api = new Api(system);
});
afterAll(() => system.dispose());

interface Entry {
  readonly revision: number;
  readonly type: string;
  readonly data: object;
  readonly time: string;
  readonly commandId: string;
  readonly correlationId: string;
}

const entriesOf = ({ body }: Answer): Entry[] => body._embedded.events;
const typesOf = (answer: Answer) => entriesOf(answer).map(({ type }) => type);
const asOf = (path: string, instant: string) => api.get(`${path}?asOf=${encodeURIComponent(instant)}`);

async function aUser(): Promise<string> {
  const { body } = await api.post('/users', { name: 'Ada', email: `${randomUUID()}@example.org` });
  return body.id;
}

/** Events of different services have to differ in time, and clocks show no less than a millisecond. */
async function nextInstant(): Promise<string> {
  const start = Date.now();
  await until('the clock goes on', () => Date.now() > start + 1);
  return new Date(start + 1).toISOString();
}

describe('a book that was created, changed, lent, returned and deleted', () => {
  let book: string;
  let user: string;
  let rent: string;
  /** An instant before everything and after each of the things that were done. */
  const instants: string[] = [];
  const answers: Answer[] = [];

  beforeAll(async () => {
    user = await aUser();
    const done = async (answer: Promise<Answer>) => {
      answers.push(await answer);
      expect(answers.at(-1)!.status).toBeLessThan(300);
      instants.push(await nextInstant());
      return answers.at(-1)!.body;
    };
    instants.push(await nextInstant());
    book = (await done(api.post('/books', { title: 'Emma', authors: ['Austen, Jane'], isbn: '0306406152', amount: 2 })))
      .id;
    await done(api.request('PATCH', `/books/${book}`, { body: { title: 'Persuasion', isbn: null, amount: 1 } }));
    rent = (await done(api.post('/rents', { userId: user, bookId: book }))).id;
    await done(api.post(`/rents/${rent}/return`));
    await done(api.request('DELETE', `/books/${book}`));
  });

  it('has a history, from its stream, also now that it is deleted', async () => {
    const history = await api.get(`/books/${book}/history?sort=oldest`);
    expect(history.status).toBe(200);
    expect(history.body).toMatchObject({ count: 4, total: 4 });
    expect(typesOf(history)).toEqual(['BookCreated', 'BookUpdated', 'BookDeletionRequested', 'BookDeleted']);
    expect(entriesOf(history).map(({ revision }) => revision)).toEqual([0, 1, 2, 3]);
    expect(entriesOf(history)[0]).toMatchObject({
      summary: 'A title entered the catalogue.',
      data: { title: 'Emma', isbn: '9780306406157', amount: 2 },
      actor: 'librarian',
      commandId: book,
      correlationId: answers[0]!.headers.get('Shelfmark-Correlation-Id'),
    });
    expect(entriesOf(history)[1]!.data).toEqual({ title: 'Persuasion', isbn: null, amount: 1 });
    const [requested, deleted] = entriesOf(history).slice(2) as [Entry, Entry];
    expect(requested.correlationId).toBe(deleted.correlationId);
    expect(typesOf(await api.get(`/books/${book}/history`))).toEqual(typesOf(history).reverse());
  });

  it('shows at every time what it was then', async () => {
    const shown: unknown[] = [];
    for (const instant of instants) {
      const { status, body } = await asOf(`/books/${book}`, instant);
      const { title, isbn, amount, inUse, available } = body;
      shown.push(status === 200 ? { title, isbn, amount, inUse, available } : body.code);
    }
    const created = { title: 'Emma', isbn: '9780306406157', amount: 2, inUse: 0, available: 2 };
    const updated = { title: 'Persuasion', isbn: null, amount: 1, inUse: 0, available: 1 };
    const lent = { ...updated, inUse: 1, available: 0 };
    expect(shown).toEqual(['BookNotFound', created, updated, lent, updated, 'BookNotFound']);
  });

  it('shows at the time of an event what that event made of it', async () => {
    const entries = entriesOf(await api.get(`/books/${book}/history?sort=oldest`));
    const titles = await Promise.all(entries.map(async ({ time }) => (await asOf(`/books/${book}`, time)).body.title));
    expect(titles).toEqual(['Emma', 'Persuasion', expect.anything(), 'Book not found']);
  });

  it('was in the hands of somebody, whose rent has a past of its own', async () => {
    const [, , beforeRent, lent, returned] = instants as [string, string, string, string, string];
    expect((await asOf(`/rents/${rent}`, beforeRent)).body.code).toBe('RentNotFound');
    expect((await asOf(`/rents/${rent}`, lent)).body).toMatchObject({
      id: rent,
      state: 'open',
      userId: user,
      bookId: book,
      returnedAt: null,
      overdue: false,
    });
    expect((await asOf(`/rents/${rent}`, returned)).body).toMatchObject({ state: 'returned' });
    expect(typesOf(await api.get(`/rents/${rent}/history?sort=oldest`))).toEqual(['BookRented', 'BookReturned']);
    expect((await api.get(`/rents/${book}.99/history`)).body.code).toBe('RentNotFound');
  });
});

describe('what an entity is now', () => {
  it('is what it is as of now, in the same form', async () => {
    const user = await aUser();
    await api.request('PATCH', `/users/${user}`, { body: { rentLimit: 3 } });
    const { body: book } = await api.post('/books', { title: 'Emma', year: 1815, languages: ['en'], amount: 2 });
    await api.request('PATCH', `/books/${book.id}`, { body: { amount: 3 } });
    const { body: rent } = await api.post('/rents', { userId: user, bookId: book.id });
    const now = await nextInstant();
    for (const path of [`/users/${user}`, `/books/${book.id}`, `/rents/${rent.id}`]) {
      const [present, past] = [await api.get(path), await asOf(path, now)];
      expect(present.status).toBe(200);
      const { _links: links, ...rest } = past.body;
      const { _links: presentLinks, ...presentRest } = present.body;
      expect(rest).toEqual(presentRest);
      expect(links).toEqual({ ...presentLinks, self: { href: `${path}?asOf=${encodeURIComponent(now)}` } });
      expect(past.headers.get('ETag')).toBeNull();
    }
  });
});

describe('a user', () => {
  it('who has left has no past that is told', async () => {
    const user = await aUser();
    const there = await nextInstant();
    expect((await asOf(`/users/${user}`, there)).body).toMatchObject({ id: user, name: 'Ada' });
    expect(typesOf(await api.get(`/users/${user}/history`))).toEqual(['UserCreated']);
    expect((await api.request('DELETE', `/users/${user}`)).status).toBe(204);
    expect((await asOf(`/users/${user}`, there)).body).toMatchObject({ status: 404, code: 'UserNotFound' });
    expect((await api.get(`/users/${user}/history`)).body).toMatchObject({ status: 404, code: 'UserNotFound' });
  });
});

describe('a long history', () => {
  it('is walked by its links, each event once, in either order', async () => {
    const { body: book } = await api.post('/books', { title: 'Emma', amount: 0 });
    const changes = 300;
    const atOnce = 100;
    for (let from = 1; from <= changes; from += atOnce) {
      const change = (_: unknown, n: number) =>
        api.request('PATCH', `/books/${book.id}`, { body: { amount: from + n } });
      await Promise.all(Array.from({ length: atOnce }, change));
    }
    const inOrder = Array.from({ length: changes + 1 }, (_, revision) => revision);
    for (const sort of ['oldest', 'newest']) {
      const seen: number[] = [];
      let next: string | undefined = `/books/${book.id}/history?sort=${sort}&limit=100`;
      while (next !== undefined) {
        const page = await api.get(next);
        expect(page.body.total).toBe(changes + 1);
        expect(page.body.count).toBeLessThanOrEqual(100);
        seen.push(...entriesOf(page).map(({ revision }) => revision));
        next = page.body._links.next?.href;
      }
      expect(seen).toEqual(sort === 'oldest' ? inOrder : inOrder.toReversed());
    }
  });

  it('of large events comes in pages that fit into a message', async () => {
    const subjects = (n: number) => Array.from({ length: 200 }, (_, i) => `${n} ${i} `.padEnd(500, 'x'));
    const { body: book } = await api.post('/books', { title: 'Emma', amount: 1 });
    for (let n = 0; n < 12; n++) {
      expect((await api.request('PATCH', `/books/${book.id}`, { body: { subjects: subjects(n) } })).status).toBe(200);
    }
    const first = await api.get(`/books/${book.id}/history?limit=100`);
    expect(first.status).toBe(200);
    expect(first.body.total).toBe(13);
    expect(first.body.count).toBeLessThan(13);
    const revisions = entriesOf(first).map(({ revision }) => revision);
    const second = await api.get(first.body._links.next.href);
    expect(entriesOf(second)[0]!.revision).toBe(revisions.at(-1)! - 1);
  });
});

describe('a question that is none', () => {
  it.each([
    ['?asOf=yesterday', 'asOf'],
    ['?asOf=9999-12-31T23:59:59Z', 'asOf'],
    ['?asOf=2026-02-30T00:00:00Z', 'asOf'],
    ['/history?limit=101', 'limit'],
    ['/history?sort=title', 'sort'],
    ['/history?cursor=x', 'cursor'],
  ])('%s is refused, and %s is named', async (query, parameter) => {
    for (const path of [`/books/${randomUUID()}`, `/users/${randomUUID()}`, `/rents/${randomUUID()}.0`]) {
      const { status, body } = await api.get(path + query);
      expect([status, body.errors?.map((fault: { parameter: string }) => fault.parameter)]).toEqual([400, [parameter]]);
    }
  });
});
