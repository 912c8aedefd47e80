import type { BookRentEvents, RentCommands, RentRejection } from '@shelfmark/contracts';
import { type Decider, reject } from '@shelfmark/event-sourcing';
import { type BorrowerDecider, borrower } from './borrower.js';
import { dayIn } from './calendar.js';
import {
  type Copies,
  bookOf,
  cancelHold,
  copies,
  copiesInTheHouse,
  freeCopies,
  holdOf,
  isReady,
  rentOf,
  setAside,
  waitingHolds,
  wasPlaced,
  wasRented,
} from './copies.js';
import { type LendingPolicy, dueDay, pickupDay } from './lending-policy.js';
import { isNewer } from './owner-revision.js';

export type BookRentDecider = Decider<
  Copies,
  RentCommands,
  BookRentEvents,
  RentRejection,
  { readonly borrower: BorrowerDecider; readonly holders: readonly [BorrowerDecider] }
>;

/** So many holds at most expire in one step, for an append has a limit; the timer comes again for the rest. */
const expiringAtOnce = 100;

/**
 * The lending of one book: each rent and each hold is decided here and on its borrower's stream together, so that the last
 * copy goes to one borrower and a limit holds, however many desks press at once. Whenever copies become free, those who wait
 * are served in the same step; so nobody waits while a copy is free.
 */
