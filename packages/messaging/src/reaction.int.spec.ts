import type { JetStreamManager } from '@nats-io/jetstream';
import { type EventStore, InMemoryEventStore } from '@shelfmark/event-sourcing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { MirroredEvent } from './message.js';
import { type Reaction, react, type ReactOptions } from './reaction.js';
import { Relay } from './relay.js';
import { TestBus } from './testing/bus.js';
import { appendEvents } from './testing/log.js';
import { writeMirror } from './testing/mirror-writer.js';
import { until } from './testing/until.js';

let bus: TestBus;
let jetstream: JetStreamManager;
let running: { stop: AbortController; reaction: Reaction }[];
let relays: Relay[];

beforeEach(async () => {
  bus = await TestBus.start();
  jetstream = await bus.jetstream();
  running = [];
  relays = [];
});
afterEach(async () => {
  await Promise.all(running.map(({ stop, reaction }) => (stop.abort(), reaction.stopped)));
  await Promise.all(relays.map((relay) => relay.stop()));
  await bus.close();
});

async function startRelay(store: EventStore): Promise<Relay> {
  const relay = new Relay({ connection: await bus.connect('relay'), store, service: 'book', source: '/test' });
  relays.push(relay);
  relay.start();
  return relay;
}

async function startReaction(handlers: ReactOptions['handlers'], options: Partial<ReactOptions> = {}) {
  const stop = new AbortController();
  const connection = await bus.connect('reacting');
  const reaction = react(connection, {
    mirror: 'book',
    durable: 'rent-service',
    handlers,
    signal: stop.signal,
    ...options,
  });
  running.push({ stop, reaction });
  return { connection, stop, reaction };
}

/** Handles events of one stream after the other, and keeps in which order they were done. */
class Handled {
  readonly byStream = new Map<string, number[]>();
  count = 0;

  readonly handle = async (event: MirroredEvent): Promise<void> => {
    this.count++;
    const revisions = this.byStream.get(event.stream) ?? [];
    this.byStream.set(event.stream, revisions);
    revisions.push(event.revision);
  };

  /** Each revision, in order; those that were handled again are again followed by the rest. */
  expectOrdered(): void {
    for (const revisions of this.byStream.values()) {
      expect(Math.max(...revisions)).toBe(new Set(revisions).size - 1);
      revisions.forEach((revision, index) => {
        if (index > 0) expect(revision).toBeLessThanOrEqual(revisions[index - 1]! + 1);
      });
    }
  }
}

/** How far the durable is, as soon as it and the bus are there. */
const acknowledged = async () => {
  try {
    const { ack_floor: floor, num_ack_pending: pending } = await jetstream.consumers.info('BOOK', 'rent-service');
    return { floor: floor.stream_seq, pending };
  } catch {
    return { floor: undefined, pending: undefined };
  }
};

it('handles each event once, in the order of its stream, and passes over those without a handler', async () => {
  const store = new InMemoryEventStore();
  await appendEvents(store, 2_000, { streams: 7 });
  await appendEvents(store, 2_000, { streams: 7, type: 'BookUpdated' });
  await startRelay(store);
  const handled = new Handled();
  const { reaction } = await startReaction({ BookCreated: handled.handle });
  await until(() => handled.count === 2_000 && reaction.status().behind === 0);
  expect(handled.byStream.size).toBe(7);
  for (const revisions of handled.byStream.values()) expect(revisions).toEqual(revisions.map((_, index) => index));
  await until(async () => (await acknowledged()).floor === 4_000);
});

it('goes on where it was when it is started again', async () => {
  const store = new InMemoryEventStore();
  await appendEvents(store, 500);
  await startRelay(store);
  const first = new Handled();
  const { stop, reaction } = await startReaction({ BookCreated: first.handle });
  await until(async () => first.count === 500 && (await acknowledged()).floor === 500);
  stop.abort();
  await reaction.stopped;

  await appendEvents(store, 100);
  const second = new Handled();
  await startReaction({ BookCreated: second.handle });
  await until(() => second.count === 100);
  await until(async () => (await acknowledged()).floor === 600);
  expect(second.count).toBe(100);
});

it('tries an event whose handler fails again until it succeeds; its stream waits for it, others do not', async () => {
  const store = new InMemoryEventStore();
  await appendEvents(store, 1_000, { streams: 10 });
  await startRelay(store);
  const handled = new Handled();
  let isBroken = true;
  const failures: MirroredEvent[] = [];
  const { reaction } = await startReaction(
    {
      BookCreated: async (event) => {
        if (isBroken && event.stream === 'Book-3' && event.revision === 0) throw new Error('not now');
        await handled.handle(event);
      },
    },
    { onError: (_error, event) => failures.push(event), ackWaitMs: 500 },
  );
  await until(() => handled.count === 900 && failures.length >= 4);
  expect(handled.byStream.has('Book-3')).toBe(false);
  expect(reaction.status()).toMatchObject({ failing: 1, behind: 100 });
  isBroken = false;
  await until(() => reaction.status().behind === 0);
  handled.expectOrdered();
  expect(handled.count).toBe(1_000);
  expect(reaction.status().failing).toBe(0);
  await until(async () => (await acknowledged()).floor === 1_000);
});

