import type { OperationState } from './operation.js';

/** A title as its owner has it. */
export interface CataloguedBook {
  /** @format uuid */
  id: string;
  /** @TJS-type integer */
  revision: number;
  title: string;
  authors: string[];
  isbn: string | null;
  languages: string[];
  subjects: string[];
  /** @TJS-type ["integer","null"] */
  year: number | null;
  /** @TJS-type integer */
  amount: number;
  /** @format date-time */
  createdAt: string;
  /** @format date-time */
  updatedAt: string;
}

/** A title as the catalogue shows it. */
export interface BookRow extends CataloguedBook {
  /**
   * How many copies are not free: those that are out, those that are lost, and those set aside for a hold that is ready.
   * @TJS-type integer
   */
  inUse: number;
  /** Whether an event of it could not be shown, so that this is the state before. */
  parked: boolean;
}

/** A person as the desk sees them. */
export interface UserRow {
  /** @format uuid */
  id: string;
  /** @TJS-type integer */
  revision: number;
  name: string;
  email: string;
  /** @TJS-type integer */
  rentLimit: number;
  /** @format date-time */
  createdAt: string;
  /** @format date-time */
  updatedAt: string;
  parked: boolean;
}

/** A rent: open, returned, or closed because the copy was lost. */
export interface RentRow {
  id: string;
  /** @format uuid */
  bookId: string;
  /** @format uuid */
  userId: string;
  state: RentState;
  /** @format date-time */
  rentedAt: string;
  /** @format date */
  dueOn: string;
  /**
   * How often it was renewed.
   * @TJS-type integer
   */
  renewals: number;
  /**
   * When the copy came back: was returned, or was found again.
   * @format date-time
   */
  returnedAt: string | null;
  /**
   * When the copy was reported lost; a copy that was found since has both times.
   * @format date-time
   */
  lostAt: string | null;
  parked: boolean;
}

/** What a rent is now. One whose lost copy was found again is returned. */
export type RentState = 'open' | 'returned' | 'lost';

/** A person's place in the queue for a book, and what became of it. */
export interface HoldRow {
  id: string;
  /** @format uuid */
  bookId: string;
  /** @format uuid */
  userId: string;
  state: HoldState;
  /** @format date-time */
  placedAt: string;
  /**
   * When a copy was set aside.
   * @format date-time
   */
  readyAt: string | null;
  /**
   * The day by whose end the copy is to be picked up.
   * @format date
   */
  pickupBy: string | null;
  /**
   * When it was picked up, cancelled, or expired.
   * @format date-time
   */
  endedAt: string | null;
  /** The rent by which the copy was picked up. */
  rentId: string | null;
  parked: boolean;
}

/** What a hold is now. */
export type HoldState = 'waiting' | 'ready' | 'pickedUp' | 'cancelled' | 'expired';

/** A command that was sent without waiting for its answer: where it is, and nothing of what it carries. */
export interface QueueRow {
  /** The service's word and the operation's id in it. */
  id: string;
  /** The command's type. */
  command: string;
  state: OperationState;
  /** @format date-time */
  queuedAt: string;
  /**
   * How many attempts there were.
   * @TJS-type integer
   */
  attempts: number;
  /** The name of the error that the last one ended with, if it failed. */
  error: string | null;
  /**
   * When the next one is due.
   * @format date-time
   */
  retryAt: string | null;
  parked: boolean;
}

/** The rows that the views hold, by view. */
export interface ViewRows {
  books: BookRow;
  users: UserRow;
  rents: RentRow;
  holds: HoldRow;
}

/** The library in numbers: what went out on some days, and how it is now. */
export interface Statistics {
  /**
   * The first of the days.
   * @format date
   */
  from: string;
  /**
   * The last of the days.
   * @format date
   */
  to: string;
  /** The IANA time zone in which the days begin and end. */
  timeZone: string;
  /**
   * How many copies went out on these days.
   * @TJS-type integer
   */
  rents: number;
  /**
   * How many rents were renewed on these days.
   * @TJS-type integer
   */
  renewals: number;
  /** Each of the days. */
  days: StatisticsOfDay[];
  /**
   * How many copies are out.
   * @TJS-type integer
   */
  openRents: number;
  /**
   * How many of them are out past their day.
   * @TJS-type integer
   */
  overdueRents: number;
  /**
   * How many people have something out.
   * @TJS-type integer
   */
  activeBorrowers: number;
  /**
   * How many titles of the catalogue never went out, up to 10,000.
   * @TJS-type integer
   */
  neverRented: number;
  /**
   * How many books have events that could not be counted.
   * @TJS-type integer
   */
  parkedBooks: number;
}

/** What went out on a day. */
export interface StatisticsOfDay {
  /** @format date */
  day: string;
  /** @TJS-type integer */
  rents: number;
  /** @TJS-type integer */
  renewals: number;
}
