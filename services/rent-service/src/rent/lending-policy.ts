import { addDays, dayIn } from './calendar.js';
import { type ClosedDays, nextOpenDay, noClosedDays } from './closed-days.js';

/** The library's numbers for lending, and its days. */
export interface LendingPolicy {
  /** How long a book may be kept. */
  readonly rentDays: number;
  /** How often a rent may be renewed. */
  readonly renewals: number;
  /** So many overdue rents keep a borrower from taking more. */
  readonly blockingOverdueRents: number;
  /** How long a return can be undone. */
  readonly reopenHours: number;
  /** For so many books may a borrower wait. */
  readonly holds: number;
  /** How long a copy stays set aside. */
  readonly pickupDays: number;
  /** The IANA time zone in which a day begins and ends. */
  readonly timeZone: string;
  readonly closedDays: ClosedDays;
}

export const lendingPolicy = (timeZone: string, closedDays = noClosedDays): LendingPolicy => ({
  rentDays: 14,
  renewals: 2,
  blockingOverdueRents: 2,
  reopenHours: 24,
  holds: 5,
  pickupDays: 3,
  timeZone,
  closedDays,
});

/** The day by whose end a copy that goes out now is to come back. */
export function dueDay({ timeZone, closedDays, rentDays }: LendingPolicy, now: Date): string {
  return nextOpenDay(closedDays, addDays(dayIn(timeZone, now), rentDays));
}

/** The day by whose end a copy that is set aside now is to be picked up. */
export function pickupDay({ timeZone, closedDays, pickupDays }: LendingPolicy, now: Date): string {
  return nextOpenDay(closedDays, addDays(dayIn(timeZone, now), pickupDays));
}
