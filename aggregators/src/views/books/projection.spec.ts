import { expect, test } from 'vitest';
import { bookCreated, id, Log } from '../../testing/events.js';
import { rowAfter } from '../../testing/row-after.js';
import { view } from './index.js';

const book = `Book-${id(1)}`;
const lending = `BookRent-${id(1)}`;
const rent = { rentId: `${id(1)}.1`, userId: id(11) };
const [fromBook] = view.sources['book']!;
const [fromRent] = view.sources['rent']!;

test('a new book has what its event says, and nothing where it says nothing', () => {
  expect(rowAfter(fromBook!, new Log().append(book, 'BookCreated', bookCreated), id(1))).toEqual({
    revision: 0,
    title: 'The Tenant of Wildfell Hall',
    titleKey: 'the tenant of wildfell hall',
    titleWords: 'tthe ttenant tof twildfell thall',
    authors: ['Brontë, Anne'],
    authorWords: 'abronte aanne',
    isbn: null,
    languages: ['en'],
    subjects: ['Fiction'],
    subjectWords: 'sfiction',
    year: null,
    amount: 3,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  });
});

test('a field that an update does not name stays as it is', () => {
  const log = new Log().append(book, 'BookUpdated', { year: null });
  expect(rowAfter(fromBook!, log, id(1))).toEqual({ revision: 0, year: null, updatedAt: '2026-01-01T00:00:00.000Z' });
});

test.each([
  ['“L’Assommoir”', 'l assommoir'],
  ['?!', '?!'],
  ['𝔸'.repeat(2_000), 'a'.repeat(200)],
  ['𐐀'.repeat(2_000), '𐐨'.repeat(200)],
])('the title %s is listed by its words', (title, titleKey) => {
  const log = new Log().append(book, 'BookUpdated', { title });
  expect(rowAfter(fromBook!, log, id(1))).toMatchObject({ title, titleKey });
});

test('words are found anew when what they are in changes, and no others', () => {
  const log = new Log().append(book, 'BookUpdated', { authors: ['紅樓夢', 'Ångström'] });
  expect(rowAfter(fromBook!, log, id(1))).toMatchObject({ authorWords: 'a紅樓 a樓夢 a夢 aangstrom' });
  expect(rowAfter(fromBook!, log, id(1))).not.toHaveProperty('titleWords');
});

test('a field that an update does not know is no column', () => {
  const log = new Log().appendAny(book, 'BookUpdated', { title: 'Agnes Grey', shelf: 'B2' });
  expect(rowAfter(fromBook!, log, id(1))).not.toHaveProperty('shelf');
});

test('every event of a book raises its revision', () => {
  const log = new Log()
    .append(book, 'BookCreated', bookCreated)
    .append(book, 'BookUpdated', {})
    .append(book, 'BookDeletionRequested', {})
    .append(book, 'BookDeletionRefused', { code: 'BookHasOpenRents' });
  expect(rowAfter(fromBook!, log, id(1))).toMatchObject({ revision: 3, title: bookCreated.title });
  expect(rowAfter(fromBook!, log.append(book, 'BookDeleted', {}), id(1))).toMatchObject({
    revision: 4,
    title: bookCreated.title,
    deletedAt: '2026-01-01T00:00:04.000Z',
  });
});

test('a copy that goes out is in use until it comes back, and again when the return is undone', () => {
  const log = new Log().append(lending, 'BookRented', { ...rent, dueOn: '2026-01-15' });
  expect(rowAfter(fromRent!, log, id(1))).toEqual({ inUse: 1 });
  expect(rowAfter(fromRent!, log.append(lending, 'BookReturned', rent), id(1))).toEqual({ inUse: 0 });
  log.append(lending, 'RentReopened', { ...rent, dueOn: '2026-01-15' });
  expect(rowAfter(fromRent!, log, id(1))).toEqual({ inUse: 1 });
});

test('a copy is in use while it is lost, until it is found', () => {
  const log = new Log()
    .append(lending, 'BookRented', { ...rent, dueOn: '2026-01-15' })
    .append(lending, 'CopyLost', rent);
  expect(rowAfter(fromRent!, log, id(1))).toEqual({ inUse: 1 });
  expect(rowAfter(fromRent!, log.append(lending, 'CopyFound', rent), id(1))).toEqual({ inUse: 0 });
});

const hold = { holdId: `${id(1)}.0`, userId: id(12) };
const setAside = () =>
  new Log().append(lending, 'HoldPlaced', hold).append(lending, 'HoldReady', { ...hold, pickupBy: '2026-01-04' });

test('a copy is in use from when it is set aside for a hold, and once when it is picked up', () => {
  expect(rowAfter(fromRent!, setAside(), id(1))).toEqual({ inUse: 1 });
  const log = setAside().append(lending, 'BookRented', { ...rent, dueOn: '2026-01-15', holdId: hold.holdId });
  expect(rowAfter(fromRent!, log, id(1))).toEqual({ inUse: 1 });
});

test('a copy that was set aside is free again when nobody comes for it', () => {
  expect(rowAfter(fromRent!, setAside().append(lending, 'HoldExpired', hold), id(1))).toEqual({ inUse: 0 });
  const cancelled = setAside().append(lending, 'HoldCancelled', { ...hold, wasReady: true });
  expect(rowAfter(fromRent!, cancelled, id(1))).toEqual({ inUse: 0 });
});

test('a hold that is cancelled while it waits changes nothing', () => {
  const log = new Log()
    .append(lending, 'HoldPlaced', hold)
    .append(lending, 'HoldCancelled', { ...hold, wasReady: false });
  expect(rowAfter(fromRent!, log, id(1))).toBeUndefined();
});

test('each source writes columns of its own', () => {
  expect(fromBook!.owns.filter((column) => fromRent!.owns.includes(column))).toEqual([]);
});
