import type { JetStreamManager } from '@nats-io/jetstream';
import { type EventStore, InMemoryEventStore } from '@shelfmark/event-sourcing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MirroredEvent } from './message.js';
import { type Checkpoint, consumeMirror, type MirrorConsumer, type MirrorDelivery } from './mirror-consumer.js';
import { findMirror } from './mirror-stream.js';
import { Relay } from './relay.js';
import { TestBus } from './testing/bus.js';
import { appendEvents, restored } from './testing/log.js';
import { writeMirror } from './testing/mirror-writer.js';
import { until } from './testing/until.js';

let bus: TestBus;
let jetstream: JetStreamManager;
let stop: AbortController;
let relays: Relay[];
let readers: Reader[];

beforeEach(async () => {
  bus = await TestBus.start();
  jetstream = await bus.jetstream();
  stop = new AbortController();
  relays = [];
  readers = [];
});
afterEach(async () => {
  stop.abort();
  await Promise.all(readers.map((reader) => reader.finished));
  await Promise.all(relays.map((relay) => relay.stop()));
  await bus.close();
});

async function startRelay(store: EventStore): Promise<Relay> {
  const relay = new Relay({ connection: await bus.connect('relay'), store, service: 'book', source: '/test' });
  relays.push(relay);
  relay.start();
  return relay;
}

/** Reads a mirror and keeps what it was given. */
interface Reader {
  readonly consumer: MirrorConsumer;
  readonly deliveries: MirrorDelivery[];
  readonly finished: Promise<void>;
  readonly events: MirroredEvent[];
  positions(): bigint[];
  kinds(): string[];
}

async function startReader(checkpoint?: Checkpoint): Promise<Reader> {
  const connection = await bus.connect('reader');
  const consumer = consumeMirror(connection, {
    service: 'book',
    signal: stop.signal,
    ...(checkpoint && { checkpoint }),
  });
  const deliveries: MirrorDelivery[] = [];
  const events: MirroredEvent[] = [];
  const finished = (async () => {
    for await (const delivery of consumer) {
      deliveries.push(delivery);
      if (delivery.kind === 'events') events.push(...delivery.events);
    }
  })();
  const reader = {
    consumer,
    deliveries,
    finished,
    events,
    positions: () => events.map(({ position }) => position),
    kinds: () => deliveries.map(({ kind }) => kind).filter((kind) => kind !== 'events'),
  };
  readers.push(reader);
  return reader;
}

async function logOf(count: number): Promise<InMemoryEventStore> {
  const store = new InMemoryEventStore();
  await appendEvents(store, count);
  return store;
}

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => BigInt(first + index));
const caughtUp = (relay: Relay) => async () => {
  const { state, behind } = await relay.status();
  return state === 'following' && behind === 0;
};
const generationOf = async () => (await findMirror(jetstream, 'book'))!.identity!.generation;

it('delivers the whole log in order, in batches, and a single event at once', async () => {
  const store = await logOf(5_000);
  // What trickles in while the mirror is still being filled comes in smaller batches.
  await until(caughtUp(await startRelay(store)));
  const reader = await startReader();
  await until(() => reader.events.length === 5_000);
  await until(() => reader.consumer.status().behind === 0);
  expect(reader.consumer.status()).toMatchObject({ state: 'reading', lastError: undefined });
  expect(reader.deliveries.length).toBeLessThan(1_000);

  await appendEvents(store, 1);
  await until(() => reader.events.length === 5_001);
  expect(reader.positions()).toEqual(range(1, 5_001));
  expect(reader.deliveries.at(-1)).toMatchObject({ kind: 'events', behind: 0 });
});

