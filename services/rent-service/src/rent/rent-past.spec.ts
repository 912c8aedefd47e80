import type { BookRentEvents, RentRow } from '@shelfmark/contracts';
import { type EventOf, InMemoryEventStore, type Json, readAsOf, readHistory } from '@shelfmark/event-sourcing';
import { describe, expect, it } from 'vitest';
import { pastOfRent } from './rent.js';

const bookId = '0190163d-8694-739b-aea5-966c26f8ad90';
const userId = '0190163d-8694-739b-aea5-966c26f8ad92';
const rentId = `${bookId}.1`;
const dueOn = '2024-03-14';
const source = { logId: 'log', revision: 0 };

const day = (n: number) => new Date(Date.UTC(2024, 1, n, 12));

/** The lending of a book; each thing happened on its day of February 2024. */
async function lending(events: readonly (readonly [day: number, event: EventOf<BookRentEvents>])[]) {
  const store = new InMemoryEventStore();
  for (const [index, [number, { type, data }]] of events.entries()) {
    const id = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
    const ids = { commandId: id, commandHash: '', correlationId: id, causationId: id };
    const metadata = { ...ids, time: day(number).toISOString(), schemaVersion: 1 };
    await store.append([
      { stream: `BookRent-${bookId}`, expected: 'any', events: [{ id, type, data: data as Json, metadata }] },
    ]);
  }
  return store;
}

const rented = (id: string) => ({ type: 'BookRented', data: { rentId: id, userId, dueOn } }) as const;
const returned = (id: string) => ({ type: 'BookReturned', data: { rentId: id, userId } }) as const;
const reopened = (id: string) => ({ type: 'RentReopened', data: { rentId: id, userId, dueOn } }) as const;
const other = `${bookId}.0`;

const lent = () =>
  lending([
    [1, { type: 'BookRentOpened', data: { amount: 2, source } }],
    [2, rented(other)],
    [3, rented(rentId)],
    [5, returned(rentId)],
    [6, reopened(rentId)],
    [7, returned(other)],
    [8, { type: 'CopiesChanged', data: { amount: 9, source } }],
    [20, returned(rentId)],
    [21, { type: 'BookRentClosed', data: {} }],
  ]);

describe('the past of a rent', () => {
  it('is what it was on each day, also long after the return, when its book has forgotten it', async () => {
    const store = await lent();
    const on = async (number: number) => (await readAsOf(store, pastOfRent(rentId), day(number))).state;
    const open: RentRow = {
      id: rentId,
      bookId,
      userId,
      state: 'open',
      rentedAt: day(3).toISOString(),
      dueOn,
      renewals: 0,
      returnedAt: null,
      lostAt: null,
      parked: false,
    };
    const isBack = (number: number) => ({ ...open, state: 'returned', returnedAt: day(number).toISOString() });
    expect(await on(2)).toBeUndefined();
    expect([await on(3), await on(4)]).toEqual([open, open]);
    expect(await on(5)).toEqual(isBack(5));
    expect([await on(6), await on(19)]).toEqual([open, open]);
    expect([await on(20), await on(29)]).toEqual([isBack(20), isBack(20)]);
  });

  it('holds what happened to it, and to no other rent of the book', async () => {
    const { events, total } = await readHistory(await lent(), pastOfRent(rentId), { direction: 'forwards', limit: 10 });
    expect(events.map(({ type }) => type)).toEqual(['BookRented', 'BookReturned', 'RentReopened', 'BookReturned']);
    expect(total).toBe(4);
  });

  it('is nothing where there never was such a rent', async () => {
    const store = await lent();
    for (const id of [`${bookId}.2`, `${userId}.0`, bookId, '.', '']) {
      expect((await readAsOf(store, pastOfRent(id), day(29))).state).toBeUndefined();
    }
  });
});
