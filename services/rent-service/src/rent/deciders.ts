import type { Provider } from '@nestjs/common';
import { bookRent } from './book-rent.js';
import { borrower } from './borrower.js';
import type { LendingPolicy } from './lending-policy.js';
import { notice } from './notice.js';

/** Token of the library's `LendingPolicy`. */
export const LENDING_POLICY = Symbol('LENDING_POLICY');

/** Tokens of the deciders, which are made of it. */
export const BOOK_RENT = Symbol('BOOK_RENT');
export const BORROWER = Symbol('BORROWER');
export const NOTICE = Symbol('NOTICE');

export const deciders = (policy: LendingPolicy): Provider[] => [
  { provide: LENDING_POLICY, useValue: policy },
  { provide: BOOK_RENT, useValue: bookRent(policy) },
  { provide: BORROWER, useValue: borrower(policy) },
  { provide: NOTICE, useValue: notice(policy) },
];
