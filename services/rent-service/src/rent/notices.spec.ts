import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NoticeGiven } from '@shelfmark/contracts';
import { type AnyDecider, CommandHandler, InMemoryEventStore, type Json } from '@shelfmark/event-sourcing';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DueIndex } from '../timers/due-index.js';
import { Timers, madeOf } from '../timers/timers.js';
import { bookRent } from './book-rent.js';
import { borrower } from './borrower.js';
import { lendingPolicy } from './lending-policy.js';
import { notice } from './notice.js';
import { DueTomorrowNotice, HoldReadyNotice, OverdueNotice } from './notices.js';
import { bookId, otherUserId, source, userId } from './testing/lending.js';

const policy = lendingPolicy('Europe/Berlin');
const lending = bookRent(policy);

let directory: string;
let store: InMemoryEventStore;
let handler: CommandHandler;
let now: Date;
let index: DueIndex;
let timers: Timers;
let following: Promise<void>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'notices-'));
  store = new InMemoryEventStore();
  now = new Date('2024-02-29T12:00:00Z');
  handler = new CommandHandler({ store, clock: () => now });
  start();
  for (const user of [userId, otherUserId]) {
    await tell(borrower(policy), 'OpenBorrower', { userId: user, rentLimit: 5, source: source(0) });
  }
  await tell(lending, 'OpenBookRent', { bookId, amount: 1, source: source(0) });
});
afterEach(async () => {
  await stop();
  rmSync(directory, { recursive: true });
});

function start(): void {
  const decider = notice(policy);
  const all = [HoldReadyNotice, DueTomorrowNotice, OverdueNotice].map((Kind) => new Kind(decider, policy));
  index = DueIndex.open({ directory, madeOf: madeOf(store.logId, all) });
  const onError = (error: unknown) => expect.fail(String(error));
  timers = new Timers({ timers: all, index, store, handler, clock: () => now, onError });
  following = timers.follow();
}

async function stop(): Promise<void> {
  await timers.stop();
  await following;
  await index.close();
}

async function tell(decider: AnyDecider, type: string, data: Json): Promise<string> {
  const id = randomUUID();
  const answer = await handler.handle(decider, { id, type, data, correlationId: id, causationId: id });
  if ('rejection' in answer) return expect.fail(answer.rejection.code);
  return answer.id;
}

const rent = (type: string, data: Json) => tell(lending, type, data);

/** Lets the clock show another time, and the timers do what is due. @returns what people have been told until then */
async function toldBy(instant: string): Promise<string[]> {
  now = new Date(instant);
  for (let round = 0; round < 2; round++) {
    await vi.waitUntil(async () => timers.followed === (await store.head()), { timeout: 20_000 });
    await timers.sendDue();
  }
  const told: string[] = [];
  for await (const events of store.readLog()) {
    for (const { type, data } of events) {
      if (type !== 'NoticeGiven') continue;
      const { kind, userId: to, day } = data as unknown as NoticeGiven;
      told.push(`${kind} ${day} ${to === userId ? 'to the first' : 'to the other'}`);
    }
  }
  return told;
}

it('people are told in the morning before a book is due and in the morning after, and not again', async () => {
  await rent('RentBook', { bookId, userId });
  // Berlin is an hour ahead of UTC: 08:00 there.
  expect(await toldBy('2024-03-13T06:59:59Z')).toEqual([]);
  const first = ['RentDueTomorrow 2024-03-14 to the first'];
  expect(await toldBy('2024-03-13T07:00:00Z')).toEqual(first);
  expect(await toldBy('2024-03-15T06:59:59Z')).toEqual(first);
  const both = [...first, 'RentOverdue 2024-03-14 to the first'];
  expect(await toldBy('2024-03-15T07:00:00Z')).toEqual(both);
  expect(await toldBy('2024-04-30T12:00:00Z')).toEqual(both);
});

it('nobody is told of a book that came back', async () => {
  const rentId = await rent('RentBook', { bookId, userId });
  await rent('ReturnRent', { rentId });
  expect(await toldBy('2024-03-20T12:00:00Z')).toEqual([]);
});

it('who renewed is told of the new day', async () => {
  const rentId = await rent('RentBook', { bookId, userId });
  now = new Date('2024-03-10T12:00:00Z');
  await rent('RenewRent', { rentId });
  expect(await toldBy('2024-03-15T12:00:00Z')).toEqual([]);
  expect(await toldBy('2024-03-23T12:00:00Z')).toEqual(['RentDueTomorrow 2024-03-24 to the first']);
});

it('who waited is told when a copy is set aside, by night in the morning', async () => {
  const rentId = await rent('RentBook', { bookId, userId });
  await rent('PlaceHold', { bookId, userId: otherUserId });
  now = new Date('2024-03-01T02:00:00Z');
  await rent('ReturnRent', { rentId });
  expect(await toldBy('2024-03-01T06:59:59Z')).toEqual([]);
  expect(await toldBy('2024-03-01T07:00:00Z')).toEqual(['HoldReady 2024-03-04 to the other']);
});

it('what fell due while nothing ran is told later, if it is true still', async () => {
  await rent('RentBook', { bookId, userId });
  await vi.waitUntil(async () => timers.followed === (await store.head()), { timeout: 20_000 });
  await stop();
  start();
  expect(await toldBy('2024-03-20T12:00:00Z')).toEqual(['RentOverdue 2024-03-14 to the first']);
});
