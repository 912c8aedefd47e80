import { expect, test } from 'vitest';
import { id, Log } from '../../testing/events.js';
import { rowAfter } from '../../testing/row-after.js';
import { view } from './index.js';

const stream = `BookRent-${id(1)}`;
const rent = { rentId: `${id(1)}.1`, userId: id(11) };
const [fromRent] = view.sources['rent']!;
const rented = () => new Log().append(stream, 'BookRented', { ...rent, dueOn: '2026-01-15' });
const open = {
  bookId: id(1),
  userId: id(11),
  state: 'open',
  rentedAt: '2026-01-01T00:00:00.000Z',
  dueOn: '2026-01-15',
  renewals: 0,
  returnedAt: null,
  lostAt: null,
};

test('a rent is open from the moment when the copy went out', () => {
  expect(rowAfter(fromRent!, rented(), rent.rentId)).toEqual(open);
});

test('a rent whose copy came back is returned, and says when', () => {
  const log = rented().append(stream, 'BookReturned', rent);
  expect(rowAfter(fromRent!, log, rent.rentId)).toEqual({
    ...open,
    state: 'returned',
    returnedAt: '2026-01-01T00:00:01.000Z',
  });
});

test('a rent whose return was undone is open as it was', () => {
  const log = rented()
    .append(stream, 'BookReturned', rent)
    .append(stream, 'RentReopened', { ...rent, dueOn: '2026-01-15' });
  expect(rowAfter(fromRent!, log, rent.rentId)).toEqual(open);
});

test('a rent that is renewed is due later, and says how often it was', () => {
  const log = rented()
    .append(stream, 'RentRenewed', { ...rent, dueOn: '2026-01-20' })
    .append(stream, 'RentRenewed', { ...rent, dueOn: '2026-01-25' });
  expect(rowAfter(fromRent!, log, rent.rentId)).toEqual({ ...open, dueOn: '2026-01-25', renewals: 2 });
});

test('a rent whose copy is lost is lost, and returned when that is found, with both times', () => {
  const log = rented().append(stream, 'CopyLost', rent);
  const lost = { ...open, state: 'lost', lostAt: '2026-01-01T00:00:01.000Z' };
  expect(rowAfter(fromRent!, log, rent.rentId)).toEqual(lost);
  expect(rowAfter(fromRent!, log.append(stream, 'CopyFound', rent), rent.rentId)).toEqual({
    ...lost,
    state: 'returned',
    returnedAt: '2026-01-01T00:00:02.000Z',
  });
});
