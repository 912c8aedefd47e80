import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BookRentEvents } from '@shelfmark/contracts';
import {
  type AnyDecider,
  CommandHandler,
  InMemoryEventStore,
  type Json,
  type SubscribeOptions,
} from '@shelfmark/event-sourcing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bookRent } from '../rent/book-rent.js';
import { borrower } from '../rent/borrower.js';
import { HoldExpiry } from '../rent/hold-expiry.js';
import { lendingPolicy } from '../rent/lending-policy.js';
import { bookId, otherBookId, otherUserId, source, thirdUserId, userId } from '../rent/testing/lending.js';
import { DueIndex } from './due-index.js';
import { type Timer, Timers, madeOf } from './timers.js';

/** A library of one process that can be stopped and started again; its clock stands still unless it is moved. */
class Library {
  readonly store = new ObservedStore();
  readonly policy = lendingPolicy('Europe/Berlin');
  readonly bookRent = bookRent(this.policy);
  readonly borrower = borrower(this.policy);
  readonly directory = mkdtempSync(join(tmpdir(), 'timers-'));
  readonly errors: unknown[] = [];
  now = new Date('2024-02-29T12:00:00Z');
  handler = new CommandHandler({ store: this.store, clock: () => this.now });
  index!: DueIndex;
  timers!: Timers;
  #following: Promise<void> = Promise.resolve();

  start(more: readonly Timer[] = []): void {
    const timers = [new HoldExpiry(this.bookRent, this.policy), ...more];
    this.index = DueIndex.open({ directory: this.directory, madeOf: madeOf(this.store.logId, timers) });
    const { store, handler, index } = this;
    const onError = (error: unknown) => this.errors.push(error);
    this.timers = new Timers({ timers, index, store, handler, clock: () => this.now, onError });
    this.#following = this.timers.follow();
  }

  async stop(): Promise<void> {
    await this.timers.stop();
    await this.#following;
    await this.index.close();
  }

  async tell(decider: AnyDecider, type: string, data: Json): Promise<void> {
    const id = randomUUID();
    const answer = await this.handler.handle(decider, { id, type, data, correlationId: id, causationId: id });
    expect(answer).not.toHaveProperty('rejection');
  }

  rent(type: string, data: Json): Promise<void> {
    return this.tell(this.bookRent, type, data);
  }

  /** Lets the clock show another time, and the timers do what is due. */
  async at(instant: string): Promise<void> {
    await vi.waitUntil(async () => this.timers.followed === (await this.store.head()), { timeout: 20_000 });
    this.now = new Date(instant);
    await this.timers.sendDue();
  }

  /** What happened to the holds of a book. */
  async holds(id = bookId): Promise<string[]> {
    const seen: string[] = [];
    for await (const batch of this.store.readStream(`BookRent-${id}`)) {
      for (const { type, data } of batch) {
        if (type.startsWith('Hold')) seen.push(`${type} ${(data as { holdId: string }).holdId.split('.')[1]!}`);
      }
    }
    return seen;
  }

  /** A book of which somebody picks up no copy by the end of 2024-03-03, and somebody else waits. */
  async setAside(id = bookId): Promise<void> {
    await this.rent('OpenBookRent', { bookId: id, amount: 0, source: source(0) });
    for (const user of [userId, otherUserId]) {
      await this.tell(this.borrower, 'OpenBorrower', { userId: user, rentLimit: 5, source: source(0) });
      await this.rent('PlaceHold', { bookId: id, userId: user });
    }
    await this.rent('ChangeCopies', { bookId: id, amount: 1, source: source(1) });
  }
}

class ObservedStore extends InMemoryEventStore {
  readonly followedFrom: (bigint | undefined)[] = [];

  override subscribe(options: SubscribeOptions) {
    this.followedFrom.push(options.after);
    return super.subscribe(options);
  }
}

const placed = ['HoldPlaced 0', 'HoldPlaced 1', 'HoldReady 0'];
/** The last instant of the third day in Berlin, and the first one after it. */
const lastInstant = '2024-03-03T22:59:59.999Z';
const dayAfter = '2024-03-03T23:00:00Z';

let library: Library;
beforeEach(() => {
  library = new Library();
  library.start();
});
afterEach(async () => {
  await library.stop();
  rmSync(library.directory, { recursive: true });
});

