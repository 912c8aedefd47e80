import assert from 'node:assert/strict';
import type { BookRentEvents, OwnerRevision } from '@shelfmark/contracts';
import type { Aggregate, EventOf } from '@shelfmark/event-sourcing';

/** The copies of one book: which of them are out, lost or set aside, and who waits for one. */
export interface Copies {
  readonly status: 'unopened' | 'open' | 'closed';
  /** How many there are in all, lost ones included. */
  readonly amount: number;
  /** What the amount rests on; absent until the book is opened. */
  readonly source?: OwnerRevision;
  /** The numbers of the next rent and the next hold. */
  readonly nextRent: number;
  readonly nextHold: number;
  /** The rents that are open, by their ids. */
  readonly rents: ReadonlyMap<string, Rent>;
  /** The rents that came back within the last days, for a return may be undone; the oldest first. */
  readonly returned: ReadonlyMap<string, Rent & { readonly returnedAt: string }>;
  /** Who had the copies that are lost, by the ids of the rents that they were lost with. */
  readonly lost: ReadonlyMap<string, string>;
  /** The holds that have not ended, by their ids, in the order in which they were placed. */
  readonly holds: ReadonlyMap<string, Hold>;
}

export interface Rent {
  readonly userId: string;
  readonly dueOn: string;
  readonly renewals: number;
}

export interface Hold {
  readonly userId: string;
  /** There when a copy is set aside. */
  readonly pickupBy?: string;
}

/** Returned rents are forgotten after this: longer than any policy lets a return be undone. */
const rememberReturnsMs = 7 * 24 * 60 * 60 * 1000;

/** So many holds at most become ready in one step, for an append has a limit; the rest when something else happens to the book. */
const readyAtOnce = 300;

export const copies: Aggregate<Copies, BookRentEvents> = {
  category: 'BookRent',
  initial: {
    status: 'unopened',
    amount: 0,
    nextRent: 0,
    nextHold: 0,
    rents: new Map(),
    returned: new Map(),
    lost: new Map(),
    holds: new Map(),
  },
  resultId: ({ type, data }) => {
    if ('rentId' in data) return data.rentId;
    // A hold that becomes ready on the way is not what the command was about.
    return type === 'HoldPlaced' ? data.holdId : undefined;
  },

  evolve: {
    BookRentOpened: (state, { amount, source }) => ({ ...state, status: 'open', amount, source }),
    CopiesChanged: (state, { amount, source }) => ({ ...state, amount, source }),
    BookRented: (state, { rentId, userId, dueOn, holdId }) => ({
      ...state,
      nextRent: state.nextRent + 1,
      rents: having(state.rents, rentId, { userId, dueOn, renewals: 0 }),
      holds: holdId === undefined ? state.holds : without(state.holds, holdId),
    }),
    RentRenewed: (state, { rentId, dueOn }) => {
      const rent = state.rents.get(rentId);
      assert(rent);
      return { ...state, rents: having(state.rents, rentId, { ...rent, dueOn, renewals: rent.renewals + 1 }) };
    },
    BookReturned: (state, { rentId }, { metadata }) => {
      const rent = state.rents.get(rentId);
      assert(rent);
      const forgetBefore = Date.parse(metadata.time) - rememberReturnsMs;
      const remembered = [...state.returned].filter(([, { returnedAt }]) => Date.parse(returnedAt) > forgetBefore);
      return {
        ...state,
        rents: without(state.rents, rentId),
        returned: new Map(remembered).set(rentId, { ...rent, returnedAt: metadata.time }),
      };
    },
    RentReopened: (state, { rentId }) => {
      const rent = state.returned.get(rentId);
      assert(rent);
      const { returnedAt: _, ...asItWas } = rent;
      return {
        ...state,
        returned: without(state.returned, rentId),
        rents: having(state.rents, rentId, asItWas),
      };
    },
    CopyLost: (state, { rentId, userId }) => ({
      ...state,
      rents: without(state.rents, rentId),
      lost: having(state.lost, rentId, userId),
    }),
    CopyFound: (state, { rentId }) => ({ ...state, lost: without(state.lost, rentId) }),
    HoldPlaced: (state, { holdId, userId }) => ({
      ...state,
      nextHold: state.nextHold + 1,
      holds: having(state.holds, holdId, { userId }),
    }),
    // A key that is there already keeps its place.
    HoldReady: (state, { holdId, userId, pickupBy }) => ({
      ...state,
      holds: having(state.holds, holdId, { userId, pickupBy }),
    }),
    HoldCancelled: (state, { holdId }) => ({ ...state, holds: without(state.holds, holdId) }),
    HoldExpired: (state, { holdId }) => ({ ...state, holds: without(state.holds, holdId) }),
    BookRentClosed: (state) => ({ ...state, status: 'closed' }),
  },
};

