import type { GetHistory, HistoryEntry } from '@shelfmark/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EdgeUnderTest, type SeenCommand, type Servers, startServers } from '../testing/edge-under-test.js';

const bookId = '01890a5d-ac96-774b-bcce-b302099a8057';
const userId = '01890a5d-ac96-774b-bcce-b302099a8058';
const rentId = `${bookId}.3`;
const instant = '2026-01-02T03:04:05.678Z';

let servers: Servers;
let edge: EdgeUnderTest;
let seen: SeenCommand[] = [];
const undo: (() => Promise<void>)[] = [];

async function owners(reply: (query: SeenCommand) => object | undefined): Promise<void> {
  undo.push(
    await edge.answer('shelfmark.queries.>', (query) => {
      seen.push(query);
      return reply(query);
    }),
  );
}

beforeAll(async () => {
  servers = await startServers();
  edge = await EdgeUnderTest.start(servers);
});

afterEach(async () => {
  await Promise.all(undo.splice(0).map((stop) => stop()));
  seen = [];
});

afterAll(async () => {
  await edge?.stop();
  await servers?.stop();
});

const get = (path: string, headers: Record<string, string> = {}) => edge.request('GET', path, { headers });

describe('a history', () => {
  const entry = (revision: number): HistoryEntry => ({
    id: '01890a5d-ac96-774b-bcce-b302099a8059',
    revision,
    type: revision === 0 ? 'BookCreated' : 'BookUpdated',
    data: { amount: revision },
    time: instant,
    actor: 'librarian-1',
    commandId: '01890a5d-ac96-774b-bcce-b302099a805a',
    correlationId: 'desk-7',
  });

  /** An owner of so many events that answers a query for a page of them as a real one does. */
  const ownerOf = (total: number) => (query: SeenCommand) => {
    const { direction, after, limit } = query.data as unknown as GetHistory;
    const all = Array.from({ length: total }, (_, revision) => entry(revision));
    const ahead =
      direction === 'forwards'
        ? all.filter(({ revision }) => revision > (after ?? -1))
        : all.filter(({ revision }) => revision < (after ?? total)).reverse();
    return { entries: ahead.slice(0, limit), total, more: ahead.length > limit };
  };

  it('says what happened in words, when, by whom and through which command, the newest first', async () => {
    await owners(ownerOf(2));
    const { status, json } = await get(`/books/${bookId}/history`);
    expect(status).toBe(200);
    expect(json).toMatchObject({ count: 2, total: 2, _links: { self: { href: `/books/${bookId}/history` } } });
    expect(json._links.next).toBeUndefined();
    expect(json._embedded.events[0]).toMatchObject({ revision: 1, type: 'BookUpdated' });
    expect(json._embedded.events[1]).toEqual({
      id: entry(0).id,
      revision: 0,
      type: 'BookCreated',
      summary: 'A title entered the catalogue.',
      data: { amount: 0 },
      time: instant,
      actor: 'librarian-1',
      commandId: entry(0).commandId,
      correlationId: 'desk-7',
      _links: { state: { href: `/books/${bookId}?asOf=${instant}` } },
    });
  });

  it.each([
    [`/books/${bookId}`, 'book', bookId],
    [`/users/${userId}`, 'user', userId],
    [`/rents/${rentId}`, 'rent', rentId],
  ])('of %s is asked of its owner', async (path, service, id) => {
    await owners(ownerOf(1));
    expect((await get(`${path}/history?sort=oldest&limit=7`)).status).toBe(200);
    expect(seen).toMatchObject([
      { subject: `shelfmark.queries.${service}.GetHistory`, data: { id, direction: 'forwards', limit: 7 } },
    ]);
  });

  it('of what never was is not found', async () => {
    await owners(ownerOf(0));
    expect((await get(`/books/${bookId}/history`)).json).toMatchObject({ status: 404, code: 'BookNotFound' });
    expect((await get(`/users/${userId}/history`)).json).toMatchObject({ status: 404, code: 'UserNotFound' });
    expect((await get(`/rents/${rentId}/history`)).json).toMatchObject({ status: 404, code: 'RentNotFound' });
    expect((await get('/books/x/history')).json).toMatchObject({ status: 404, code: 'BookNotFound' });
  });

  it.each(['newest', 'oldest'])('is walked from end to end and back by its links, the %s first', async (sort) => {
    await owners(ownerOf(8));
    const walk = async (path: string, rel: 'next' | 'prev'): Promise<number[][]> => {
      const { json } = await get(path);
      const page = json._embedded.events.map(({ revision }: HistoryEntry) => revision);
      last = path;
      const on = json._links[rel]?.href;
      return on === undefined ? [page] : [page, ...(await walk(on, rel))];
    };
    let last = '';
    const there = await walk(`/books/${bookId}/history?sort=${sort}&limit=3`, 'next');
    const inOrder = sort === 'newest' ? [7, 6, 5, 4, 3, 2, 1, 0] : [0, 1, 2, 3, 4, 5, 6, 7];
    expect(there.flat()).toEqual(inOrder);
    expect(there.map(({ length }) => length)).toEqual([3, 3, 2]);
    const back = await walk(last, 'prev');
    expect(back.toReversed().flat()).toEqual(inOrder);
  });

  it('refuses a cursor of the other order, and one that is none', async () => {
    await owners(ownerOf(8));
    const { json } = await get(`/books/${bookId}/history?limit=1`);
    const cursor = new URL(json._links.next.href, edge.url).searchParams.get('cursor')!;
    const made = (text: string) => Buffer.from(text).toString('base64url');
    for (const [sort, text] of [
      ['oldest', cursor],
      ['newest', 'x'],
      ['newest', made('newest next -1')],
      ['newest', made('newest next 1e3')],
      ['newest', made('newest next 9999999999999999')],
      ['newest', made('newest sideways 1')],
    ]) {
      const answer = await get(`/books/${bookId}/history?sort=${sort}&cursor=${text}`);
      expect(answer.json).toMatchObject({ status: 400, errors: [{ parameter: 'cursor' }] });
    }
  });
});

