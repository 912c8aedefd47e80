import { randomUUID } from 'node:crypto';
import { type NatsConnection, connectToNats } from '@shelfmark/messaging';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { EdgeUnderTest, type Servers, emptyViews, makeViews, startServers, until } from '../testing/edge-under-test.js';
import { maxChanges } from './feed.js';
import { maxReaders } from './live-changes.js';
import { Listener } from './testing/listener.js';
import { MirroredLog } from './testing/log.js';

let servers: Servers;
let database: pg.Client;
let bus: NatsConnection;
let edge: EdgeUnderTest;
let books: MirroredLog;
let rents: MirroredLog;
let listeners: Listener[];

beforeAll(async () => {
  servers = await startServers();
  database = new pg.Client({ connectionString: servers.databaseUrl });
  await database.connect();
  await makeViews(servers);
  bus = await connectToNats({ url: servers.natsUrl, name: 'logs' });
});

beforeEach(async () => {
  await emptyViews(database);
  listeners = [];
  books = new MirroredLog(bus, 'book');
  rents = new MirroredLog(bus, 'rent');
  edge = await EdgeUnderTest.start(servers);
});

afterEach(async () => {
  for (const listener of listeners) listener.close();
  await edge.stop();
  await books.stop();
  await rents.stop();
});

afterAll(async () => {
  await bus?.close();
  await database?.end();
  await servers?.stop();
});

async function listen(query = '', lastEventId?: string): Promise<Listener> {
  const listener = await Listener.open(`${edge.url}/events${query}`, edge.token, lastEventId);
  listeners.push(listener);
  return listener;
}

/** A listener that knows where it is, so that it hears of everything from now on. */
async function listening(query = '', lastEventId?: string): Promise<Listener> {
  const listener = await listen(query, lastEventId);
  await until(async () => listener.lastEventId !== '');
  return listener;
}

async function restartEdge(): Promise<void> {
  await edge.stop();
  edge = await EdgeUnderTest.start(servers);
}

/** Creates books that the view shows. @returns the last one's position */
async function createBooks(ids: readonly string[]): Promise<bigint> {
  let position = 0n;
  for (const id of ids) position = await books.append(`Book-${id}`, 'BookCreated', { title: 'Emma' });
  await books.shownBy('books', database, position);
  return position;
}

const newIds = (count: number) => Array.from({ length: count }, () => randomUUID());
const idsIn = ({ messages }: Listener) => messages.map(({ data }) => data.id);

