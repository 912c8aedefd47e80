import { describe, expect, it } from 'vitest';
import { checkImport } from './import.js';
import type { Answer, Attempt, ViewRead } from './history.js';
import type { LoggedEvent } from './logged-event.js';
import { type MirrorLink, checkMirror } from './mirror-chain.js';
import {
  checkAddresses,
  checkAnswers,
  checkKept,
  checkLending,
  checkLog,
  checkTransactions,
  checkViewReads,
  unsettled,
} from './rules.js';
import { logOf } from './testing/log-of.js';
import { checkRows, viewTables } from './view-rows.js';

const [bookRent, ada, eve] = ['BookRent-b', 'Borrower-ada', 'Borrower-eve'];
const opened = [
  { command: 'open', [bookRent]: ['BookRentOpened', { amount: 1 }] },
  { command: 'ada', [ada]: ['BorrowerOpened', { rentLimit: 1 }] },
  { command: 'eve', [eve]: ['BorrowerOpened', { rentLimit: 1 }] },
];
const rents = (n: number, user: string, stream = bookRent) => ({
  command: `rent ${stream} ${n}`,
  [stream]: ['BookRented', { rentId: `${stream}.${n}`, userId: user }],
  [`Borrower-${user}`]: ['RentTaken', { rentId: `${stream}.${n}` }],
});
const returns = (n: number, user: string) => ({
  command: `return ${n}`,
  [bookRent]: ['BookReturned', { rentId: `${bookRent}.${n}`, userId: user }],
  [`Borrower-${user}`]: ['RentEnded', { rentId: `${bookRent}.${n}` }],
});

describe('a log', () => {
  const log = logOf(...opened, rents(0, 'ada'), returns(0, 'ada'), rents(1, 'eve'));

  it('is found whole', () => {
    expect([...checkLog('rent', log), ...checkTransactions('rent', log), ...checkLending(log)]).toEqual([]);
  });

  it('is not where a command had two effects', () => {
    const twice = logOf(...opened, rents(0, 'ada'), returns(0, 'ada'), {
      ...rents(1, 'ada'),
      command: 'rent BookRent-b 0',
    });
    expect(checkLog('rent', twice)).toContainEqual(expect.stringContaining('two effects'));
  });

  it('is not where an event is missing, or there twice', () => {
    expect(checkLog('rent', log.toSpliced(1, 1))).not.toEqual([]);
    expect(checkLog('rent', [...log, { ...log.at(-1)!, position: '11' }])).not.toEqual([]);
  });

  it('is not where half a transaction is in it', () => {
    const { [bookRent]: half, command } = rents(2, 'ada');
    expect(checkTransactions('rent', logOf(...opened, { command, [bookRent]: half }))).toHaveLength(1);
  });

  it('has lost something where what was there is not any more', () => {
    const ids = log.map(({ id }) => id);
    expect(checkKept('rent', ids, log)).toEqual([]);
    expect(checkKept('rent', ids, log.slice(0, -1))).toHaveLength(1);
    expect(checkKept('rent', ids, [...log.slice(0, -1), { ...log.at(-1)!, id: 'another' }])).toHaveLength(1);
  });
});

describe('lending', () => {
  it('goes wrong where two hold the last copy', () => {
    const log = logOf(...opened, rents(0, 'ada'), rents(1, 'eve'));
    expect(checkLending(log)).toEqual([expect.stringContaining('2 of 1 copies are taken')]);
  });

  it('does not where the number of copies is lowered afterwards', () => {
    const lowered = { command: 'lower', [bookRent]: ['CopiesChanged', { amount: 0 }] };
    expect(checkLending(logOf(...opened, rents(0, 'ada'), lowered))).toEqual([]);
  });

  it('goes wrong where somebody passes their limit', () => {
    const another = { command: 'open c', ['BookRent-c']: ['BookRentOpened', { amount: 1 }] };
    const log = logOf(...opened, another, rents(0, 'ada'), rents(0, 'ada', 'BookRent-c'));
    expect(checkLending(log)).toEqual([expect.stringContaining('the limit is 1')]);
  });

  it('goes wrong where a book is lent that has left', () => {
    const log = logOf(...opened, { command: 'close', [bookRent]: ['BookRentClosed'] }, rents(0, 'ada'));
    expect(checkLending(log)).toEqual([expect.stringContaining('it is deleted')]);
  });
});