describe('a state as of an instant', () => {
  const row = {
    id: bookId,
    revision: 7,
    title: 'Emma',
    authors: ['Austen, Jane'],
    isbn: null,
    languages: ['en'],
    subjects: [],
    year: 1815,
    amount: 3,
    createdAt: instant,
    updatedAt: instant,
  };

  it("of a book is its owner's and the lending desk's, in the form that it has now, without a tag", async () => {
    await owners(({ subject }) => (subject.endsWith('GetStateAt') ? { book: row } : { inUse: 4 }));
    const path = `/books/${bookId}?asOf=2026-01-02T05:04:05.678%2B02:00`;
    const answer = await get(path);
    expect(answer.status).toBe(200);
    expect(answer.header('etag')).toBeNull();
    const { revision: _, ...shown } = row;
    expect(answer.json).toEqual({
      ...shown,
      inUse: 4,
      available: 0,
      _links: {
        self: { href: path },
        rents: { href: `/books/${bookId}/rents` },
        holds: { href: `/books/${bookId}/holds` },
        history: { href: `/books/${bookId}/history` },
      },
    });
    expect(seen.map(({ subject, data }) => [subject, data])).toEqual(
      expect.arrayContaining([
        ['shelfmark.queries.book.GetStateAt', { id: bookId, at: instant }],
        ['shelfmark.queries.rent.GetCopiesOutAt', { bookId, at: instant }],
      ]),
    );
  });

  it.each([
    ['2026-01-15T23:59:59Z', false],
    ['2026-01-16T00:00:00Z', true],
  ])('of a rent at %s is overdue: %s, whatever it is now', async (asOf, overdue) => {
    const rented = { id: rentId, bookId, userId, rentedAt: instant, dueOn: '2026-01-15', parked: false };
    await owners(() => ({ rent: { ...rented, state: 'open', returnedAt: null } }));
    expect((await get(`/rents/${rentId}?asOf=${asOf}`)).json).toMatchObject({ id: rentId, state: 'open', overdue });
  });

  it('of what was not there then is not found', async () => {
    await owners(() => ({ inUse: 0 }));
    const asOf = `?asOf=${instant}`;
    expect((await get(`/books/${bookId}${asOf}`)).json).toMatchObject({ status: 404, code: 'BookNotFound' });
    expect((await get(`/users/${userId}${asOf}`)).json).toMatchObject({ status: 404, code: 'UserNotFound' });
    expect((await get(`/rents/${rentId}${asOf}`)).json).toMatchObject({ status: 404, code: 'RentNotFound' });
  });

  it('does not wait for views, for a stream is never behind; but a malformed position is refused', async () => {
    await owners(() => ({ user: { ...row, id: userId, name: 'Ann', email: 'ann@example.org', rentLimit: 5 } }));
    const path = `/users/${userId}?asOf=${instant}`;
    expect((await get(path, { 'shelfmark-position': 'user@999999' })).status).toBe(200);
    expect((await get(path, { 'shelfmark-position': 'user' })).status).toBe(400);
  });

  it('is 503 where an owner is not there, or cannot answer now', async () => {
    const path = `/users/${userId}?asOf=${instant}`;
    expect((await get(path)).json).toMatchObject({ status: 503, code: 'ServiceUnavailable' });
    await owners(() => ({ failure: { name: 'DeadlineExceeded' } }));
    expect((await get(path)).json).toMatchObject({ status: 503, code: 'DeadlineExceeded' });
  });
});
