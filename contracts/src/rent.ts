import type { OwnerRevision, BookDeletionObstacle } from './book.js';
import type { UserDeletionObstacle } from './user.js';

/** A person takes a copy of a book home. */
export interface RentBook {
  /** @format uuid */
  bookId: string;
  /** @format uuid */
  userId: string;
}

/** A copy has been out since before the library moved here: no rule asks who may take one, but there has to be one. */
export interface TakeOverRent {
  /** @format uuid */
  bookId: string;
  /** @format uuid */
  userId: string;
  /**
   * The day by whose end it is to come back, in the library's time zone.
   * @format date
   */
  dueOn: string;
  /**
   * The day when it went out.
   * @format date
   */
  rentedOn?: string;
}

/** A copy comes back, whoever brings it. */
export interface ReturnRent {
  rentId: RentId;
}

/** A copy comes back, known by who has it out. */
export interface ReturnBook {
  /** @format uuid */
  bookId: string;
  /** @format uuid */
  userId: string;
}

/** A return was a mistake: the rent is to be open again as it was. */
export interface ReopenRent {
  rentId: RentId;
}

/** The borrower keeps the copy longer: due anew as if it went out today, and never earlier than before. */
export interface RenewRent {
  rentId: RentId;
}

/** A copy that is out will not come back: the rent is closed, and the copy counts no more. */
export interface ReportCopyLost {
  rentId: RentId;
}

/** A lost copy is there again: it counts as before, and goes to who waits. */
export interface ReportCopyFound {
  rentId: RentId;
}

/** A person waits for a copy of a book of which none is free. */
export interface PlaceHold {
  /** @format uuid */
  bookId: string;
  /** @format uuid */
  userId: string;
}

/** A person waits no longer, or does not want the copy that was set aside for them. */
export interface CancelHold {
  holdId: HoldId;
}

/** Time has passed: what was set aside for people who did not come goes to the next ones. */
export interface ExpireHolds {
  /** @format uuid */
  bookId: string;
}

/** The desk hears of a book from its owner: opens it for lending, or takes over what is newer. */
export interface OpenBookRent {
  /** @format uuid */
  bookId: string;
  /**
   * @TJS-type integer
   * @minimum 0
   */
  amount: number;
  source: OwnerRevision;
}

/** The number of copies changed at the owner; told only to a book that is open for lending. */
export interface ChangeCopies {
  /** @format uuid */
  bookId: string;
  /**
   * @TJS-type integer
   * @minimum 0
   */
  amount: number;
  source: OwnerRevision;
}

/** The book is leaving the catalogue: nothing of it is lent any more. */
export interface CloseBookRent {
  /** @format uuid */
  bookId: string;
}

/** The desk hears of a user from their owner: opens them as a borrower, or takes over what is newer. */
export interface OpenBorrower {
  /** @format uuid */
  userId: string;
  /**
   * @TJS-type integer
   * @minimum 0
   */
  rentLimit: number;
  source: OwnerRevision;
}

/** The limit changed at the owner; told only to a borrower who is open. */
export interface ChangeRentLimit {
  /** @format uuid */
  userId: string;
  /**
   * @TJS-type integer
   * @minimum 0
   */
  rentLimit: number;
  source: OwnerRevision;
}

/** The user is leaving: nothing is lent to them any more, and they wait for nothing. */
export interface CloseBorrower {
  /** @format uuid */
  userId: string;
}

/**
 * The book's id and the rent's number within its stream.
 * @maxLength 60
 * @pattern ^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.(0|[1-9][0-9]{0,14})$
 */
export type RentId = string;

/**
 * The book's id and the hold's number within its stream. Holds are counted apart from rents, so the same text may also be
 * a rent's id: what it is the id of, the field's name says.
 * @maxLength 60
 * @pattern ^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.(0|[1-9][0-9]{0,14})$
 */
export type HoldId = string;

/** A book can be lent from now on. */
export interface BookRentOpened {
  /** @TJS-type integer */
  amount: number;
  source: OwnerRevision;
}

/** The number of copies changed. */
export interface CopiesChanged {
  /** @TJS-type integer */
  amount: number;
  source: OwnerRevision;
}

/** A copy went out. */
export interface BookRented {
  rentId: string;
  /** @format uuid */
  userId: string;
  /**
   * The day by whose end it is to come back, in the library's time zone.
   * @format date
   */
  dueOn: string;
  /**
   * The day when the copy went out, where that was before the library moved here.
   * @format date
   */
  rentedOn?: string;
  /** The hold that ended with it: the copy is the one that was set aside for that hold. */
  holdId?: string;
}

/** A rent is due later. */
export interface RentRenewed {
  rentId: string;
  /** @format uuid */
  userId: string;
  /**
   * The new day by whose end it is to come back.
   * @format date
   */
  dueOn: string;
}

/** A copy came back. */
export interface BookReturned {
  rentId: string;
  /** @format uuid */
  userId: string;
}