describe('a change', () => {
  it('is told once the view shows it, and not before', async () => {
    const listener = await listening();
    const id = randomUUID();
    const first = await books.append(`Book-${id}`, 'BookCreated', { title: 'Emma' });
    const second = await books.append(`Book-${id}`, 'BookUpdated', { title: 'Persuasion' });
    await books.shownBy('books', database, first);
    await until(async () => listener.messages.length > 0);
    const [message] = listener.messages;
    expect(message).toMatchObject({
      event: 'book.changed',
      data: {
        view: 'books',
        id,
        type: 'BookCreated',
        position: `book@${first}`,
        _links: { self: { href: `/books/${id}` } },
      },
    });
    expect(JSON.stringify(message)).not.toMatch(/Emma/);
    // What is told of another view meanwhile proves that there was time to tell too much.
    const rented = await rents.append(`BookRent-${id}`, 'BookRented', { rentId: `${id}.0` });
    await rents.shownBy('rents', database, rented);
    await until(async () => listener.messages.length > 1);
    expect(idsIn(listener)).toEqual([id, `${id}.0`]);
    await books.shownBy('books', database, second);
    await until(async () => listener.messages.length === 3);
    expect(listener.messages[2]!.data.type).toBe('BookUpdated');
  });

  it('in two views is told of each when that one shows it', async () => {
    const listener = await listening();
    const id = randomUUID();
    await rents.append(`BookRent-${id}`, 'BookRentOpened', { amount: 1 });
    const position = await rents.append(`BookRent-${id}`, 'BookRented', { rentId: `${id}.0`, userId: randomUUID() });
    await rents.append(`Borrower-${randomUUID()}`, 'RentTaken', { rentId: `${id}.0` });
    await rents.shownBy('rents', database, position + 1n);
    await until(async () => listener.messages.length === 1);
    expect(listener.messages[0]).toMatchObject({ event: 'rent.changed', data: { id: `${id}.0` } });
    await rents.shownBy('books', database, position + 1n);
    await until(async () => listener.messages.length === 2);
    expect(listener.messages[1]).toMatchObject({ event: 'book.changed', data: { id, position: `rent@${position}` } });
  });

  it('in the queue for a book is told of the hold, of the rent that it ends with, and of the book', async () => {
    const listener = await listening();
    const id = randomUUID();
    await rents.append(`BookRent-${id}`, 'HoldPlaced', { holdId: `${id}.4`, userId: randomUUID() });
    const both = { rentId: `${id}.7`, userId: randomUUID(), holdId: `${id}.4` };
    const position = await rents.append(`BookRent-${id}`, 'BookRented', both);
    const told = (event: string) =>
      listener.messages.filter((message) => message.event === event).map(({ data }) => data.id);
    await rents.shownBy('holds', database, position);
    await until(async () => listener.messages.length === 2);
    expect(told('hold.changed')).toEqual([`${id}.4`, `${id}.4`]);
    await rents.shownBy('rents', database, position);
    await until(async () => listener.messages.length === 3);
    expect(told('rent.changed')).toEqual([`${id}.7`]);
    await rents.shownBy('books', database, position);
    await until(async () => listener.messages.length === 5);
    expect(told('book.changed')).toEqual([id, id]);
  });

  it('is told to those who asked for its view', async () => {
    const [all, some, others] = [
      await listening(),
      await listening('?views=users,books'),
      await listening('?views=rents'),
    ];
    const [id] = newIds(1);
    await createBooks([id!]);
    await until(async () => all.messages.length + some.messages.length === 2);
    expect([idsIn(all), idsIn(some), idsIn(others)]).toEqual([[id], [id], []]);
  });

  it('reaches every one of many listeners, each once', async () => {
    const many = await Promise.all(Array.from({ length: 50 }, () => listening('?views=books')));
    const ids = newIds(40);
    await createBooks(ids);
    await until(async () => many.every(({ messages }) => messages.length >= ids.length));
    for (const listener of many) expect(idsIn(listener)).toEqual(ids);
  });
});

describe('who comes back with the last id', () => {
  it('hears what came since, nothing twice, wherever it was interrupted and whether or not the edge was', async () => {
    const listener = await listening();
    const start = listener.lastEventId;
    const ids = newIds(12);
    await createBooks(ids.slice(0, 8));
    await until(async () => listener.messages.length === 8);
    const interruptions = [start, ...listener.messages.map(({ id }) => id)];
    for (const restarts of [false, true]) {
      if (restarts) await restartEdge();
      for (const [heard, id] of interruptions.entries()) {
        const again = await listening('', id);
        await until(async () => again.messages.length >= 8 - heard);
        expect(idsIn(again)).toEqual(ids.slice(heard, 8));
      }
    }
    await restartEdge();
    await createBooks(ids.slice(8));
    const late = await listen(`?lastEventId=${interruptions[3]}`);
    await until(async () => late.messages.length >= 9);
    expect(idsIn(late)).toEqual(ids.slice(3));
  });

  it('also when it had heard of nothing at all', async () => {
    const quiet = await listening();
    quiet.close();
    await restartEdge();
    const ids = newIds(3);
    await createBooks(ids);
    const again = await listen('', quiet.lastEventId);
    await until(async () => again.messages.length === 3);
    expect(idsIn(again)).toEqual(ids);
  });

  it('misses nothing where the mirror was made anew meanwhile', async () => {
    const listener = await listening();
    const ids = newIds(6);
    await createBooks(ids.slice(0, 3));
    await until(async () => listener.messages.length === 3);
    const { id } = listener.messages[0]!;
    await bus.request('$JS.API.STREAM.DELETE.BOOK', undefined, { timeout: 30_000 });
    await createBooks(ids.slice(3));
    await until(async () => listener.messages.length === 6);
    expect(idsIn(listener)).toEqual(ids);
    const again = await listen('', id);
    await until(async () => again.messages.length === 5);
    expect(idsIn(again)).toEqual(ids.slice(1));
  });

  it('too late is told to load again, and goes on from there', async () => {
    const listener = await listening();
    await createBooks(newIds(1));
    await until(async () => listener.messages.length === 1);
    const { id } = listener.messages[0]!;
    const position = await books.appendMany('Book', 'BookUpdated', maxChanges + 1);
    await books.shownBy('books', database, position);
    await restartEdge();
    const again = await listen('', id);
    await until(async () => again.messages.length > 0);
    expect(again.messages).toMatchObject([{ event: 'reset', data: { views: ['books'] } }]);
    const [next] = newIds(1);
    await createBooks([next!]);
    await until(async () => again.messages.length === 2);
    expect(again.messages[1]).toMatchObject({ event: 'book.changed', data: { id: next } });
  });

  it('of another log, or of other views, is told to load again', async () => {
    await createBooks(newIds(1));
    const { lastEventId: id } = await listening();
    const ofAnotherLog = id.replace(/^(books-book\.)\w{8}/, '$100000000');
    const forged = id.replace(/^(books-book\.\w{8}\.\d+)\.\d+\.\d+/, '$1.0.0');
    for (const wrong of [ofAnotherLog, forged, 'users-user', 'x-y']) {
      const again = await listen('', wrong);
      await until(async () => again.messages.length === 1);
      expect(again.messages[0]!.event).toBe('reset');
      expect(again.messages[0]!.data.views).toContain('books');
    }
  });

  it('with an id that is none is refused', async () => {
    const inHeader = await edge.request('GET', '/events', { headers: { 'last-event-id': '17' } });
    expect(inHeader.json).toMatchObject({ status: 400, errors: [{ header: 'Last-Event-ID' }] });
    const inQuery = await edge.request('GET', '/events?lastEventId=17&views=x');
    expect(inQuery.json).toMatchObject({ status: 400, errors: [{ parameter: 'lastEventId' }, { parameter: 'views' }] });
  });
});

