import { Inject, Injectable } from '@nestjs/common';
import type { BookRentEvents } from '@shelfmark/contracts';
import type { Timer } from '../timers/timers.js';
import type { BookRentDecider } from './book-rent.js';
import { addDays, startOfDay } from './calendar.js';
import { bookOf } from './copies.js';
import { BOOK_RENT, LENDING_POLICY } from './deciders.js';
import type { LendingPolicy } from './lending-policy.js';

/** A hold whose copy was not picked up expires when the last day for it is over. */
@Injectable()
export class HoldExpiry implements Timer<BookRentEvents> {
  readonly kind = 'hold-expiry';
  readonly rule: string;

  constructor(
    @Inject(BOOK_RENT) private readonly bookRent: BookRentDecider,
    @Inject(LENDING_POLICY) private readonly policy: Pick<LendingPolicy, 'timeZone'>,
  ) {
    this.rule = policy.timeZone;
  }

  readonly on: Timer<BookRentEvents>['on'] = {
    HoldReady: ({ holdId, pickupBy }) => ({
      entity: holdId,
      at: startOfDay(this.policy.timeZone, addDays(pickupBy, 1)),
    }),
    BookRented: ({ holdId }) => (holdId === undefined ? undefined : { entity: holdId }),
    HoldCancelled: ({ holdId }) => ({ entity: holdId }),
    HoldExpired: ({ holdId }) => ({ entity: holdId }),
  };

  /** Of a book, all that has expired does so in one step. */
  command(holdId: string) {
    return { decider: this.bookRent, type: 'ExpireHolds', data: { bookId: bookOf(holdId) } };
  }
}
