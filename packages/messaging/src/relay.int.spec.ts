import { randomUUID } from 'node:crypto';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type EventStore, InMemoryEventStore } from '@shelfmark/event-sourcing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MirroredEvent, toEventMessage } from './message.js';
import { consumeMirror } from './mirror-consumer.js';
import { findMirror, verifySubject } from './mirror-stream.js';
import { Relay, type RelayOptions } from './relay.js';
import { TestBus } from './testing/bus.js';
import { appendEvents, readLog, restored } from './testing/log.js';
import { writeMirror } from './testing/mirror-writer.js';
import { until } from './testing/until.js';

let bus: TestBus;
let jetstream: JetStreamManager;
let relays: Relay[];
let generations: { generation: number; reason: string }[];

beforeEach(async () => {
  bus = await TestBus.start();
  jetstream = await bus.jetstream();
  relays = [];
  generations = [];
});
afterEach(async () => {
  await Promise.all(relays.map((relay) => relay.stop()));
  await bus.close();
});

async function startRelay(store: EventStore, options: Partial<RelayOptions> = {}): Promise<Relay> {
  const relay = new Relay({
    connection: options.connection ?? (await bus.connect('relay')),
    store,
    service: 'book',
    source: '/test',
    onGeneration: (generation, reason) => generations.push({ generation, reason }),
    ...options,
  });
  relays.push(relay);
  relay.start();
  return relay;
}

/** Keeps whoever uses a connection from asking the bus for anything. @returns what lets them ask again */
function holdRequests(connection: NatsConnection): () => void {
  const request = connection.request.bind(connection);
  let release!: () => void;
  const released = new Promise<void>((resolve) => (release = resolve));
  connection.request = async (...given) => {
    await released;
    return request(...given);
  };
  return () => {
    connection.request = request;
    release();
  };
}

const caughtUp = (relay: Relay) => async () => {
  const { state, behind } = await relay.status();
  return state === 'following' && behind === 0;
};

/** Reads the whole mirror through a consumer that checks every link. */
async function readMirror(count: number): Promise<MirroredEvent[]> {
  const stop = new AbortController();
  const events: MirroredEvent[] = [];
  for await (const delivery of consumeMirror(await bus.connect('reader'), { service: 'book', signal: stop.signal })) {
    if (delivery.kind === 'gap') throw delivery.gap;
    if (delivery.kind === 'events') events.push(...delivery.events);
    if (events.length >= count) stop.abort();
  }
  return events;
}

/** The mirror holds exactly the log: every event once, in order, as it is there. */
async function expectMirrorOf(store: EventStore): Promise<void> {
  const log = await readLog(store);
  const mirrored = await readMirror(log.length);
  const { messages, lastSequence } = (await findMirror(jetstream, 'book'))!;
  expect({ messages, lastSequence }).toEqual({ messages: log.length, lastSequence: log.length });
  expect(
    mirrored.map(({ sequence: _s, generation: _g, previousPosition: _p, logId, ...event }) => {
      expect(logId).toBe(store.logId);
      return event;
    }),
  ).toEqual(log);
}

it('copies 20,000 events of the log in order, and what is appended then', async () => {
  const store = new InMemoryEventStore();
  await appendEvents(store, 20_000);
  const relay = await startRelay(store);
  await until(caughtUp(relay));
  await appendEvents(store, 1);
  await until(caughtUp(relay));
  await expectMirrorOf(store);
  expect(await relay.status()).toMatchObject({
    state: 'following',
    published: 20_001n,
    head: 20_001n,
    lastError: undefined,
  });
});

it('makes a stream that keeps everything', async () => {
  const relay = await startRelay(new InMemoryEventStore());
  await until(caughtUp(relay));
  const { config } = await jetstream.streams.info('BOOK');
  expect(config).toMatchObject({
    subjects: ['shelfmark.events.book.*'],
    storage: 'file',
    discard: 'new',
    deny_delete: true,
    deny_purge: true,
    max_age: 0,
    max_msgs: -1,
    max_bytes: -1,
  });
});

it('goes on where the mirror ends, in the same generation, when it is started again', async () => {
  const store = new InMemoryEventStore();
  await appendEvents(store, 300);
  const first = await startRelay(store);
  await until(caughtUp(first));
  await first.stop();
  await appendEvents(store, 300);
  const second = await startRelay(store);
  await until(caughtUp(second));
  await expectMirrorOf(store);
  expect(generations).toHaveLength(1);
});