/** How many copies are not free: out, lost, or set aside. */
export function copiesInUse({ rents, lost, holds }: Copies): number {
  return rents.size + lost.size + [...holds.values()].filter(isReady).length;
}

/** How many copies nobody has or is to have. Below zero where the amount was lowered under what is in use. */
export function freeCopies(state: Copies): number {
  return state.amount - copiesInUse(state);
}

/** How many copies are in the house, those that are set aside included. */
export function copiesInTheHouse({ amount, rents, lost }: Copies): number {
  return amount - rents.size - lost.size;
}

/** The id of the rent by which a user has the book out. */
export function rentOf({ rents }: Copies, userId: string): string | undefined {
  for (const [rentId, rent] of rents) if (rent.userId === userId) return rentId;
  return undefined;
}

/** The hold by which a user waits for the book, or has a copy set aside. */
export function holdOf(
  { holds }: Copies,
  userId: string,
): { readonly holdId: string; readonly ready: boolean } | undefined {
  for (const [holdId, hold] of holds) if (hold.userId === userId) return { holdId, ready: isReady(hold) };
  return undefined;
}

/** Whether the rent was ever open. */
export function wasRented({ nextRent }: Copies, rentId: string): boolean {
  return numberIn(rentId) < nextRent;
}

/** Whether the hold was ever placed. */
export function wasPlaced({ nextHold }: Copies, holdId: string): boolean {
  return numberIn(holdId) < nextHold;
}

export function isReady({ pickupBy }: Hold): boolean {
  return pickupBy !== undefined;
}

/** How many people wait for whom no copy is set aside. */
export function waitingHolds({ holds }: Copies): number {
  return [...holds.values()].filter((hold) => !isReady(hold)).length;
}

/** The copies are free: they are set aside for those who have waited longest. */
export function setAside(
  { holds }: Copies,
  free: number,
  pickupBy: string,
): readonly EventOf<Pick<BookRentEvents, 'HoldReady'>>[] {
  return [...holds]
    .filter(([, hold]) => !isReady(hold))
    .slice(0, Math.max(0, Math.min(free, readyAtOnce)))
    .map(([holdId, { userId }]) => ({ type: 'HoldReady', data: { holdId, userId, pickupBy } }));
}

/** A hold is cancelled; a copy that was set aside for it goes to the next in the queue. */
export function cancelHold(
  state: Copies,
  holdId: string,
  pickupBy: string,
): readonly EventOf<Pick<BookRentEvents, 'HoldCancelled' | 'HoldReady'>>[] {
  const hold = state.holds.get(holdId);
  assert(hold);
  const rest = { ...state, holds: without(state.holds, holdId) };
  return [
    { type: 'HoldCancelled', data: { holdId, userId: hold.userId, wasReady: isReady(hold) } },
    ...setAside(rest, freeCopies(rest), pickupBy),
  ];
}

/** The book that a rent or a hold is of. */
export function bookOf(id: string): string {
  return id.slice(0, id.indexOf('.'));
}

function numberIn(id: string): number {
  return Number(id.slice(id.indexOf('.') + 1));
}

function having<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key, value: Value): ReadonlyMap<Key, Value> {
  return new Map(map).set(key, value);
}

function without<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): ReadonlyMap<Key, Value> {
  const rest = new Map(map);
  rest.delete(key);
  return rest;
}
