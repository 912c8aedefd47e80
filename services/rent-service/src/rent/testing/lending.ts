import { schema } from '@shelfmark/contracts';
import { SchemaValidator } from '@shelfmark/event-sourcing';
import { specification } from '@shelfmark/event-sourcing/testing';
import { bookRent } from '../book-rent.js';
import { borrower } from '../borrower.js';
import { lendingPolicy } from '../lending-policy.js';

/** The examples of lending happen at noon on 2024-02-29, a Thursday, in a library that is never closed. */
const validator = new SchemaValidator(schema);
export const given = specification(bookRent(lendingPolicy('UTC')), validator);
export const givenBorrower = specification(borrower(lendingPolicy('UTC')), validator);
/** @param closed as the environment has it */
export const givenIn = (...policy: Parameters<typeof lendingPolicy>) =>
  specification(bookRent(lendingPolicy(...policy)), validator);

export const bookId = '0190163d-8694-739b-aea5-966c26f8ad90';
export const otherBookId = '0190163d-8694-739b-aea5-966c26f8ad91';
export const userId = '0190163d-8694-739b-aea5-966c26f8ad92';
export const otherUserId = '0190163d-8694-739b-aea5-966c26f8ad93';
export const thirdUserId = '0190163d-8694-739b-aea5-966c26f8ad94';
export const rentId = `${bookId}.0`;
export const holdId = `${bookId}.0`;
/** 14 days later. */
export const dueOn = '2024-03-14';
/** 3 days later. */
export const pickupBy = '2024-03-03';

export const source = (revision: number, logId = 'log') => ({ logId, revision });
export const opened = (amount: number) => ({ type: 'BookRentOpened', data: { amount, source: source(0) } }) as const;
export const copiesChanged = (amount: number, revision = 1) =>
  ({ type: 'CopiesChanged', data: { amount, source: source(revision) } }) as const;
export const closed = { type: 'BookRentClosed', data: {} } as const;
export const rented = (number = 0, by = userId, due = dueOn) =>
  ({ type: 'BookRented', data: { rentId: `${bookId}.${number}`, userId: by, dueOn: due } }) as const;
export const returned = (number = 0, by = userId) =>
  ({ type: 'BookReturned', data: { rentId: `${bookId}.${number}`, userId: by } }) as const;
export const renewed = (due = dueOn, number = 0, by = userId) =>
  ({ type: 'RentRenewed', data: { rentId: `${bookId}.${number}`, userId: by, dueOn: due } }) as const;
export const lost = (number = 0, by = userId) =>
  ({ type: 'CopyLost', data: { rentId: `${bookId}.${number}`, userId: by } }) as const;
export const found = (number = 0, by = userId) =>
  ({ type: 'CopyFound', data: { rentId: `${bookId}.${number}`, userId: by } }) as const;
export const placed = (number = 0, by = userId) =>
  ({ type: 'HoldPlaced', data: { holdId: `${bookId}.${number}`, userId: by } }) as const;
export const ready = (number = 0, by = userId, until = pickupBy) =>
  ({ type: 'HoldReady', data: { holdId: `${bookId}.${number}`, userId: by, pickupBy: until } }) as const;
export const cancelled = (number = 0, by = userId, wasReady = false) =>
  ({ type: 'HoldCancelled', data: { holdId: `${bookId}.${number}`, userId: by, wasReady } }) as const;
export const expired = (number = 0, by = userId) =>
  ({ type: 'HoldExpired', data: { holdId: `${bookId}.${number}`, userId: by } }) as const;

export const borrowerOpened = (rentLimit = 5) =>
  ({ type: 'BorrowerOpened', data: { rentLimit, source: source(0) } }) as const;
export const borrowerClosed = { type: 'BorrowerClosed', data: {} } as const;
export const taken = (id = rentId, due = dueOn) => ({ type: 'RentTaken', data: { rentId: id, dueOn: due } }) as const;
export const extended = (due = dueOn, id = rentId) =>
  ({ type: 'RentExtended', data: { rentId: id, dueOn: due } }) as const;
export const ended = (id = rentId) => ({ type: 'RentEnded', data: { rentId: id } }) as const;
export const holdTaken = (id = holdId) => ({ type: 'HoldTaken', data: { holdId: id } }) as const;
export const holdEnded = (id = holdId) => ({ type: 'HoldEnded', data: { holdId: id } }) as const;
