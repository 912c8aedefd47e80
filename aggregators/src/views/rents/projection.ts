import type { BookRentEvents } from '@shelfmark/contracts';
import { parseStreamName, type Projection } from '@shelfmark/event-sourcing';
import type { Rent } from './entity.js';

export const ownedByRent = [
  'bookId',
  'userId',
  'state',
  'rentedAt',
  'dueOn',
  'renewals',
  'returnedAt',
  'lostAt',
] as const;

export const fromRent: Projection<BookRentEvents, Pick<Rent, (typeof ownedByRent)[number]>> = {
  BookRented: ({ rentId, userId, dueOn, rentedOn }, event) => ({
    key: rentId,
    set: {
      bookId: parseStreamName(event.stream).id,
      userId,
      state: 'open',
      // Of a rent that was taken over only the day is known.
      rentedAt: rentedOn === undefined ? event.metadata.time : `${rentedOn}T00:00:00.000Z`,
      dueOn,
      renewals: 0,
      returnedAt: null,
      lostAt: null,
    },
  }),
  BookReturned: ({ rentId }, event) => ({
    key: rentId,
    set: { state: 'returned', returnedAt: event.metadata.time },
  }),
  RentReopened: ({ rentId, dueOn }) => ({
    key: rentId,
    set: { state: 'open', dueOn, returnedAt: null },
  }),
  RentRenewed: ({ rentId, dueOn }) => ({ key: rentId, set: { dueOn }, add: { renewals: 1 } }),
  CopyLost: ({ rentId }, event) => ({ key: rentId, set: { state: 'lost', lostAt: event.metadata.time } }),
  // The rent is over, as with a copy that was brought back; that it was lost for a while stays to be seen.
  CopyFound: ({ rentId }, event) => ({ key: rentId, set: { state: 'returned', returnedAt: event.metadata.time } }),
};
