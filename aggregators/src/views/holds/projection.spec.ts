import { expect, test } from 'vitest';
import { id, Log } from '../../testing/events.js';
import { rowAfter } from '../../testing/row-after.js';
import { view } from './index.js';

const stream = `BookRent-${id(1)}`;
const hold = { holdId: `${id(1)}.12`, userId: id(11) };
const [fromRent] = view.sources['rent']!;
const placed = () => new Log().append(stream, 'HoldPlaced', hold);
const waiting = {
  bookId: id(1),
  userId: id(11),
  number: 12,
  state: 'waiting',
  placedAt: '2026-01-01T00:00:00.000Z',
  readyAt: null,
  pickupBy: null,
  endedAt: null,
  rentId: null,
};
const ready = { ...waiting, state: 'ready', readyAt: '2026-01-01T00:00:01.000Z', pickupBy: '2026-01-04' };
const setAside = () => placed().append(stream, 'HoldReady', { ...hold, pickupBy: '2026-01-04' });

test('a hold waits from when it was placed, under its number in the queue', () => {
  expect(rowAfter(fromRent!, placed(), hold.holdId)).toEqual(waiting);
});

test('a hold for which a copy is set aside is ready, and says until when', () => {
  expect(rowAfter(fromRent!, setAside(), hold.holdId)).toEqual(ready);
});

test('a hold that is picked up ends with its rent', () => {
  const rented = { rentId: `${id(1)}.3`, userId: id(11), dueOn: '2026-01-15', holdId: hold.holdId };
  expect(rowAfter(fromRent!, setAside().append(stream, 'BookRented', rented), hold.holdId)).toEqual({
    ...ready,
    state: 'pickedUp',
    endedAt: '2026-01-01T00:00:02.000Z',
    rentId: `${id(1)}.3`,
  });
});

test('a rent without a hold is no business of this view', () => {
  const rented = { rentId: `${id(1)}.3`, userId: id(11), dueOn: '2026-01-15' };
  expect(rowAfter(fromRent!, new Log().append(stream, 'BookRented', rented), hold.holdId)).toBeUndefined();
});

test('a hold ends when it is cancelled, and when nobody comes', () => {
  const cancelled = placed().append(stream, 'HoldCancelled', { ...hold, wasReady: false });
  expect(rowAfter(fromRent!, cancelled, hold.holdId)).toEqual({
    ...waiting,
    state: 'cancelled',
    endedAt: '2026-01-01T00:00:01.000Z',
  });
  expect(rowAfter(fromRent!, setAside().append(stream, 'HoldExpired', hold), hold.holdId)).toEqual({
    ...ready,
    state: 'expired',
    endedAt: '2026-01-01T00:00:02.000Z',
  });
});
