import { describe, expect, it } from 'vitest';
import { isDoneAlready } from './commands.js';
import { checkRegister } from './entity-register.js';
import type { Answer, Attempt, OwnerRead } from './history.js';
import { logOf } from './testing/log-of.js';

const book = 'Book-b';
const rentStream = 'BookRent-b';

const bookLog = logOf(
  { command: 'create', [book]: ['BookCreated', { title: 'Emma', amount: 1 }] },
  { command: 'first', [book]: ['BookUpdated', { title: 'Emma I' }] },
  { command: 'second', [book]: ['BookUpdated', { title: 'Emma II' }] },
);

const rentLog = logOf(
  { command: 'open', [rentStream]: ['BookRentOpened', { amount: 1 }] },
  { command: 'rent', [rentStream]: ['BookRented', { rentId: 'b.0', userId: 'u' }] },
  { command: 'return', [rentStream]: ['BookReturned', { rentId: 'b.0', userId: 'u' }] },
);

function attempt(
  commandId: string,
  [calledAt, returnedAt]: readonly [number, number],
  answer: Answer,
  more: Partial<Attempt> = {},
): Attempt {
  const command = {
    kind: 'attempt',
    client: 'c',
    type: 'UpdateBook',
    streams: [book],
    data: { title: commandId },
  } as const;
  return { ...command, commandId, calledAt, returnedAt, answer, ...more };
}

const read = (revision: number, [calledAt, returnedAt]: readonly [number, number]): OwnerRead => ({
  kind: 'ownerRead',
  client: 'c',
  calledAt,
  returnedAt,
  stream: book,
  revision,
});

const done = (revision: number): Answer => ({ kind: 'done', id: 'b', revision, position: String(revision + 1) });
const unknown: Answer = { kind: 'unknown', why: 'NoAnswer' };

const created = attempt('create', [0, 1], done(0), { type: 'CreateBook' });
const first = attempt('first', [2, 3], done(1));
const second = attempt('second', [4, 5], done(2));

const check = (...told: readonly (Attempt | OwnerRead)[]) => checkRegister(book, bookLog, told, isDoneAlready);
const checkRents = (...told: readonly Attempt[]) => checkRegister(rentStream, rentLog, told, isDoneAlready);

describe('what clients were told of an entity', () => {
  it('has an order where all was as it should be', () => {
    expect(check(created, first, second, read(0, [1.5, 1.6]), read(2, [6, 7]))).toBeUndefined();
  });

  it('has one where commands ran side by side, and where one was repeated', () => {
    expect(
      check(created, attempt('first', [2, 9], done(1)), second, attempt('first', [8, 9], done(1))),
    ).toBeUndefined();
  });

  it('has one where an unanswered command was done late, and where it never was', () => {
    const late = attempt('second', [2, Infinity], unknown);
    expect(check(created, late, first, read(1, [20, 21]))).toBeUndefined();
    expect(check(created, first, second, attempt('third', [2, Infinity], unknown))).toBeUndefined();
  });

  it('has one where there was nothing to do at first, and something when it was sent again', () => {
    const returns = (times: readonly [number, number], answer: Answer) =>
      attempt('return', times, answer, { type: 'ReturnRent', streams: [rentStream], data: { rentId: 'b.0' } });
    const log = logOf(
      { command: 'open', [rentStream]: ['BookRentOpened', { amount: 1 }] },
      { command: 'rent', [rentStream]: ['BookRented', { rentId: 'b.0', userId: 'u' }] },
      { command: 'earlier', [rentStream]: ['BookReturned', { rentId: 'b.0', userId: 'u' }] },
      { command: 'reopen', [rentStream]: ['RentReopened', { rentId: 'b.0', userId: 'u' }] },
      { command: 'return', [rentStream]: ['BookReturned', { rentId: 'b.0', userId: 'u' }] },
    );
    const check = (position: string) =>
      checkRegister(
        rentStream,
        log,
        [returns([1, 2], { kind: 'done', id: 'b.0', position }), returns([8, 9], { kind: 'done', position: '5' })],
        isDoneAlready,
      );
    expect(check('3')).toBeUndefined();
    expect(check('4')).toContain('return');
  });

  it('has none where an answered write is lost', () => {
    expect(check(created, first, second, attempt('third', [6, 7], done(3)))).toContain('third');
  });

  it('has none where a lost write was answered with the revision that was there', () => {
    const lost = attempt('third', [6, 7], done(2), { data: { title: 'Emma III' } });
    expect(check(created, first, second, lost)).toContain('third');
    const already = attempt('third', [6, 7], done(2), { data: { title: 'Emma II' } });
    expect(check(created, first, second, already)).toBeUndefined();
  });

  it('has none where a read is stale, or comes before what it shows', () => {
    expect(check(created, first, second, read(1, [6, 7]))).toContain('ownerRead');
    expect(check(created, first, second, read(2, [3.1, 3.2]))).toContain('ownerRead');
  });

  it('has none where two effects are in an order in which they were not asked for', () => {
    expect(check(created, attempt('second', [2, 3], done(2)), attempt('first', [4, 5], done(1)))).toBeDefined();
  });

  it('has none where an answer names another revision, position or entity than its effect has', () => {
    expect(check(attempt('first', [2, 3], done(2)))).toBeDefined();
    expect(check(attempt('first', [2, 3], { kind: 'done', position: '3' }))).toBeDefined();
    expect(check(attempt('first', [2, 3], { kind: 'done', id: 'other' }))).toBeDefined();
  });

  it('has none where If-Match was refused though it matched all the time', () => {
    const refused = attempt('third', [6, 7], { kind: 'conflict' }, { expectedRevision: 2 });
    expect(check(created, first, second, refused)).toContain('conflict');
    expect(check(created, first, second, { ...refused, expectedRevision: 1 })).toBeUndefined();
  });

  it('has none where a rejection was not true at any moment of it', () => {
    expect(check(created, attempt('third', [2, 3], { kind: 'rejected', code: 'BookNotFound' }))).toContain(
      'BookNotFound',
    );
    const rent = attempt('rent', [0, 1], { kind: 'done', id: 'b.0' }, { type: 'RentBook', streams: [rentStream] });
    const taken = (commandId: string, times: readonly [number, number]) =>
      attempt(
        commandId,
        times,
        { kind: 'rejected', code: 'AlreadyRented' },
        { type: 'RentBook', streams: [rentStream], data: { userId: 'u' } },
      );
    const back = attempt(
      'return',
      [4, 5],
      { kind: 'done', id: 'b.0' },
      { type: 'ReturnRent', streams: [rentStream], data: { rentId: 'b.0' } },
    );
    expect(checkRents(rent, taken('x', [2, 3]), back)).toBeUndefined();
    expect(checkRents(rent, back, taken('x', [6, 7]))).toContain('AlreadyRented');
  });

  it('has none where a deletion is said to be done and is not', () => {
    const deletion = attempt('gone', [6, 7], { kind: 'done' }, { type: 'DeleteBook' });
    expect(check(created, first, second, deletion)).toContain('gone');
  });
});