describe('addresses', () => {
  const registers = (user: string, email: string) => ({
    command: `register ${user}`,
    [`User-${user}`]: ['UserCreated', { name: user, email }],
  });
  const deletes = (user: string) => ({ command: `delete ${user}`, [`User-${user}`]: ['UserDeleted'] });
  const moves = (user: string, email: string) => ({
    command: `move ${user} ${email}`,
    [`User-${user}`]: ['UserUpdated', { email }],
  });

  it('go wrong where two have the same, in whatever case', () => {
    expect(checkAddresses(logOf(registers('a', 'x@y'), registers('b', 'X@Y')))).toHaveLength(1);
    expect(checkAddresses(logOf(registers('a', 'x@y'), registers('b', 'z@y'), moves('b', 'x@y')))).toHaveLength(1);
  });

  it('do not where the first has left or moved', () => {
    expect(checkAddresses(logOf(registers('a', 'x@y'), deletes('a'), registers('b', 'x@y')))).toEqual([]);
    expect(checkAddresses(logOf(registers('a', 'x@y'), moves('a', 'z@y'), registers('b', 'x@y')))).toEqual([]);
  });
});

describe('what is to settle', () => {
  const created = { command: 'create', ['Book-b']: ['BookCreated', { title: 'Emma', amount: 1 }] };

  it('has where the desk knows what the owner knows', () => {
    expect(unsettled({ user: [], book: logOf(created), rent: logOf(...opened) })).toEqual([]);
  });

  it('has not where the desk missed a change, or a deletion has no end', () => {
    const changed = { command: 'change', ['Book-b']: ['BookUpdated', { amount: 2 }] };
    const requested = { command: 'delete', ['Book-b']: ['BookDeletionRequested'] };
    const deleted = { command: 'deleted', ['Book-b']: ['BookDeleted'] };
    for (const last of [changed, requested, deleted]) {
      expect(unsettled({ user: [], book: logOf(created, last), rent: logOf(...opened) })).toHaveLength(1);
    }
  });
});

describe('answers', () => {
  const answered = (answer: Answer) =>
    checkAnswers([{ kind: 'attempt', type: 'CreateBook', commandId: 'c', answer } as Attempt]);

  it('are wrong where they are none of those that a client is to get', () => {
    expect(answered({ kind: 'wrong', status: 500, body: 'oh' })).toHaveLength(1);
    expect(answered({ kind: 'unknown', why: 'NoAnswer' })).toEqual([]);
    expect(checkAnswers([{ kind: 'wrongRead', client: 'c', path: '/books', status: 500, body: '' }])).toHaveLength(1);
  });
});