describe('whoever listens', () => {
  it('is told to load again when the log is another one', async () => {
    await createBooks(newIds(2));
    const listener = await listening();
    await books.stop();
    books = new MirroredLog(bus, 'book');
    await createBooks(newIds(1));
    await until(async () => listener.messages.length === 1);
    expect(listener.messages[0]).toMatchObject({ event: 'reset', data: { views: ['books'] } });
    const [next] = newIds(1);
    await createBooks([next!]);
    await until(async () => listener.messages.length === 2);
    expect(listener.messages[1]!.data.id).toBe(next);
  });

  it('and does not read is cut off, holds up nobody, and can come back', async () => {
    const [slow, quick] = [await listening('?views=books'), await listening('?views=books')];
    slow.pause();
    // Three windows are more than the system buffers for a connection that nobody reads, and a window.
    const step = maxChanges / 2;
    for (let told = step; told <= 3 * maxChanges; told += step) {
      const position = await books.appendMany('Book', 'BookUpdated', step);
      await books.shownBy('books', database, position);
      await until(async () => quick.messages.length === told);
    }
    slow.resume();
    await until(async () => slow.ended !== undefined);
    expect(slow.ended).toBe('cutOff');
    expect(slow.messages.length).toBeLessThan(quick.messages.length - maxChanges);
    const again = await listen('?views=books', slow.lastEventId);
    await until(async () => again.messages.length > 0);
    expect(again.messages[0]!.event).toBe('reset');
  });

  it('is at most one of so many', async () => {
    await Promise.all(Array.from({ length: maxReaders }, () => listen()));
    const refused = await edge.request('GET', '/events', { headers: { accept: 'text/event-stream' } });
    expect(refused.json).toMatchObject({ status: 503, code: 'Overloaded' });
    expect(Number(refused.header('retry-after'))).toBeGreaterThan(0);
    listeners.pop()!.close();
    await until(async () => {
      const listener = await listen();
      return listener.status === 200;
    });
  });

  it('sees the answer end when the edge does', async () => {
    const listener = await listening();
    await restartEdge();
    await until(async () => listener.ended !== undefined);
    expect(listener.ended).toBe('inOrder');
  });

  it('has to accept it', async () => {
    const refused = await edge.request('GET', '/events', { headers: { accept: 'application/hal+json' } });
    expect(refused.json).toMatchObject({ status: 406 });
    const head = await edge.request('HEAD', '/events', { headers: { accept: 'text/event-stream' } });
    expect([head.status, head.header('content-type')]).toEqual([200, 'text/event-stream']);
    const listener = await listen();
    expect(listener.headers).toMatchObject({ 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  });
});