it('knows how much is left when JetStream hands something out again', async () => {
  const store = new InMemoryEventStore();
  await appendEvents(store, 200);
  await startRelay(store);
  let letGo!: () => void;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const onlooker = await bus.connect('looking-on');
  let signsOfLife = 0;
  // Whoever reports on an event, here in the reaction's name, names it by this subject.
  onlooker.subscribe('$JS.ACK.BOOK.rent-service.>', {
    callback: (_error, { subject, data }) => {
      if (Buffer.from(data).toString() === '+WPI' && signsOfLife++ === 0) onlooker.publish(subject, '-NAK');
    },
  });
  await onlooker.flush();
  const { reaction } = await startReaction({ BookCreated: () => gate }, { ackWaitMs: 3_000 });
  const redelivered = async () => (await jetstream.consumers.info('BOOK', 'rent-service')).num_redelivered > 0;
  await until(async () => signsOfLife > 0 && (await redelivered()));
  const after = signsOfLife;
  await until(() => signsOfLife >= after + 200);
  const { behind } = reaction.status();
  letGo();
  expect(behind).toBe(200);
  await until(() => reaction.status().behind === 0);
});

it('runs no more handlers at once than it may', async () => {
  const store = new InMemoryEventStore();
  await appendEvents(store, 3_000, { streams: 30 });
  await startRelay(store);
  let running = 0;
  let most = 0;
  const { reaction } = await startReaction(
    {
      BookCreated: async () => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running--;
      },
    },
    { maxInFlight: 20 },
  );
  await until(() => most > 0 && reaction.status().behind === 0);
  expect(most).toBeLessThanOrEqual(20);
});

it('handles what a process that died had under way, before what comes after it, without waiting', async () => {
  const store = new InMemoryEventStore();
  await appendEvents(store, 200, { streams: 2 });
  await startRelay(store);
  // It takes events, never reports on them, and is gone.
  const { connection } = await startReaction({ BookCreated: () => new Promise(() => undefined) });
  running = [];
  await until(async () => (await acknowledged()).pending === 200);
  await connection.close();

  await appendEvents(store, 200, { streams: 2 });
  const handled = new Handled();
  await startReaction({ BookCreated: handled.handle }, { ackWaitMs: 2_000 });
  await until(() => handled.count === 400);
  for (const revisions of handled.byStream.values()) expect(revisions).toEqual(revisions.map((_, index) => index));
  await until(async () => (await acknowledged()).floor === 400);
  expect(handled.count).toBe(400);
});

it('keeps the order within each stream when NATS is killed, again and again', async () => {
  const store = new InMemoryEventStore();
  await startRelay(store);
  const handled = new Handled();
  await startReaction({ BookCreated: handled.handle }, { ackWaitMs: 2_000 });
  for (let round = 0; round < 3; round++) {
    await appendEvents(store, 2_000);
    await until(() => handled.count > round * 2_000 + 200);
    await bus.kill();
    await bus.startAgain();
  }
  await until(
    () => [...handled.byStream.values()].reduce((sum, revisions) => sum + new Set(revisions).size, 0) === 6_000,
  );
  handled.expectOrdered();
  await until(async () => (await acknowledged()).floor === 6_000);
});

it.each(['wiped', 'deleted'])('is made anew when the stream was %s, and misses nothing', async (how) => {
  const store = new InMemoryEventStore();
  await appendEvents(store, 300);
  await startRelay(store);
  const seen = new Set<string>();
  const { reaction } = await startReaction({
    BookCreated: async ({ id }) => void seen.add(id),
  });
  await until(() => seen.size === 300);
  const { generation } = reaction.status();
  if (how === 'deleted') {
    await jetstream.streams.delete('BOOK');
  } else {
    await bus.kill();
    await bus.startAgain({ wiped: true });
  }
  await appendEvents(store, 300);
  await until(() => seen.size === 600);
  await until(() => reaction.status().behind === 0);
  expect(reaction.status().generation).toBeGreaterThan(generation!);
});

it('does not pass a gap: it has the mirror made anew', async () => {
  const store = new InMemoryEventStore();
  await appendEvents(store, 2_000);
  await writeMirror(jetstream, store, Date.now(), (position) => position === 500n);
  const seen = new Set<bigint>();
  const { reaction } = await startReaction({
    BookCreated: async ({ position }) => void seen.add(position),
  });
  await until(() => reaction.status().state === 'broken');
  expect(Math.max(...[...seen].map(Number))).toBe(499);
  await startRelay(store);
  await until(() => seen.size === 2_000);
});