describe('a view', () => {
  const book = logOf(
    { command: 'create', ['Book-b']: ['BookCreated', { title: 'Emma', amount: 1 }] },
    { command: 'update', ['Book-b']: ['BookUpdated', { title: 'Emma I' }] },
  );
  const read = (more: Partial<ViewRead>): ViewRead => ({
    kind: 'viewRead',
    client: 'c',
    calledAt: 1,
    returnedAt: 2,
    stream: 'Book-b',
    knownRevision: -1,
    seenRevision: -1,
    ...more,
  });
  const shown = (revision: number, title: string) => ({ shown: { revision, fields: { title } } });
  const check = (more: Partial<ViewRead>, areViewsKept = true) =>
    checkViewReads([read(more)], { user: [], book, rent: [] }, { areViewsKept });

  it('may be behind, but not behind what its reader knew', () => {
    expect(check(shown(0, 'Emma'))).toEqual([]);
    expect(check({ ...shown(0, 'Emma'), knownRevision: 1 })).toHaveLength(1);
    expect(check({ knownRevision: -1 })).toEqual([]);
    expect(check({ knownRevision: 0 })).toHaveLength(1);
  });

  it('is not behind what it showed before, unless it was taken back', () => {
    for (const more of [{ ...shown(0, 'Emma'), seenRevision: 1 }, { seenRevision: 0 }]) {
      expect(check(more)).toHaveLength(1);
      expect(check(more, false)).toEqual([]);
    }
    expect(check({ ...shown(0, 'Emma'), knownRevision: 1, seenRevision: 1 }, false)).toHaveLength(1);
  });

  it('shows what was in the log', () => {
    expect(check(shown(1, 'Emma'))).toHaveLength(1);
    expect(check(shown(2, 'Emma I'))).toHaveLength(1);
  });

  it('is compared with a fold of the logs, row by row and column by column', () => {
    const { view, fold } = viewTables[0]!;
    const due = fold({ user: [], book, rent: logOf(...opened, rents(0, 'ada')) });
    const row = { id: 'b', revision: 1, title: 'Emma I', amount: 1, in_use: 1, deleted: false };
    expect(checkRows(view, due, [row])).toEqual([]);
    expect(checkRows(view, due, [{ ...row, in_use: 2 }])).toEqual([expect.stringContaining('in_use is 2, not 1')]);
    expect(checkRows(view, due, [])).toHaveLength(1);
    expect(checkRows(view, due, [row, { ...row, id: 'c' }])).toHaveLength(1);
  });

  it('of rents is open, returned and open again as the log says', () => {
    const { view, fold } = viewTables[2]!;
    const due = fold({ user: [], book, rent: logOf(...opened, rents(0, 'ada'), returns(0, 'ada')) });
    const row = {
      id: `${bookRent}.0`,
      book_id: 'b',
      user_id: 'ada',
      state: 'returned',
      due_on: undefined!,
      renewals: 0,
    };
    expect(checkRows(view, due, [row])).toEqual([]);
    expect(checkRows(view, due, [{ ...row, state: 'open' }])).toHaveLength(1);
  });
});

describe('a mirror', () => {
  const log = logOf(...opened);
  const links = log.map(({ id, position }: LoggedEvent, index): MirrorLink => ({
    sequence: index + 1,
    id,
    logId: 'log',
    generation: '7',
    position,
    previousPosition: log[index - 1]?.position,
  }));
  const check = (found: readonly MirrorLink[]) => checkMirror('rent', { logId: 'log', generation: '7' }, found, log);

  it('is whole where it holds the log', () => {
    expect(check(links)).toEqual([]);
  });

  it.each([
    ['lacks its end', links.slice(0, 2)],
    ['has a hole', links.toSpliced(1, 1)],
    ['holds something twice', [...links, links[2]!]],
    ['holds another event', links.with(1, { ...links[1]!, id: 'another' })],
    ['is of another log', links.with(1, { ...links[1]!, logId: 'another' })],
    ['is of two generations', links.with(1, { ...links[1]!, generation: '6' })],
    ['is not chained', links.with(1, { ...links[1]!, previousPosition: '0' })],
  ])('is not where it %s', (_, broken) => {
    expect(check(broken)).not.toEqual([]);
  });
});

describe('an import', () => {
  const rows = logOf(
    { command: 'one', ['Book-1']: ['BookCreated', { title: 'row 1' }] },
    { command: 'two', ['Book-2']: ['BookCreated', { title: 'row 2' }] },
  );
  const imported = { titles: ['row 1', 'row 2'], state: 'completed', added: 2 };

  it('has each row in once', () => {
    expect(checkImport(imported, rows)).toEqual([]);
  });

  it('goes wrong where a row is lost or there twice, where it failed, and where its report is not true', () => {
    expect(checkImport(imported, rows.slice(1))).toEqual([expect.stringContaining('there 0 times')]);
    expect(checkImport(imported, [...rows, rows[0]!])).toEqual([expect.stringContaining('there 2 times')]);
    expect(checkImport({ ...imported, state: 'failed' }, rows)).toHaveLength(1);
    expect(checkImport({ ...imported, added: 3 }, rows)).toHaveLength(1);
  });
});
