import type { BookRentEvents } from '@shelfmark/contracts';
import { parseStreamName, type Projection } from '@shelfmark/event-sourcing';
import type { Hold } from './entity.js';

export const ownedByRent = [
  'bookId',
  'userId',
  'number',
  'state',
  'placedAt',
  'readyAt',
  'pickupBy',
  'endedAt',
  'rentId',
] as const;

export const fromRent: Projection<BookRentEvents, Pick<Hold, (typeof ownedByRent)[number]>> = {
  HoldPlaced: ({ holdId, userId }, event) => ({
    key: holdId,
    set: {
      bookId: parseStreamName(event.stream).id,
      userId,
      number: numberIn(holdId),
      state: 'waiting',
      placedAt: event.metadata.time,
      readyAt: null,
      pickupBy: null,
      endedAt: null,
      rentId: null,
    },
  }),
  HoldReady: ({ holdId, pickupBy }, event) => ({
    key: holdId,
    set: { state: 'ready', readyAt: event.metadata.time, pickupBy },
  }),
  BookRented: ({ holdId, rentId }, event) =>
    holdId === undefined ? [] : { key: holdId, set: { state: 'pickedUp', endedAt: event.metadata.time, rentId } },
  HoldCancelled: ({ holdId }, event) => ({
    key: holdId,
    set: { state: 'cancelled', endedAt: event.metadata.time },
  }),
  HoldExpired: ({ holdId }, event) => ({
    key: holdId,
    set: { state: 'expired', endedAt: event.metadata.time },
  }),
};

/** Of a hold, among those of its book. */
function numberIn(holdId: string): number {
  return Number(holdId.slice(holdId.indexOf('.') + 1));
}