/** A return was undone: the rent is open as it was. */
export interface RentReopened {
  rentId: string;
  /** @format uuid */
  userId: string;
  /** @format date */
  dueOn: string;
}

/** A copy that was out is lost: its rent is closed. */
export interface CopyLost {
  rentId: string;
  /** @format uuid */
  userId: string;
}

/** A lost copy is back. */
export interface CopyFound {
  /** The rent by which it was lost. */
  rentId: string;
  /** @format uuid */
  userId: string;
}

/** A person waits for a copy, after those who waited before. */
export interface HoldPlaced {
  holdId: string;
  /** @format uuid */
  userId: string;
}

/** A copy is set aside for a person who waited. */
export interface HoldReady {
  holdId: string;
  /** @format uuid */
  userId: string;
  /**
   * The day by whose end it is to be picked up, in the library's time zone.
   * @format date
   */
  pickupBy: string;
}

/** A person waits no longer. */
export interface HoldCancelled {
  holdId: string;
  /** @format uuid */
  userId: string;
  /** Whether a copy was set aside for it, which is free with that. */
  wasReady: boolean;
}

/** A person did not come for the copy that was set aside for them: it is free again. */
export interface HoldExpired {
  holdId: string;
  /** @format uuid */
  userId: string;
}

/** The book is lent no more. */
export interface BookRentClosed {}

/** A person can borrow from now on. */
export interface BorrowerOpened {
  /** @TJS-type integer */
  rentLimit: number;
  source: OwnerRevision;
}

/** The person's limit changed. */
export interface RentLimitChanged {
  /** @TJS-type integer */
  rentLimit: number;
  source: OwnerRevision;
}

/** The person has one more book out. */
export interface RentTaken {
  rentId: string;
  /** @format date */
  dueOn: string;
}

/** The person has one book less out. */
export interface RentEnded {
  rentId: string;
}

/** A rent of the person is due later. */
export interface RentExtended {
  rentId: string;
  /** @format date */
  dueOn: string;
}

/** The person waits for one more book. */
export interface HoldTaken {
  holdId: string;
}

/** The person waits for one book less: it went out to them, or they wait no longer. */
export interface HoldEnded {
  holdId: string;
}

/** The person borrows no more. */
export interface BorrowerClosed {}

/** What rent-service does when told of a book or a rent. */
export interface RentCommands {
  RentBook: RentBook;
  /** @from rent-service */
  TakeOverRent: TakeOverRent;
  ReturnRent: ReturnRent;
  ReturnBook: ReturnBook;
  ReopenRent: ReopenRent;
  RenewRent: RenewRent;
  ReportCopyLost: ReportCopyLost;
  ReportCopyFound: ReportCopyFound;
  PlaceHold: PlaceHold;
  CancelHold: CancelHold;
  /** @from rent-service */
  ExpireHolds: ExpireHolds;
  /** @from rent-service */
  OpenBookRent: OpenBookRent;
  /** @from book-service */
  ChangeCopies: ChangeCopies;
  /** @from book-service */
  CloseBookRent: CloseBookRent;
}

/** What rent-service does when told of a borrower. */
export interface BorrowerCommands {
  /** @from rent-service */
  OpenBorrower: OpenBorrower;
  /** @from user-service */
  ChangeRentLimit: ChangeRentLimit;
  /** @from user-service */
  CloseBorrower: CloseBorrower;
}

/** What happens in a BookRent stream. */
export interface BookRentEvents {
  BookRentOpened: BookRentOpened;
  CopiesChanged: CopiesChanged;
  BookRented: BookRented;
  BookReturned: BookReturned;
  RentReopened: RentReopened;
  RentRenewed: RentRenewed;
  CopyLost: CopyLost;
  CopyFound: CopyFound;
  HoldPlaced: HoldPlaced;
  HoldReady: HoldReady;
  HoldCancelled: HoldCancelled;
  HoldExpired: HoldExpired;
  BookRentClosed: BookRentClosed;
}

/** What happens in a Borrower stream. */
export interface BorrowerEvents {
  BorrowerOpened: BorrowerOpened;
  RentLimitChanged: RentLimitChanged;
  RentTaken: RentTaken;
  RentExtended: RentExtended;
  RentEnded: RentEnded;
  HoldTaken: HoldTaken;
  HoldEnded: HoldEnded;
  BorrowerClosed: BorrowerClosed;
}

/** Why rent-service says no. */
export type RentRejection =
  | 'UserNotFound'
  | 'BookNotFound'
  | 'AlreadyRented'
  | 'BorrowerOverdue'
  | 'RentLimitReached'
  | 'NoCopyAvailable'
  | 'RentNotFound'
  | 'RentNotOpen'
  | 'RentNotReopenable'
  | 'RentNotLost'
  | 'HoldsWaiting'
  | 'RentOverdue'
  | 'RenewalLimitReached'
  | 'HoldNotFound'
  | 'AlreadyOnHold'
  | 'CopyAvailable'
  | 'HoldLimitReached'
  | BookDeletionObstacle
  | UserDeletionObstacle;
