import { randomUUID } from 'node:crypto';
import { tokenFor } from '@shelfmark/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api.js';
import { eventStore, System, until } from './system.js';

let system: System;
let api: Api;

beforeAll(async () => {
  system = await System.create();
  await system.start();
  api = new Api(system);
});
afterAll(() => system.dispose());

async function aBook(amount: number): Promise<string> {
  const { status, body } = await api.post('/books', { title: `A book ${randomUUID()}`, amount });
  expect(status).toBe(201);
  return body.id;
}

async function aUser(more: object = {}): Promise<string> {
  const { status, body } = await api.post('/users', { name: 'Ada', email: `${randomUUID()}@example.org`, ...more });
  expect(status).toBe(201);
  return body.id;
}

const users = (count: number) => Promise.all(Array.from({ length: count }, () => aUser()));
const statuses = (answers: readonly { status: number }[]) => answers.map(({ status }) => status).sort();
const codes = (answers: readonly { body: { code?: string } }[]) => answers.map(({ body }) => body.code);

describe('registration', () => {
  it('gives an address to one of two hundred who ask for it at once', async () => {
    const email = `${randomUUID()}@example.org`;
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) =>
        api.post('/users', { name: `Reader ${n}`, email: n % 2 ? email : email.toUpperCase() }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(new Set(statuses(refused))).toEqual(new Set([409]));
    expect(new Set(codes(refused))).toEqual(new Set(['EmailTaken']));
  });

  it("takes the seed's form too", async () => {
    const email = `${randomUUID()}@example.org`;
    const { status, body, headers } = await api.post('/user/registration', { username: 'test', email });
    expect(status).toBe(201);
    expect(headers.get('Location')).toBe(`/users/${body.id}`);
    const list = await api.get(`/users?q=${email}`);
    expect(list.body._embedded.users).toMatchObject([{ id: body.id, name: 'test', email }]);
    expect(list.body.total).toBe(1);
  });

  it('frees an address when it changes and when its user is deleted', async () => {
    const [first, second] = [`${randomUUID()}@example.org`, `${randomUUID()}@example.org`];
    const user = await aUser({ email: first });
    expect((await api.request('PATCH', `/users/${user}`, { body: { email: second } })).status).toBe(200);
    await aUser({ email: first });
    expect((await api.request('DELETE', `/users/${user}`)).status).toBe(204);
    expect((await api.get(`/users/${user}`)).status).toBe(404);
    expect((await api.request('DELETE', `/users/${user}`)).body.code).toBe('UserNotFound');
    await aUser({ email: second });
  });
});