export function bookRent(policy: LendingPolicy): BookRentDecider {
  const anyBorrower = borrower(policy);

  return {
    ...copies,
    entityId: (data) => {
      if ('rentId' in data) return bookOf(data.rentId);
      return 'holdId' in data ? bookOf(data.holdId) : data.bookId;
    },
    others: { borrower: anyBorrower, holders: [anyBorrower] },

    streams: {
      RentBook: ({ userId }) => ({ borrower: userId }),
      TakeOverRent: ({ userId }) => ({ borrower: userId }),
      ReturnRent: ({ rentId }, { rents }) => ({ borrower: rents.get(rentId)?.userId }),
      ReturnBook: ({ userId }) => ({ borrower: userId }),
      ReopenRent: ({ rentId }, { returned }) => ({ borrower: returned.get(rentId)?.userId }),
      RenewRent: ({ rentId }, { rents }) => ({ borrower: rents.get(rentId)?.userId }),
      ReportCopyLost: ({ rentId }, { rents }) => ({ borrower: rents.get(rentId)?.userId }),
      PlaceHold: ({ userId }) => ({ borrower: userId }),
      CancelHold: ({ holdId }, { holds }) => ({ borrower: holds.get(holdId)?.userId }),
      ExpireHolds: (_data, state) => ({ holders: expiringNext(state).map(({ userId }) => userId) }),
    },

    decide: {
      RentBook: (state, { bookId, userId }, { now }, { borrower }) => {
        const today = dayIn(policy.timeZone, now);
        // rules.md: when several rules refuse, the first of these answers.
        if (borrower?.status !== 'open') return reject('UserNotFound');
        if (state.status !== 'open') return reject('BookNotFound');
        if (rentOf(state, userId)) return reject('AlreadyRented');
        const overdue = [...borrower.rents.values()].filter((dueOn) => dueOn < today).length;
        if (overdue >= policy.blockingOverdueRents) return reject('BorrowerOverdue', `${overdue} rents are overdue`);
        if (borrower.rents.size >= borrower.rentLimit)
          return reject('RentLimitReached', `the limit is ${borrower.rentLimit}`);
        const hold = holdOf(state, userId);
        // What is set aside is for its holder; but the amount may have been lowered under what was set aside.
        const available = hold?.ready ? copiesInTheHouse(state) : freeCopies(state);
        if (available <= 0) return reject('NoCopyAvailable');
        const rentId = `${bookId}.${state.nextRent}`;
        const dueOn = dueDay(policy, now);
        if (!hold) {
          return {
            own: [{ type: 'BookRented', data: { rentId, userId, dueOn } }],
            borrower: [{ type: 'RentTaken', data: { rentId, dueOn } }],
          };
        }
        const { holdId, ready } = hold;
        const pickupBy = pickupDay(policy, now);
        return {
          own: [
            ...(ready ? [] : [{ type: 'HoldReady' as const, data: { holdId, userId, pickupBy } }]),
            { type: 'BookRented', data: { rentId, userId, dueOn, holdId } },
          ],
          borrower: [
            { type: 'RentTaken', data: { rentId, dueOn } },
            { type: 'HoldEnded', data: { holdId } },
          ],
        };
      },

      TakeOverRent: (state, { bookId, userId, dueOn, rentedOn }, _context, { borrower }) => {
        if (borrower?.status !== 'open') return reject('UserNotFound');
        if (state.status !== 'open') return reject('BookNotFound');
        if (rentOf(state, userId)) return reject('AlreadyRented');
        if (holdOf(state, userId)) return reject('AlreadyOnHold');
        // Whoever has the copy has it, whatever the limit; but a copy that is not there cannot be out.
        if (freeCopies(state) <= 0) return reject('NoCopyAvailable');
        const rentId = `${bookId}.${state.nextRent}`;
        return {
          own: [{ type: 'BookRented', data: { rentId, userId, dueOn, ...(rentedOn !== undefined && { rentedOn }) } }],
          borrower: [{ type: 'RentTaken', data: { rentId, dueOn } }],
        };
      },

      ReturnRent: (state, { rentId }, { now }) => {
        if (state.rents.has(rentId)) return returned(state, rentId, now);
        // Whoever hands in a copy that was given up has found it.
        if (state.lost.has(rentId)) return found(state, rentId, now);
        return wasRented(state, rentId) ? [] : reject('RentNotFound');
      },

      ReturnBook: (state, { userId }, { now }) => {
        const rentId = rentOf(state, userId);
        return rentId === undefined ? reject('RentNotFound') : returned(state, rentId, now);
      },

      ReopenRent: (state, { rentId }, { now }, { borrower }) => {
        if (state.rents.has(rentId)) return [];
        if (!wasRented(state, rentId)) return reject('RentNotFound');
        if (state.lost.has(rentId)) return reject('RentNotReopenable', 'the copy was reported lost');
        const rent = state.returned.get(rentId);
        if (!rent || now.getTime() - Date.parse(rent.returnedAt) > policy.reopenHours * 60 * 60 * 1000) {
          return reject('RentNotReopenable', `it was returned more than ${policy.reopenHours} hours ago`);
        }
        const { userId, dueOn } = rent;
        if (state.status !== 'open') return reject('RentNotReopenable', 'the book has left the catalogue');
        if (borrower?.status !== 'open') return reject('RentNotReopenable', 'the borrower has left');
        if (rentOf(state, userId)) return reject('RentNotReopenable', 'the borrower has taken the book again');
        if (holdOf(state, userId)) return reject('RentNotReopenable', 'the borrower has a hold on the book');
        if (freeCopies(state) <= 0) {
          return reject('RentNotReopenable', 'the copy has been lent again, or is set aside for somebody');
        }
        if (borrower.rents.size >= borrower.rentLimit) {
          return reject('RentNotReopenable', 'the borrower is at the limit');
        }
        return {
          own: [{ type: 'RentReopened', data: { rentId, userId, dueOn } }],
          borrower: [{ type: 'RentTaken', data: { rentId, dueOn } }],
        };
      },

      RenewRent: (state, { rentId }, { now }) => {
        const rent = state.rents.get(rentId);
        if (!rent) return reject(wasRented(state, rentId) ? 'RentNotOpen' : 'RentNotFound');
        const waiting = waitingHolds(state);
        if (waiting > Math.max(0, freeCopies(state))) return reject('HoldsWaiting', `${waiting} waiting`);
        if (rent.dueOn < dayIn(policy.timeZone, now)) return reject('RentOverdue', `it was due on ${rent.dueOn}`);
        if (rent.renewals >= policy.renewals) return reject('RenewalLimitReached', `the limit is ${policy.renewals}`);
        const anew = dueDay(policy, now);
        const dueOn = anew > rent.dueOn ? anew : rent.dueOn;
        return {
          own: [{ type: 'RentRenewed', data: { rentId, userId: rent.userId, dueOn } }],
          borrower: [{ type: 'RentExtended', data: { rentId, dueOn } }],
        };
      },

      ReportCopyLost: (state, { rentId }) => {
        const rent = state.rents.get(rentId);
        if (rent) {
          return {
            own: [{ type: 'CopyLost', data: { rentId, userId: rent.userId } }],
            borrower: [{ type: 'RentEnded', data: { rentId } }],
          };
        }
        if (state.lost.has(rentId)) return [];
        return reject(wasRented(state, rentId) ? 'RentNotOpen' : 'RentNotFound');
      },

      ReportCopyFound: (state, { rentId }, { now }) => {
        if (state.lost.has(rentId)) return found(state, rentId, now);
        if (state.rents.has(rentId)) return reject('RentNotLost', 'the copy is out');
        return wasRented(state, rentId) ? [] : reject('RentNotFound');
      },

      PlaceHold: (state, { bookId, userId }, _context, { borrower }) => {
        // In the same order as for a rent: what is not there, what this person has already, then what is short.
        if (borrower?.status !== 'open') return reject('UserNotFound');
        if (state.status !== 'open') return reject('BookNotFound');
        if (rentOf(state, userId)) return reject('AlreadyRented');
        if (holdOf(state, userId)) return reject('AlreadyOnHold');
        if (freeCopies(state) > 0) return reject('CopyAvailable');
        if (borrower.holds.size >= policy.holds) return reject('HoldLimitReached', `the limit is ${policy.holds}`);
        const holdId = `${bookId}.${state.nextHold}`;
        return {
          own: [{ type: 'HoldPlaced', data: { holdId, userId } }],
          borrower: [{ type: 'HoldTaken', data: { holdId } }],
        };
      },

      CancelHold: (state, { holdId }, { now }) => {
        if (!state.holds.has(holdId)) return wasPlaced(state, holdId) ? [] : reject('HoldNotFound');
        return {
          own: cancelHold(state, holdId, pickupDay(policy, now)),
          borrower: [{ type: 'HoldEnded', data: { holdId } }],
        };
      },

      ExpireHolds: (state, _data, { now }) => {
        const today = dayIn(policy.timeZone, now);
        const expired = expiringNext(state).filter(({ pickupBy }) => pickupBy < today);
        return {
          own: [
            ...expired.map(({ holdId, userId }) => ({ type: 'HoldExpired' as const, data: { holdId, userId } })),
            ...setAside(state, freeCopies(state) + expired.length, pickupDay(policy, now)),
          ],
          holders: Object.fromEntries(
            expired.map(({ holdId, userId }) => [userId, [{ type: 'HoldEnded' as const, data: { holdId } }]]),
          ),
        };
      },

      OpenBookRent: (state, { amount, source }, { now }) => {
        if (state.status === 'unopened') return [{ type: 'BookRentOpened', data: { amount, source } }];
        if (state.status === 'closed' || !isNewer(source, state.source)) return [];
        return changedCopies(state, amount, source, now);
      },

      ChangeCopies: (state, { amount, source }, { now }) => {
        if (state.status !== 'open' || !isNewer(source, state.source)) return [];
        return changedCopies(state, amount, source, now);
      },

      CloseBookRent: (state) => {
        if (state.status === 'closed') return [];
        if (state.rents.size > 0) return reject('BookHasOpenRents', `${state.rents.size} still out`);
        if (state.holds.size > 0) return reject('BookHasHolds', `${state.holds.size} not ended`);
        return [{ type: 'BookRentClosed', data: {} }];
      },
    },
  };

  function returned(state: Copies, rentId: string, now: Date) {
    const { userId } = state.rents.get(rentId)!;
    return {
      own: [{ type: 'BookReturned' as const, data: { rentId, userId } }, ...served(state, 1, now)],
      borrower: [{ type: 'RentEnded' as const, data: { rentId } }],
    };
  }

  function found(state: Copies, rentId: string, now: Date) {
    const userId = state.lost.get(rentId)!;
    return [{ type: 'CopyFound' as const, data: { rentId, userId } }, ...served(state, 1, now)];
  }

  function changedCopies(state: Copies, amount: number, source: BookRentEvents['CopiesChanged']['source'], now: Date) {
    return [{ type: 'CopiesChanged' as const, data: { amount, source } }, ...served(state, amount - state.amount, now)];
  }

  /** Those who are served when so many copies more are free than before. */
  function served(state: Copies, more: number, now: Date) {
    return setAside(state, freeCopies(state) + more, pickupDay(policy, now));
  }
}

/** The holds with a copy set aside, those first that are to be picked up first. */
function expiringNext({ holds }: Copies): readonly { holdId: string; userId: string; pickupBy: string }[] {
  return [...holds]
    .filter(([, hold]) => isReady(hold))
    .map(([holdId, { userId, pickupBy }]) => ({ holdId, userId, pickupBy: pickupBy! }))
    .sort((a, b) => (a.pickupBy < b.pickupBy ? -1 : a.pickupBy > b.pickupBy ? 1 : 0))
    .slice(0, expiringAtOnce);
}