describe('a hold that is not picked up', () => {
  it('expires when its day is over where the library is, and the next one is ready', async () => {
    await library.setAside();
    await library.at(lastInstant);
    expect(await library.holds()).toEqual(placed);
    await library.at(dayAfter);
    expect(await library.holds()).toEqual([...placed, 'HoldExpired 0', 'HoldReady 1']);
    await library.at('2024-03-08T12:00:00Z');
    expect((await library.holds()).slice(5)).toEqual(['HoldExpired 1']);
    expect(library.errors).toEqual([]);
  });

  it('expires once, however often the timers ask, and with one command for all of a book', async () => {
    await library.setAside();
    await library.rent('ChangeCopies', { bookId, amount: 2, source: source(2) });
    await library.at(lastInstant);
    const handle = vi.spyOn(library.handler, 'handle');
    await library.at(dayAfter);
    expect(handle).toHaveBeenCalledTimes(1);
    await Promise.all([library.timers.sendDue(), library.timers.sendDue()]);
    expect(await library.holds()).toEqual([...placed, 'HoldReady 1', 'HoldExpired 0', 'HoldExpired 1']);
  });
});

describe('a hold that ended in time', () => {
  it.each([
    ['picked up', () => library.rent('RentBook', { bookId, userId })],
    ['cancelled', () => library.rent('CancelHold', { holdId: `${bookId}.0` })],
  ])('because it was %s is not due any more', async (_why, end) => {
    await library.setAside();
    await library.rent('CancelHold', { holdId: `${bookId}.1` });
    await end();
    await library.at(lastInstant);
    const handle = vi.spyOn(library.handler, 'handle');
    await library.at('2024-04-01T00:00:00Z');
    expect(handle).not.toHaveBeenCalled();
  });

  it('just when it was to expire: one wins, and the other is a no-op or refused', async () => {
    await library.setAside();
    await library.at(lastInstant);
    library.now = new Date(dayAfter);
    const id = randomUUID();
    const pickUp = { id, type: 'RentBook', data: { bookId, userId }, correlationId: id, causationId: id };
    const [answer] = await Promise.all([library.handler.handle(library.bookRent, pickUp), library.timers.sendDue()]);
    const ends = (await library.holds()).slice(3);
    if ('rejection' in answer) expect(ends).toEqual(['HoldExpired 0', 'HoldReady 1']);
    else expect(ends).toEqual([]);
  });
});

describe('after a restart', () => {
  it('the log is followed from where the index ends, and what was due meanwhile is done', async () => {
    await library.setAside();
    await library.at(lastInstant);
    const { covered } = library.index;
    expect(covered).toBe(await library.store.head());
    await library.stop();
    library.start();
    await library.at(dayAfter);
    expect(library.store.followedFrom).toEqual([undefined, covered]);
    expect(await library.holds()).toEqual([...placed, 'HoldExpired 0', 'HoldReady 1']);
  });

  it('without the index, it is made of the log', async () => {
    await library.setAside();
    await library.stop();
    rmSync(library.directory, { recursive: true });
    library.start();
    await library.at(dayAfter);
    expect(await library.holds()).toEqual([...placed, 'HoldExpired 0', 'HoldReady 1']);
  });

  it('with another time zone, or another timer, the index is made of the log again', async () => {
    const timers: Timer[] = [new HoldExpiry(library.bookRent, library.policy)];
    const berlin = madeOf('log', timers);
    expect(madeOf('log', [new HoldExpiry(library.bookRent, { timeZone: 'UTC' })])).not.toBe(berlin);
    expect(madeOf('log', [...timers, { ...timers[0]!, kind: 'reminder' }])).not.toBe(berlin);
    expect(madeOf('other log', timers)).not.toBe(berlin);
    expect(madeOf('log', [new HoldExpiry(library.bookRent, library.policy)])).toBe(berlin);
  });

  it('with a log that is older than the index, the index is made of the log', async () => {
    await library.index.apply([{ kind: 'hold-expiry', entity: `${bookId}.7`, at: library.now }], 999n);
    await library.stop();
    library.start();
    await library.setAside();
    await library.at(dayAfter);
    expect(await library.holds()).toEqual([...placed, 'HoldExpired 0', 'HoldReady 1']);
  });
});

describe('a timer that fails', () => {
  it('holds up no other one, and comes again', async () => {
    await library.stop();
    let broken = true;
    const reminder: Timer<BookRentEvents> = {
      kind: 'reminder',
      rule: '',
      on: {
        HoldReady: ({ holdId }) => ({ entity: holdId, at: new Date(0) }),
        HoldExpired: ({ holdId }) => ({ entity: holdId }),
      },
      command: () => ({
        decider: library.bookRent,
        type: broken ? 'NoSuchCommand' : 'PlaceHold',
        data: { bookId: otherBookId, userId: thirdUserId },
      }),
    };
    library.start([reminder]);
    await library.setAside();
    await library.setAside(otherBookId);
    await library.tell(library.borrower, 'OpenBorrower', { userId: thirdUserId, rentLimit: 5, source: source(0) });
    await library.at(dayAfter);
    expect(library.errors).toMatchObject([{ name: 'UnknownCommand' }]);
    expect(await library.holds()).toEqual([...placed, 'HoldExpired 0', 'HoldReady 1']);
    broken = false;
    await library.at(dayAfter);
    expect(await library.holds(otherBookId)).toContain('HoldPlaced 2');
  });
});
