import { CommandHandler, InMemoryEventStore, causedCommand } from '@shelfmark/event-sourcing';
import type { MirroredEvent, RequestClient } from '@shelfmark/messaging';
import { beforeEach, describe, expect, it } from 'vitest';
import { bookRent } from './book-rent.js';
import { borrower } from './borrower.js';
import { lendingPolicy } from './lending-policy.js';
import { OnBookUpdated } from './on-book-updated.js';
import { OnUserUpdated } from './on-user-updated.js';
import { Owners } from './owners.js';

const id = '01890a5d-ac96-774b-bcce-b302099a8058';
const policy = lendingPolicy('UTC');
const [rents, borrowers] = [bookRent(policy), borrower(policy)];

/** What both owners say when they are asked: that it is 2 now, by the third event of the log that was restored. */
const now = { exists: true, amount: 2, rentLimit: 2, source: { logId: 'restored', revision: 2 } };

let handler: CommandHandler;
let owners: Owners;
let asked: number;

/** The event as the mirror of a log has it; a restored log has the same events under another id. */
const updated = (stream: string, logId: string, revision: number) =>
  ({
    id: `5f6c2b1e-0f64-4a43-9a43-00000000000${revision}`,
    stream,
    revision,
    logId,
    metadata: { commandId: id, correlationId: 'c', causationId: id, time: '2026-01-02T03:04:05.678Z' },
  }) as unknown as MirroredEvent;

beforeEach(async () => {
  handler = new CommandHandler({ store: new InMemoryEventStore() });
  asked = 0;
  const client = { sendQuery: async () => (asked++, { answer: now }) } as unknown as RequestClient;
  owners = new Owners(handler, client, rents, borrowers);
  const cause = { id, correlationId: 'c' };
  const source = { logId: 'before', revision: 0 };
  await handler.handle(borrowers, causedCommand(cause, 'OpenBorrower', id, { userId: id, rentLimit: 5, source }));
  await handler.handle(rents, causedCommand(cause, 'OpenBookRent', id, { bookId: id, amount: 5, source }));
});

describe('an owner who changes a fact while the desk opens what rests on it', () => {
  const other = '01890a5d-ac96-774b-bcce-b302099a8059';

  // Of the change itself nobody hears: it was told before there was anything that it could be told to.
  const inBetween = (before: number, after: number) => {
    const answers = [before, after].map((value, revision) => {
      return { exists: true, amount: value, rentLimit: value, source: { logId: 'log', revision } };
    });
    const client = { sendQuery: async () => ({ answer: answers[asked++] }) } as unknown as RequestClient;
    return new Owners(handler, client, rents, borrowers);
  };

  it('is asked once more, for a limit', async () => {
    await inBetween(2, 3).askUser(other, { id, correlationId: 'c' });
    expect(await handler.read(borrowers, other)).toMatchObject({ state: { rentLimit: 3 }, revision: 1 });
    expect(asked).toBe(2);
  });

  it('is asked once more, for an amount', async () => {
    await inBetween(2, 3).askBook(other, { id, correlationId: 'c' });
    expect(await handler.read(rents, other)).toMatchObject({ state: { amount: 3 }, revision: 1 });
    expect(asked).toBe(2);
  });
});

describe("an owner's change", () => {
  const limit = async (rentLimit: number, logId: string, revision: number) => {
    await new OnUserUpdated(handler, borrowers, owners).handlers.UserUpdated(
      { rentLimit },
      updated(`User-${id}`, logId, revision),
    );
    return handler.read(borrowers, id);
  };
  const amount = async (copies: number, logId: string, revision: number) => {
    await new OnBookUpdated(handler, rents, owners).handlers.BookUpdated(
      { amount: copies },
      updated(`Book-${id}`, logId, revision),
    );
    return handler.read(rents, id);
  };

  it('of a limit is taken over once', async () => {
    await limit(9, 'before', 1);
    expect(await limit(9, 'before', 1)).toMatchObject({ state: { rentLimit: 9 }, revision: 1 });
    expect(asked).toBe(0);
  });

  it('of an amount is taken over once', async () => {
    await amount(9, 'before', 1);
    expect(await amount(9, 'before', 1)).toMatchObject({ state: { amount: 9 }, revision: 1 });
    expect(asked).toBe(0);
  });

  it('of a limit, told again from a restored log, is not: what it is now is asked for, and counts', async () => {
    await limit(9, 'before', 1);
    for (const [old, rentLimit] of [9, 7].entries()) {
      expect(await limit(rentLimit, 'restored', old + 1)).toMatchObject({ state: { rentLimit: 2 }, revision: 2 });
    }
    expect(await limit(3, 'restored', 3)).toMatchObject({ state: { rentLimit: 3 }, revision: 3 });
    expect(asked).toBe(1);
  });

  it('of an amount, told again from a restored log, is not: what it is now is asked for, and counts', async () => {
    await amount(9, 'before', 1);
    for (const [old, copies] of [9, 7].entries()) {
      expect(await amount(copies, 'restored', old + 1)).toMatchObject({ state: { amount: 2 }, revision: 2 });
    }
    expect(await amount(3, 'restored', 3)).toMatchObject({ state: { amount: 3 }, revision: 3 });
    expect(asked).toBe(1);
  });

  it('of a log that was replaced long ago, coming late, is not taken over', async () => {
    await amount(7, 'restored', 1);
    expect(await amount(9, 'before', 4)).toMatchObject({ state: { amount: 2 } });
  });
});
