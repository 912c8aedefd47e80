import assert from 'node:assert/strict';
import type { BookRentEvents, RentRow } from '@shelfmark/contracts';
import { type Aggregate, type Past, parseStreamName } from '@shelfmark/event-sourcing';

/** Those events of a book's lending that are about one rent: the ones that name it. */
type RentEvents = {
  [
    Type in keyof BookRentEvents as BookRentEvents[Type] extends { rentId: string } ? Type : never
  ]: BookRentEvents[Type];
};

/** One rent of a book, which the book itself forgets a while after the return. It decides nothing. */
const rent: Aggregate<RentRow | undefined, RentEvents> = {
  category: 'BookRent',
  initial: undefined,
  evolve: {
    BookRented: (_rent, { rentId, userId, dueOn, rentedOn }, { stream, metadata }) => ({
      id: rentId,
      bookId: parseStreamName(stream).id,
      userId,
      state: 'open',
      rentedAt: rentedOn === undefined ? metadata.time : `${rentedOn}T00:00:00.000Z`,
      dueOn,
      renewals: 0,
      returnedAt: null,
      lostAt: null,
      parked: false,
    }),
    RentRenewed: (rent, { dueOn }) => {
      assert(rent);
      return { ...rent, dueOn, renewals: rent.renewals + 1 };
    },
    BookReturned: (rent, _data, { metadata }) => {
      assert(rent);
      return { ...rent, state: 'returned', returnedAt: metadata.time };
    },
    RentReopened: (rent, { dueOn }) => {
      assert(rent);
      return { ...rent, state: 'open', dueOn, returnedAt: null };
    },
    CopyLost: (rent, _data, { metadata }) => {
      assert(rent);
      return { ...rent, state: 'lost', lostAt: metadata.time };
    },
    CopyFound: (rent, _data, { metadata }) => {
      assert(rent);
      return { ...rent, state: 'returned', returnedAt: metadata.time };
    },
  },
};

/** The past of a rent, which lies in the stream of its book's lending. */
export function pastOfRent(rentId: string): Past<RentRow | undefined, RentEvents> {
  return {
    aggregate: rent,
    id: rentId.slice(0, rentId.indexOf('.')),
    concerns: ({ data }) => (data as { readonly rentId?: string }).rentId === rentId,
  };
}
