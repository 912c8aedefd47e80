import { expect, test } from 'vitest';
import { bookCreated, id, Log } from '../../testing/events.js';
import { rowAfter } from '../../testing/row-after.js';
import { view } from './index.js';

const lending = `BookRent-${id(1)}`;
const rent = { rentId: `${id(1)}.1`, userId: id(11), dueOn: '2026-01-15' };
const [titlesFromBook] = view.sources['book']!;
const [titlesFromRent, quarters, borrowers] = view.sources['rent']!;

test('a title is listed by its words, until it leaves the catalogue', () => {
  const log = new Log()
    .append(`Book-${id(1)}`, 'BookCreated', bookCreated)
    .append(`Book-${id(1)}`, 'BookUpdated', { title: '“Agnes Grey”' })
    .append(`Book-${id(1)}`, 'BookUpdated', { amount: 2 });
  const listed = { titleKey: 'agnes grey', createdAt: '2026-01-01T00:00:00.000Z' };
  expect(rowAfter(titlesFromBook!, log, id(1))).toEqual(listed);
  log.append(`Book-${id(1)}`, 'BookDeleted', {});
  expect(rowAfter(titlesFromBook!, log, id(1))).toEqual({ ...listed, deletedAt: '2026-01-01T00:00:03.000Z' });
});

test('a title is rented once with every copy that goes out, and not again when a return is undone', () => {
  const log = new Log()
    .append(lending, 'BookRented', rent)
    .append(lending, 'BookReturned', rent)
    .append(lending, 'RentReopened', rent)
    .append(lending, 'BookRented', { ...rent, rentId: `${id(1)}.2` });
  expect(rowAfter(titlesFromRent!, log, id(1))).toEqual({ rents: 2 });
});

test('rents and renewals count in the quarter of an hour in which they happen', () => {
  const log = new Log();
  // One a second.
  for (let second = 0; second <= 15 * 60; second += 1) log.append(lending, 'BookRented', rent);
  log.append(lending, 'RentRenewed', rent);
  expect(rowAfter(quarters!, log, '2026-01-01T00:00:00.000Z')).toEqual({ rents: 15 * 60 });
  expect(rowAfter(quarters!, log, '2026-01-01T00:15:00.000Z')).toEqual({ rents: 1, renewals: 1 });
});

test('a person has as many open rents as copies that are out to them: lost ones are not', () => {
  const second = { ...rent, rentId: `${id(1)}.2` };
  const log = new Log().append(lending, 'BookRented', rent).append(lending, 'BookRented', second);
  expect(rowAfter(borrowers!, log, id(11))).toEqual({ open: 2 });
  log.append(lending, 'BookReturned', rent).append(lending, 'CopyLost', second).append(lending, 'CopyFound', second);
  expect(rowAfter(borrowers!, log, id(11))).toEqual({ open: 0 });
  expect(rowAfter(borrowers!, log.append(lending, 'RentReopened', rent), id(11))).toEqual({ open: 1 });
});