it('lets events gather that come in a crowd, so that a few together cost what one would', async () => {
  const store = await logOf(1);
  await until(caughtUp(await startRelay(store)));
  const reader = await startReader();
  await until(() => reader.events.length === 1);

  const startedAt = performance.now();
  for (let n = 2; n <= 300; n++) {
    await appendEvents(store, 1);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await until(() => reader.events.length === 300);
  // Where fewer than 200 came in a second they came one by one, and otherwise 25 ms apart.
  expect(reader.deliveries.length).toBeLessThan(10 + (performance.now() - startedAt) / 5);
  expect(reader.positions()).toEqual(range(1, 300));
});

it('waits for a mirror, and for a bus, that is not there yet', async () => {
  const reader = await startReader();
  await until(() => reader.consumer.status().state === 'waiting');
  await bus.kill();
  await bus.startAgain();
  await startRelay(await logOf(100));
  await until(() => reader.events.length === 100);
  expect(reader.kinds()).toEqual([]);
});

describe('from a checkpoint', () => {
  let store: InMemoryEventStore;
  let logId: string;
  let generation: number;

  beforeEach(async () => {
    store = await logOf(200);
    ({ logId } = store);
    await until(caughtUp(await startRelay(store)));
    generation = await generationOf();
  });

  it.each([
    ['a right hint', 50],
    ['no hint', undefined],
    ['a wrong hint', 30],
    ['a hint beyond the end', 5_000],
  ])('with %s, goes on exactly after it', async (_what, sequence) => {
    const reader = await startReader({ logId, generation, position: 50n, ...(sequence !== undefined && { sequence }) });
    await until(() => reader.events.length === 150);
    expect(reader.positions()).toEqual(range(51, 200));
    expect(reader.kinds()).toEqual([]);
  });

  it('at the end, delivers only what comes then', async () => {
    const reader = await startReader({ logId, generation, position: 200n, sequence: 200 });
    await until(() => reader.consumer.status().behind === 0);
    await appendEvents(store, 3);
    await until(() => reader.events.length === 3);
    expect(reader.positions()).toEqual(range(201, 203));
  });

  it('of an earlier generation, goes on in the new one without repeating', async () => {
    const reader = await startReader({ logId, generation: generation - 1, position: 50n, sequence: 120 });
    await until(() => reader.events.length === 150);
    expect(reader.positions()).toEqual(range(51, 200));
    expect(reader.events[0]!.generation).toBe(generation);
    expect(reader.kinds()).toEqual([]);
  });

  it('of another log, says so first and begins with the first event', async () => {
    const reader = await startReader({ logId: 'of-another-time', generation, position: 50n, sequence: 50 });
    await until(() => reader.events.length === 200);
    expect(reader.deliveries[0]).toEqual({ kind: 'newLog', logId });
    expect(reader.positions()).toEqual(range(1, 200));
  });

  it('ahead of a mirror that is being filled again, waits until it is passed', async () => {
    const reader = await startReader({ logId, generation: generation - 1, position: 210n });
    await until(() => reader.consumer.status().behind === 0);
    expect(reader.events).toEqual([]);
    await appendEvents(store, 20);
    await until(() => reader.events.length === 10);
    expect(reader.positions()).toEqual(range(211, 220));
  });
});

describe('while it reads', () => {
  it('goes on without a gap or a repetition when NATS is killed, again and again', async () => {
    const store = await logOf(1_000);
    await startRelay(store);
    const reader = await startReader();
    for (let round = 1; round <= 3; round++) {
      await until(() => reader.events.length > (round - 1) * 3_000 + 500);
      await bus.kill();
      await appendEvents(store, 3_000);
      await bus.startAgain();
    }
    await until(() => reader.events.length === 10_000);
    expect(reader.positions()).toEqual(range(1, 10_000));
    expect(reader.kinds()).toEqual([]);
  });

  it.each(['NATS’s data is wiped', 'the stream is deleted'])('goes on in the next generation when %s', async (what) => {
    const store = await logOf(2_000);
    await startRelay(store);
    const reader = await startReader();
    await until(() => reader.events.length === 2_000);
    if (what === 'the stream is deleted') {
      await jetstream.streams.delete('BOOK');
    } else {
      await bus.kill();
      await bus.startAgain({ wiped: true });
    }
    await appendEvents(store, 500);
    await until(() => reader.events.length === 2_500);
    expect(reader.positions()).toEqual(range(1, 2_500));
    expect(new Set(reader.events.map(({ generation }) => generation)).size).toBe(2);
    expect(reader.kinds()).toEqual([]);
  });

  it('says so when the log is restored from a backup, and delivers the other log from its beginning', async () => {
    const store = await logOf(300);
    const relay = await startRelay(store);
    const reader = await startReader();
    await until(() => reader.events.length === 300);
    await relay.stop();
    const backup = await restored(store, 200);
    await startRelay(backup);
    await until(() => reader.events.length === 500);
    expect(reader.kinds()).toEqual(['newLog']);
    expect(reader.positions()).toEqual([...range(1, 300), ...range(1, 200)]);
    expect(reader.events.at(-1)!.logId).toBe(backup.logId);
  });

  it('delivers up to a gap, reports it once, has the relay make the next generation, and goes on', async () => {
    const store = await logOf(3_000);
    await writeMirror(jetstream, store, Date.now(), (position) => position === 1_000n);
    const reader = await startReader();
    await until(() => reader.kinds().length === 1);
    expect(reader.deliveries.at(-1)).toMatchObject({ kind: 'gap', gap: { name: 'MirrorGap', service: 'book' } });
    expect(reader.positions()).toEqual(range(1, 999));
    expect(reader.consumer.status().state).toBe('broken');

    await startRelay(store);
    await until(() => reader.events.length === 3_000);
    expect(reader.positions()).toEqual(range(1, 3_000));
    expect(reader.kinds()).toEqual(['gap']);
    expect(reader.consumer.status().state).toBe('reading');
  });

  it('takes garbage in the mirror for a gap', async () => {
    const store = await logOf(100);
    await writeMirror(jetstream, store, Date.now());
    const reader = await startReader();
    await until(() => reader.events.length === 100);
    await jetstream.jetstream().publish('shelfmark.events.book.BookCreated', 'garbage');
    await until(() => reader.kinds().length === 1);
    await startRelay(store);
    await appendEvents(store, 100);
    await until(() => reader.events.length === 200);
    expect(reader.positions()).toEqual(range(1, 200));
  });
});

it('takes no more from the bus than a reader that is slow can hold', async () => {
  const store = await logOf(20_000);
  await until(caughtUp(await startRelay(store)));
  const connection = await bus.connect('slow');
  const stopReading = new AbortController();
  const iteration = consumeMirror(connection, { service: 'book', signal: stopReading.signal })[Symbol.asyncIterator]();
  const first = await iteration.next();
  // All that the server was asked for has come when nothing more comes over a round trip and a heartbeat.
  let received = -1;
  await until(async () => {
    const before = received;
    received = connection.stats().inMsgs;
    await connection.flush();
    return received === before;
  });
  expect(received).toBeLessThan(2_000);
  expect(first.value).toMatchObject({ kind: 'events' });
  await iteration.return!();
});
