import type { BorrowerCommands, BorrowerEvents, OwnerRevision, UserDeletionObstacle } from '@shelfmark/contracts';
import { type Decider, reject } from '@shelfmark/event-sourcing';
import { bookOf, cancelHold, copies } from './copies.js';
import { type LendingPolicy, pickupDay } from './lending-policy.js';
import { isNewer } from './owner-revision.js';

export interface Borrower {
  readonly status: 'unopened' | 'open' | 'closed';
  readonly rentLimit: number;
  /** What the limit rests on; absent until the borrower is opened. */
  readonly source?: OwnerRevision;
  /** The due day of each rent that is open, by its id. */
  readonly rents: ReadonlyMap<string, string>;
  /** The ids of the holds that have not ended. */
  readonly holds: ReadonlySet<string>;
}

export type BorrowerDecider = Decider<
  Borrower,
  BorrowerCommands,
  BorrowerEvents,
  UserDeletionObstacle,
  { readonly books: readonly [typeof copies] }
>;

export const borrower = (policy: LendingPolicy): BorrowerDecider => ({
  category: 'Borrower',
  initial: { status: 'unopened', rentLimit: 0, rents: new Map(), holds: new Set() },
  entityId: ({ userId }) => userId,
  others: { books: [copies] },
  streams: { CloseBorrower: (_data, { holds }) => ({ books: [...holds].map(bookOf) }) },

  decide: {
    OpenBorrower: (state, { rentLimit, source }) => {
      if (state.status === 'unopened') return [{ type: 'BorrowerOpened', data: { rentLimit, source } }];
      if (state.status === 'closed' || !isNewer(source, state.source)) return [];
      return [{ type: 'RentLimitChanged', data: { rentLimit, source } }];
    },

    ChangeRentLimit: (state, { rentLimit, source }) => {
      if (state.status !== 'open' || !isNewer(source, state.source)) return [];
      return [{ type: 'RentLimitChanged', data: { rentLimit, source } }];
    },

    CloseBorrower: (state, _data, { now }, { books = {} }) => {
      if (state.status === 'closed') return [];
      if (state.rents.size > 0) return reject('UserHasOpenRents', `${state.rents.size} still out`);
      const holds = [...state.holds];
      return {
        own: [
          ...holds.map((holdId) => ({ type: 'HoldEnded' as const, data: { holdId } })),
          { type: 'BorrowerClosed', data: {} },
        ],
        books: Object.fromEntries(
          holds.map((holdId) => [bookOf(holdId), cancelHold(books[bookOf(holdId)]!, holdId, pickupDay(policy, now))]),
        ),
      };
    },
  },

  evolve: {
    BorrowerOpened: (state, { rentLimit, source }) => ({ ...state, status: 'open', rentLimit, source }),
    RentLimitChanged: (state, { rentLimit, source }) => ({ ...state, rentLimit, source }),
    RentTaken: (state, { rentId, dueOn }) => ({ ...state, rents: new Map(state.rents).set(rentId, dueOn) }),
    RentExtended: (state, { rentId, dueOn }) => ({ ...state, rents: new Map(state.rents).set(rentId, dueOn) }),
    RentEnded: (state, { rentId }) => {
      const rents = new Map(state.rents);
      rents.delete(rentId);
      return { ...state, rents };
    },
    HoldTaken: (state, { holdId }) => ({ ...state, holds: new Set(state.holds).add(holdId) }),
    HoldEnded: (state, { holdId }) => {
      const holds = new Set(state.holds);
      holds.delete(holdId);
      return { ...state, holds };
    },
    BorrowerClosed: (state) => ({ ...state, status: 'closed' }),
  },
});
