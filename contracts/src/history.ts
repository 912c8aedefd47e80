import type { CataloguedBook, RentRow, UserRow } from './view.js';

/** Asks an owner what happened to one of its entities, a page at a time. */
export interface GetHistory {
  /**
   * @minLength 1
   * @maxLength 100
   */
  id: string;
  /** From the oldest event forwards, or from the newest backwards. */
  direction: HistoryDirection;
  /**
   * The revision that the page begins after, in that direction; without it, the page is the first.
   * @TJS-type integer
   * @minimum 0
   * @maximum 9007199254740991
   */
  after?: number;
  /**
   * @TJS-type integer
   * @minimum 1
   * @maximum 100
   */
  limit: number;
}

/** Which way a history is read. */
export type HistoryDirection = 'forwards' | 'backwards';

/** A page of what happened to an entity, in the direction that was asked for. */
export interface History {
  /** Fewer than were asked for where more would not fit into one message. */
  entries: HistoryEntry[];
  /**
   * How many there are in all; none where the entity never was, or is nobody's to see any more.
   * @TJS-type integer
   */
  total: number;
  /** Whether others follow in that direction. */
  more: boolean;
}

/** Something that happened: what, when, by whom, and through which command. */
export interface HistoryEntry {
  /** @format uuid */
  id: string;
  /** @TJS-type integer */
  revision: number;
  /** The event's type. */
  type: string;
  /** What the event says, as the contract of its type has it. */
  data: { [field: string]: unknown };
  /** @format date-time */
  time: string;
  /** Whose doing it was: a principal's id; absent where that is not known. */
  actor?: string;
  /** @format uuid */
  commandId: string;
  /** The same for everything that one request set in motion. */
  correlationId: string;
}

/** Asks an owner for one of its entities as it was at an instant. */
export interface GetStateAt {
  /**
   * @minLength 1
   * @maxLength 100
   */
  id: string;
  /** @format date-time */
  at: string;
}

/** A title at an instant, where it was in the catalogue then. */
export interface BookAt {
  book?: CataloguedBook;
}

/** A person at an instant, where they were registered then and still are. */
export interface UserAt {
  user?: UserRow;
}

/** A rent at an instant, where it had begun by then. */
export interface RentAt {
  rent?: RentRow;
}

/** Asks rent-service how many copies of a book were not free at an instant. */
export interface GetCopiesOutAt {
  /** @format uuid */
  bookId: string;
  /** @format date-time */
  at: string;
}

/** How many copies of a book were not free: out, lost, or set aside for a hold. */
export interface CopiesOutAt {
  /** @TJS-type integer */
  inUse: number;
}

/**
 * What every owner answers about the past of its own entities.
 * @service book rent user
 */
export interface HistoryQueries {
  GetHistory: GetHistory;
  /** @from edge notice-service */
  GetStateAt: GetStateAt;
}

/**
 * What the lending desk answers about the past of a book.
 * @service rent
 */
export interface CopiesQueries {
  GetCopiesOutAt: GetCopiesOutAt;
}
