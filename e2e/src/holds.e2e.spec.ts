import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api.js';
import { System } from './system.js';

const dayMs = 24 * 60 * 60 * 1000;
const weekdayOf = (day: string | number) =>
  new Date(day).toLocaleDateString('en', { weekday: 'long', timeZone: 'UTC' }).toLowerCase();
/** The library is closed on the day of the week on which most rents of today would be due. */
const closedDay = weekdayOf(Date.now() + 14 * dayMs);

let system: System;
let api: Api;

beforeAll(async () => {
  process.env['LIBRARY_CLOSED_DAYS'] = closedDay;
  system = await System.create();
  await system.start();
  api = new Api(system);
});
afterAll(() => system.dispose());

async function made(path: string, body: object): Promise<string> {
  const answer = await api.post(path, body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  expect(answer.headers.get('Location')).toBe(`${path}/${answer.body.id}`);
  return answer.body.id;
}

const aBook = (amount = 1) => made('/books', { title: `A book ${randomUUID()}`, amount });
const aUser = () => made('/users', { name: 'Ada', email: `${randomUUID()}@example.org` });
const rent = (userId: string, bookId: string) => made('/rents', { userId, bookId });
const hold = (userId: string, bookId: string) => made('/holds', { userId, bookId });

async function refused(request: Promise<{ status: number; body: { code: string } }>, status: number, code: string) {
  const answer = await request;
  expect([answer.status, answer.body.code]).toEqual([status, code]);
}

async function done(request: Promise<{ status: number; body?: unknown }>, status = 200) {
  const answer = await request;
  expect(answer.status, JSON.stringify(answer.body)).toBe(status);
}

describe('a hold', () => {
  it('waits for its turn, is set aside, and is picked up by its holder alone', async () => {
    const [book, first, second, third] = await Promise.all([aBook(), aUser(), aUser(), aUser()]);
    await refused(api.post('/holds', { userId: first, bookId: book }), 409, 'CopyAvailable');
    const out = await rent(first, book);
    await refused(api.post('/holds', { userId: first, bookId: book }), 409, 'AlreadyRented');
    expect(await hold(second, book)).toBe(`${book}.0`);
    await refused(api.post('/holds', { userId: second, bookId: book }), 409, 'AlreadyOnHold');
    expect(await hold(third, book)).toBe(`${book}.1`);
    await refused(api.post(`/rents/${out}/renewal`), 409, 'HoldsWaiting');

    await done(api.post(`/rents/${out}/return`));
    await refused(api.post('/rents', { userId: third, bookId: book }), 409, 'NoCopyAvailable');
    await refused(api.post(`/rents/${out}/reopen`), 409, 'RentNotReopenable');
    const pickedUp = await rent(second, book);
    expect(pickedUp).toBe(`${book}.1`);
    await refused(api.request('DELETE', `/books/${book}`), 409, 'BookHasOpenRents');

    await done(api.post(`/rents/${pickedUp}/return`));
    await refused(api.request('DELETE', `/books/${book}`), 409, 'BookHasHolds');
    await done(api.request('DELETE', `/holds/${book}.1`), 204);
    await done(api.request('DELETE', `/holds/${book}.1`), 204);
    await refused(api.request('DELETE', `/holds/${book}.2`), 404, 'HoldNotFound');
    await done(api.request('DELETE', `/books/${book}`), 204);
    await refused(api.post('/holds', { userId: third, bookId: book }), 404, 'BookNotFound');
  });

  it('is the same hold when the request is repeated', async () => {
    const [book, user] = await Promise.all([aBook(0), aUser()]);
    const place = () => api.post('/holds', { userId: user, bookId: book }, { 'Idempotency-Key': `hold-${user}` });
    const answers = await Promise.all([place(), place(), place()]);
    expect(answers.map(({ status, body }) => [status, body.id])).toEqual(Array(3).fill([201, `${book}.0`]));
  });

  it('of twenty who ask at once is served in the order in which they came', async () => {
    const [book, reader, ...people] = await Promise.all([aBook(), ...Array.from({ length: 21 }, () => aUser())]);
    const out = await rent(reader!, book);
    const placed = await Promise.all(people.map(async (userId) => ({ userId, id: await hold(userId, book) })));
    placed.sort((a, b) => Number(a.id.split('.')[1]) - Number(b.id.split('.')[1]));
    expect(placed.map(({ id }) => id)).toEqual(people.map((_, n) => `${book}.${n}`));
    await done(api.post(`/rents/${out}/return`));
    for (const { userId } of placed.slice(0, 3)) {
      const asked = await Promise.all(people.map((each) => api.post('/rents', { userId: each, bookId: book })));
      const [lent, ...others] = asked.filter(({ status }) => status === 201);
      expect(others).toEqual([]);
      expect(lent!.body.userId).toBe(userId);
      await done(api.post(`/rents/${lent!.body.id}/return`));
    }
  });

  it('ends with its holder, and the next one is served', async () => {
    const [book, first, second, third] = await Promise.all([aBook(), aUser(), aUser(), aUser()]);
    const out = await rent(first, book);
    await hold(second, book);
    await hold(third, book);
    await done(api.post(`/rents/${out}/return`));
    await done(api.request('DELETE', `/users/${second}`), 204);
    await refused(api.post('/rents', { userId: first, bookId: book }), 409, 'NoCopyAvailable');
    await rent(third, book);
  });

  it('is served by copies that are added', async () => {
    const [book, user, other] = await Promise.all([aBook(0), aUser(), aUser()]);
    await hold(user, book);
    await done(api.request('PATCH', `/books/${book}`, { body: { amount: 1 } }));
    await refused(api.post('/rents', { userId: other, bookId: book }), 409, 'NoCopyAvailable');
    await rent(user, book);
  });
});

describe('a rent', () => {
  it('is due on a day on which the library is open', async () => {
    const [book, user] = await Promise.all([aBook(), aUser()]);
    const { body } = await api.get(`/rents/${await rent(user, book)}`);
    expect(weekdayOf(body.dueOn)).not.toBe(closedDay);
    const days = (Date.parse(body.dueOn) - Date.parse(body.rentedAt.slice(0, 10))) / dayMs;
    expect([14, 15]).toContain(days);
  });

  it('is renewed twice, and no more', async () => {
    const [book, user] = await Promise.all([aBook(), aUser()]);
    const out = await rent(user, book);
    await done(api.post(`/rents/${out}/renewal`));
    await done(api.post(`/rents/${out}/renewal`));
    await refused(api.post(`/rents/${out}/renewal`), 409, 'RenewalLimitReached');
    await done(api.post(`/rents/${out}/return`));
    await refused(api.post(`/rents/${out}/renewal`), 409, 'RentNotOpen');
    await refused(api.post(`/rents/${book}.7/renewal`), 404, 'RentNotFound');
  });

  it('of a lost copy is closed; found again, the copy goes to who waits', async () => {
    const [book, user, other] = await Promise.all([aBook(), aUser(), aUser()]);
    const out = await rent(user, book);
    await refused(api.post(`/rents/${out}/found`), 409, 'RentNotLost');
    await done(api.post(`/rents/${out}/lost`));
    await done(api.post(`/rents/${out}/lost`));
    await hold(other, book);
    await refused(api.post('/rents', { userId: other, bookId: book }), 409, 'NoCopyAvailable');
    await done(api.post(`/rents/${out}/found`));
    await done(api.post(`/rents/${out}/found`));
    await refused(api.post('/rents', { userId: user, bookId: book }), 409, 'NoCopyAvailable');
    await rent(other, book);

    const { body } = await api.get(`/rents/${out}/history?sort=oldest`);
    const events = body._embedded.events as { type: string; summary: string; _links: { state: { href: string } } }[];
    expect(events.map(({ type }) => type)).toEqual(['BookRented', 'CopyLost', 'CopyFound']);
    expect(events[1]!.summary).toBe('A copy that was out is lost: its rent is closed.');
    const states = await Promise.all(events.map(async ({ _links }) => (await api.get(_links.state.href)).body.state));
    expect(states).toEqual(['open', 'lost', 'returned']);
  });
});