describe('renting', () => {
  it('lends three copies to three of fifty people who ask at once', async () => {
    const [book, people] = await Promise.all([aBook(3), users(50)]);
    const answers = await Promise.all(people.map((userId) => api.post('/rents', { userId, bookId: book })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(new Set(codes(answers.filter(({ status }) => status !== 201)))).toEqual(new Set(['NoCopyAvailable']));
    const { body } = await api.get(`/books/${book}`);
    expect(body).toMatchObject({ amount: 3, inUse: 3, available: 0 });
    expect((await api.get(`/rents?book=${book}&state=open`)).body.total).toBe(3);
  });

  it('holds the limit of a user who presses twenty times at once', async () => {
    const user = await aUser({ rentLimit: 2 });
    const books = await Promise.all(Array.from({ length: 20 }, () => aBook(1)));
    const answers = await Promise.all(books.map((bookId) => api.post('/rents', { userId: user, bookId })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    expect(new Set(codes(answers.filter(({ status }) => status !== 201)))).toEqual(new Set(['RentLimitReached']));
    expect((await api.get(`/users/${user}/rents`)).body.total).toBe(2);
  });

  it('counts only open rents: a returned book can be rented again at once, by the same person too', async () => {
    const [book, user] = [await aBook(1), await aUser({ rentLimit: 1 })];
    for (let round = 0; round < 3; round++) {
      const rented = await api.post('/rents', { userId: user, bookId: book });
      expect(rented.status).toBe(201);
      expect(rented.body.id).toBe(`${book}.${round}`);
      expect((await api.post(`/rents/${rented.body.id}/return`)).status).toBe(200);
      expect((await api.post(`/rents/${rented.body.id}/return`)).status).toBe(200);
    }
    const { body } = await api.get(`/books/${book}/rents`);
    expect(body.total).toBe(3);
    expect(new Set(body._embedded.rents.map(({ state }: { state: string }) => state))).toEqual(new Set(['returned']));
  });

  it('undoes a mistaken return while the copy is free', async () => {
    const [book, user, other] = [await aBook(1), await aUser(), await aUser()];
    const { body: rent } = await api.post('/rents', { userId: user, bookId: book });
    await api.post(`/rents/${rent.id}/return`);
    expect((await api.post(`/rents/${rent.id}/reopen`)).status).toBe(200);
    expect((await api.get(`/rents/${rent.id}`)).body).toMatchObject({ state: 'open', userId: user, returnedAt: null });
    await api.post(`/rents/${rent.id}/return`);
    await api.post('/rents', { userId: other, bookId: book });
    expect((await api.post(`/rents/${rent.id}/reopen`)).body.code).toBe('RentNotReopenable');
  });

  it("takes a book back by book and borrower, as kmnlib's route does", async () => {
    const [book, user] = [await aBook(1), await aUser()];
    const { body: rent } = await api.post('/rents', { userId: user, bookId: book });
    expect((await api.request('DELETE', `/rents?book_id=${book}&user_id=${user}`)).status).toBeLessThan(300);
    expect((await api.get(`/rents/${rent.id}`)).body.state).toBe('returned');
  });

  it('refuses what does not exist, and what is deleted', async () => {
    const [book, user] = [await aBook(1), await aUser()];
    const nobody = randomUUID();
    expect((await api.post('/rents', { userId: nobody, bookId: book })).body).toMatchObject({
      status: 404,
      code: 'UserNotFound',
    });
    expect((await api.post('/rents', { userId: user, bookId: nobody })).body).toMatchObject({
      status: 404,
      code: 'BookNotFound',
    });
    expect((await api.request('DELETE', `/books/${book}`)).status).toBe(204);
    expect((await api.post('/rents', { userId: user, bookId: book })).body.code).toBe('BookNotFound');
    expect((await api.request('PATCH', `/books/${book}`, { body: { amount: 2 } })).body.code).toBe('BookNotFound');
    expect((await api.request('PATCH', `/users/${nobody}`, { body: { name: 'Eve' } })).body.code).toBe('UserNotFound');
  });

  it('hears of more copies and of another limit before the change is answered', async () => {
    const [book, user, other] = [await aBook(1), await aUser({ rentLimit: 1 }), await aUser()];
    await api.post('/rents', { userId: other, bookId: book });
    expect((await api.post('/rents', { userId: user, bookId: book })).body.code).toBe('NoCopyAvailable');
    await api.request('PATCH', `/books/${book}`, { body: { amount: 2 } });
    expect((await api.post('/rents', { userId: user, bookId: book })).status).toBe(201);
    const second = await aBook(1);
    expect((await api.post('/rents', { userId: user, bookId: second })).body.code).toBe('RentLimitReached');
    await api.request('PATCH', `/users/${user}`, { body: { rentLimit: 2 } });
    expect((await api.post('/rents', { userId: user, bookId: second })).status).toBe(201);
  });

  it('never shows fewer than no free copies, however far the amount is lowered', async () => {
    const [book, people] = [await aBook(2), await users(2)];
    for (const userId of people) await api.post('/rents', { userId, bookId: book });
    await api.request('PATCH', `/books/${book}`, { body: { amount: 1 } });
    expect((await api.get(`/books/${book}`)).body).toMatchObject({ amount: 1, inUse: 2, available: 0 });
  });
});

describe('deleting', () => {
  it('refuses while copies are out, and goes through afterwards', async () => {
    const [book, user] = [await aBook(1), await aUser()];
    const { body: rent } = await api.post('/rents', { userId: user, bookId: book });
    expect((await api.request('DELETE', `/books/${book}`)).body).toMatchObject({
      status: 409,
      code: 'BookHasOpenRents',
    });
    expect((await api.request('DELETE', `/users/${user}`)).body).toMatchObject({
      status: 409,
      code: 'UserHasOpenRents',
    });
    await api.post(`/rents/${rent.id}/return`);
    expect((await api.request('DELETE', `/books/${book}`)).status).toBe(204);
    expect((await api.request('DELETE', `/users/${user}`)).status).toBe(204);
    expect((await api.get(`/books/${book}`)).status).toBe(404);
  });

  it('racing a rent, lets one of the two win', async () => {
    for (let round = 0; round < 10; round++) {
      const [book, user] = await Promise.all([aBook(1), aUser()]);
      const [deleted, rented] = await Promise.all([
        api.request('DELETE', `/books/${book}`),
        api.post('/rents', { userId: user, bookId: book }),
      ]);
      expect([deleted.status, rented.status]).toSatisfy(
        ([d, r]: [number, number]) => (d === 204 && r === 404) || (d === 409 && r === 201),
      );
    }
  });
});

describe('an Idempotency-Key', () => {
  it('gives twenty requests at once one effect and one answer', async () => {
    const key = randomUUID();
    const title = `Once ${key}`;
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => api.post('/books', { title, amount: 1 }, { 'Idempotency-Key': key })),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(new Set(answers.map(({ headers }) => headers.get('Location'))).size).toBe(1);
    expect((await api.get(`/books?q=${encodeURIComponent(title)}`)).body.total).toBe(1);
  });

  it('with another body is refused', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    await api.post('/books', { title: 'One', amount: 1 }, key);
    const { status, body } = await api.post('/books', { title: 'Other', amount: 1 }, key);
    expect(status).toBe(422);
    expect(body.code).toBe('IdempotencyKeyReused');
  });

  it('gives a rent one effect, and its own id again', async () => {
    const [book, user] = [await aBook(5), await aUser()];
    const key = { 'Idempotency-Key': randomUUID() };
    const first = await api.post('/rents', { userId: user, bookId: book }, key);
    await api.post(`/rents/${first.body.id}/return`);
    const again = await api.post('/rents', { userId: user, bookId: book }, key);
    expect(again.status).toBe(201);
    expect(again.body.id).toBe(first.body.id);
    expect((await api.get(`/rents?book=${book}`)).body.total).toBe(1);
  });
});

describe('If-Match', () => {
  it('keeps two desks from overwriting each other', async () => {
    const book = await aBook(1);
    const etag = (await api.get(`/books/${book}`)).headers.get('ETag')!;
    const change = (amount: number) =>
      api.request('PATCH', `/books/${book}`, { body: { amount }, headers: { 'If-Match': etag } });
    expect(statuses(await Promise.all([change(2), change(3)]))).toEqual([200, 412]);
  });
});

describe('a read with the position of a write', () => {
  // Each waits for several flushes one after the other, which are the same in every store.
  const times = eventStore === 'embedded' ? 1_000 : 100;
  it(`is never stale, ${times} times`, async () => {
    const book = await aBook(0);
    for (let amount = 1; amount <= times; amount++) {
      await api.request('PATCH', `/books/${book}`, { body: { amount } });
      const { body } = await api.get(`/books/${book}`);
      expect(body.amount).toBe(amount);
    }
  }, 900_000);
});

describe('lists', () => {
  it('hold what was created a moment ago, without anybody opening it first', async () => {
    const title = `Zyzzyva ${randomUUID()}`;
    await api.post('/books', { title, amount: 1 });
    const { body } = await api.get(`/books?q=${encodeURIComponent(title)}`);
    expect(body._embedded.books).toHaveLength(1);
  });

  it('are arrays, for one item and for none', async () => {
    const { body } = await api.get(`/books?q=${randomUUID()}`);
    expect(body._embedded.books).toEqual([]);
    expect(body.total).toBe(0);
    expect(body._links.self.href).toContain('/books?q=');
  });

  it('are walked by their next links, each item once', async () => {
    const word = `walk${randomUUID().slice(0, 8)}`;
    const ids = new Set<string>();
    for (let n = 0; n < 7; n++) ids.add((await api.post('/books', { title: `${word} ${n}`, amount: 1 })).body.id);
    const seen: string[] = [];
    for (let next: string | undefined = `/books?q=${word}&limit=3`; next !== undefined;) {
      const { body } = await api.get(next);
      expect(body.total).toBe(7);
      seen.push(...body._embedded.books.map(({ id }: { id: string }) => id));
      next = body._links.next?.href;
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen)).toEqual(ids);
  });
});

describe('a member', () => {
  async function aMember(): Promise<Api & { readonly id: string }> {
    const id = await aUser();
    const token = await tokenFor(system.dataDir, { role: 'member', user: id });
    return Object.assign(new Api({ url: system.url, token }), { id });
  }

  it('places, sees and cancels their own holds, and renews what they have out, in their own name', async () => {
    const [ada, ben] = [await aMember(), await aMember()];
    const bookId = await aBook(1);
    const rent = (await api.post('/rents', { userId: ada.id, bookId })).body.id;
    const hold = await ben.post('/holds', { userId: ben.id, bookId });
    expect(hold.status).toBe(201);
    expect((await ben.get(`/holds/${hold.body.id}`)).body).toMatchObject({ userId: ben.id, place: 1 });
    expect((await ada.request('DELETE', `/holds/${hold.body.id}`)).status).toBe(403);
    expect((await ben.request('DELETE', `/holds/${hold.body.id}`)).status).toBe(204);

    expect((await ben.post(`/rents/${rent}/renewal`)).status).toBe(403);
    const read = await ada.insist('GET', '/rents', { headers: api.positions });
    expect(read.body._embedded.rents.map(({ id }: { id: string }) => id)).toEqual([rent]);
    expect((await ada.post(`/rents/${rent}/renewal`)).status).toBe(200);
    const { body: history } = await ada.get(`/rents/${rent}/history?sort=oldest`);
    expect(history._embedded.events.map(({ actor }: { actor: string }) => actor)).toEqual(['librarian', ada.id]);
    expect((await ada.get(`/users/${ada.id}`)).body.id).toBe(ada.id);
    expect((await ada.get(`/users/${ben.id}`)).body.code).toBe('NotYours');
  });

  it('sees what became of a command that they queued, and nobody else does but a librarian', async () => {
    const [ada, ben] = [await aMember(), await aMember()];
    const bookId = await aBook(0);
    const queued = await ada.post('/holds', { userId: ada.id, bookId }, { Prefer: 'respond-async' });
    expect(queued.status).toBe(202);
    const operation = queued.headers.get('Location')!;
    await until('it is done', async () => (await ada.get(operation)).body.state === 'completed');
    expect((await ben.get(operation)).status).toBe(403);
    expect((await api.get(operation)).status).toBe(200);
    expect((await ada.get(`/queue/${queued.body.id}`)).status).toBe(403);
  });
});

it('takes no more of the bus than each process is let have', () => {
  expect(system.refusals()).toEqual([]);
});