describe('makes the next generation', () => {
  async function expectNextGeneration(store: EventStore, reason: RegExp, previous: number): Promise<void> {
    const relay = await startRelay(store);
    await until(caughtUp(relay));
    expect(generations).toHaveLength(1);
    expect(generations[0]!.reason).toMatch(reason);
    expect(generations[0]!.generation).toBeGreaterThan(previous);
    await expectMirrorOf(store);
  }

  it('when the first message is missing', async () => {
    const store = new InMemoryEventStore();
    await appendEvents(store, 20);
    await writeMirror(jetstream, store, 7, (position) => position === 1n);
    await expectNextGeneration(store, /first message follows position 1/, 7);
  });

  it('when the last message is not the log’s event at its position', async () => {
    const store = new InMemoryEventStore();
    await appendEvents(store, 20);
    const other = await restored(store, 15);
    await appendEvents(other, 5);
    Object.defineProperty(other, 'logId', { value: store.logId });
    await writeMirror(jetstream, other, 7);
    await expectNextGeneration(store, /not the log's at position 20/, 7);
  });

  it('when the mirror is ahead of the log', async () => {
    const store = new InMemoryEventStore();
    await appendEvents(store, 20);
    const shorter = await restored(store, 15);
    Object.defineProperty(shorter, 'logId', { value: store.logId });
    await writeMirror(jetstream, store, 7);
    await expectNextGeneration(shorter, /not the log's at position 20/, 7);
  });

  it('when the log was restored from a backup', async () => {
    const store = new InMemoryEventStore();
    await appendEvents(store, 20);
    await writeMirror(jetstream, store, 7);
    await expectNextGeneration(await restored(store), /log/, 7);
  });

  it('when there are holes', async () => {
    const store = new InMemoryEventStore();
    await appendEvents(store, 20);
    await writeMirror(jetstream, store, 7);
    const { config } = await jetstream.streams.info('BOOK');
    await jetstream.streams.delete('BOOK');
    const { deny_delete: _denied, ...deletable } = config;
    await jetstream.streams.add({ ...deletable, name: 'BOOK' });
    for (const event of await readLog(store)) {
      const previousPosition = event.position === 1n ? undefined : event.position - 1n;
      const link = { service: 'book', source: '/test', logId: store.logId, generation: 7, previousPosition };
      const { subject, headers, body } = toEventMessage(event, link);
      await jetstream.jetstream().publish(subject, body, { headers });
    }
    await jetstream.streams.deleteMessage('BOOK', 10);
    await jetstream.streams.update('BOOK', { deny_delete: true });
    await expectNextGeneration(store, /holds 19 of 20/, 7);
  });

  it('when the stream is somebody else’s', async () => {
    await jetstream.streams.add({ name: 'BOOK', subjects: ['shelfmark.events.book.*'], max_msgs: 3 });
    const store = new InMemoryEventStore();
    await appendEvents(store, 20);
    await expectNextGeneration(store, /not made by a relay/, 0);
  });

  it('when the stream is deleted, or made anew by somebody, while the log is quiet', async () => {
    const store = new InMemoryEventStore();
    await appendEvents(store, 20);
    const relaying = await bus.connect('relay');
    const relay = await startRelay(store, { connection: relaying });
    await until(caughtUp(relay));
    await jetstream.streams.delete('BOOK');
    await until(() => generations.length === 2);
    await until(caughtUp(relay));
    await expectMirrorOf(store);

    const release = holdRequests(relaying);
    await jetstream.streams.delete('BOOK');
    await writeMirror(jetstream, store, generations[1]!.generation + 5, (position) => position === 10n);
    release();
    await until(() => generations.length === 3);
    await until(caughtUp(relay));
    await expectMirrorOf(store);
    expect(generations[2]!.generation).toBeGreaterThan(generations[1]!.generation + 5);
  });

  it('when somebody else writes into the mirror', async () => {
    const store = new InMemoryEventStore();
    await appendEvents(store, 20);
    const relay = await startRelay(store);
    await until(caughtUp(relay));
    await jetstream.jetstream().publish('shelfmark.events.book.BookCreated', 'garbage');
    await appendEvents(store, 20);
    await until(() => generations.length === 2);
    await until(caughtUp(relay));
    await expectMirrorOf(store);
  });

  it('when somebody asks and the chain is broken, and not when it holds', async () => {
    const store = new InMemoryEventStore();
    await appendEvents(store, 2_000);
    // Only in the middle, where no look at either end could tell.
    await writeMirror(jetstream, store, Date.now(), (position) => position === 500n);
    const relay = await startRelay(store);
    await until(caughtUp(relay));
    expect(generations).toHaveLength(0);

    const asking = await bus.connect('asking');
    const ask = async () => (await asking.request(verifySubject('book'), undefined, { timeout: 30_000 })).json();
    expect(await ask()).toMatchObject({ intact: false });
    await until(() => generations.length === 1);
    await until(caughtUp(relay));
    await expectMirrorOf(store);
    expect(await Promise.all(Array.from({ length: 20 }, ask))).toEqual(
      Array(20).fill({ intact: true, generation: generations[0]!.generation }),
    );
    expect(generations).toHaveLength(1);
  });
});

describe('recovers by itself', () => {
  it('when NATS is killed while it publishes, again and again', async () => {
    const store = new InMemoryEventStore();
    const relay = await startRelay(store);
    for (let round = 0; round < 3; round++) {
      await appendEvents(store, 5_000);
      await until(async () => (await relay.status()).published! > BigInt(round * 5_000 + 100));
      await bus.kill();
      await appendEvents(store, 100);
      await bus.startAgain();
    }
    await until(caughtUp(relay));
    await expectMirrorOf(store);
    expect(generations).toHaveLength(1);
  });

  it('when NATS’s data is wiped while it runs', async () => {
    const store = new InMemoryEventStore();
    await appendEvents(store, 1_000);
    const relay = await startRelay(store);
    await until(caughtUp(relay));
    await bus.kill();
    await bus.startAgain({ wiped: true });
    await until(() => generations.length === 2);
    await until(caughtUp(relay));
    await expectMirrorOf(store);
    expect(generations[1]!.generation).toBeGreaterThan(generations[0]!.generation);
  });
});

it('two at once neither interleave nor repeat; one stands by, and takes over when the other ends', async () => {
  const store = new InMemoryEventStore();
  await appendEvents(store, 3_000);
  const [first, second] = await Promise.all([startRelay(store), startRelay(store)]);
  for (let round = 0; round < 10; round++) await appendEvents(store, 200);
  const complete = async () => (await findMirror(jetstream, 'book'))?.lastSequence === 5_000;
  await until(complete);
  await appendEvents(store, 1);
  await until(async () => (await findMirror(jetstream, 'book'))?.lastSequence === 5_001);
  const states = async () => [(await first.status()).state, (await second.status()).state].sort();
  await until(async () => (await states()).join() === 'following,standby');
  await expectMirrorOf(store);

  const [ending] = (await first.status()).state === 'following' ? [first] : [second];
  await ending.stop();
  await appendEvents(store, 500);
  await until(async () => (await findMirror(jetstream, 'book'))?.lastSequence === 5_501);
  await expectMirrorOf(store);
  // Had both made it in the same millisecond, both had made the same.
  expect(new Set(generations.map(({ generation }) => generation)).size).toBe(1);
});

it('carries the largest append that a log takes, and refuses a server that could not', async () => {
  const store = new InMemoryEventStore();
  const metadata = {
    commandId: randomUUID(),
    commandHash: 'hash',
    correlationId: 'c',
    causationId: 'c',
    time: '2026-01-02T03:04:05.678Z',
    schemaVersion: 1,
  };
  const room = 512 * 1024 - JSON.stringify(metadata).length - 2;
  const event = { id: randomUUID(), type: 'BookCreated', data: 'x'.repeat(room), metadata };
  await store.append([{ stream: 'Book-1', expected: 'none', events: [event] }]);
  for (let number = 0; number < 30; number++) {
    await store.append([{ stream: 'Book-1', expected: 'any', events: [{ ...event, id: randomUUID() }] }]);
  }
  const relay = await startRelay(store);
  await until(caughtUp(relay));
  await expectMirrorOf(store);

  const small = await TestBus.start({ maxPayloadBytes: 256 * 1024 });
  const refused = new Relay({ connection: await small.connect(), store, service: 'book', source: '/test' });
  expect(() => refused.start()).toThrow(expect.objectContaining({ name: 'PayloadLimitTooLow' }));
  await small.close();
});
