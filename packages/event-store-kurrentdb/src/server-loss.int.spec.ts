import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { StreamAppend } from '@shelfmark/event-sourcing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KurrentDBEventStore } from './kurrentdb-event-store.js';
import { DevServer } from './testing/dev-server.js';
import { collect, events, flat, until } from './testing/events.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

let server: DevServer;
let store: KurrentDBEventStore;

beforeEach(async () => {
  server = await DevServer.start();
  store = await KurrentDBEventStore.open({ connectionString: server.url, log: 'test' });
});
afterEach(async () => {
  await store.close();
  await server.dispose();
});

/** Appends to one and to two streams, again and again, until told otherwise. */
function appendOn() {
  const ids: string[] = [];
  let isOn = true;
  const ended = (async () => {
    for (let turn = 0; isOn; turn++) {
      const streams = turn % 3 === 0 ? [randomUUID(), randomUUID()] : [randomUUID()];
      const appends = streams.map((id): StreamAppend => {
        return { stream: `Thing-${id}`, expected: 'none', events: events(2) };
      });
      const answers = await store.append(appends);
      expect(answers.map(({ revision }) => revision)).toEqual(streams.map(() => 1));
      ids.push(...appends.flatMap((append) => append.events.map(({ id }) => id)));
    }
  })();
  return {
    ids,
    async stop() {
      isOn = false;
      await ended;
    },
  };
}

describe('a server that is killed and started again', () => {
  it('costs no append, doubles none, and leaves no gap in a subscription', async () => {
    const reader = collect(store);
    const appending = appendOn();
    for (let round = 1; round <= 3; round++) {
      await until(() => appending.ids.length > round * 40 && reader.events.length > 0);
      await server.kill();
      await server.startAgain();
      const before = appending.ids.length;
      await until(() => appending.ids.length > before);
    }
    await appending.stop();
    const log = await flat(store.readLog());
    expect(log.map(({ id }) => id)).toEqual(appending.ids);
    await until(() => reader.events.length >= log.length);
    await reader.stop();
    expect(reader.events).toEqual(log);
  });

  it('costs a read that is in the middle nothing', async () => {
    const appended = events(1_000);
    await store.append([{ stream: 'Thing-1', expected: 'none', events: appended }]);
    const ids = appended.map(({ id }) => id);
    const reads = [
      store.readStream('Thing-1'),
      store.readLog(),
      store.readStream('Thing-1', { direction: 'backwards' }),
    ];
    const first = await Promise.all(reads.map(async (read) => (await read.next()).value!));
    for (const page of first) expect(page.length).toBeLessThan(appended.length);
    // Some of the next pages are asked for before it is gone, and some after.
    const others = reads.slice(1).map((read) => flat(read));
    await server.kill();
    const all = [flat(reads[0]!), ...others];
    await server.startAgain();
    const [forwards, log, backwards] = (await Promise.all(all)).map((rest, read) =>
      [...first[read]!, ...rest].map(({ id }) => id),
    );
    expect(forwards).toEqual(ids);
    expect(log).toEqual(ids);
    expect(backwards).toEqual(ids.toReversed());
  });

  it('leaves reads waiting, not failing', async () => {
    await store.append([{ stream: 'Thing-1', expected: 'none', events: events(3) }]);
    await server.kill();
    const reads = Promise.all([flat(store.readStream('Thing-1')), flat(store.readLog()), store.head()]);
    await server.startAgain();
    const [stream, log, head] = await reads;
    expect(stream).toHaveLength(3);
    expect(log).toEqual(stream);
    expect(head).toBe(stream[2]!.position);
  });
});

describe('a server that falls silent', () => {
  it('is waited for: what was sent to it is done once', async () => {
    const reader = collect(store);
    await store.append([{ stream: 'Thing-1', expected: 'none', events: events(1) }]);
    await until(() => reader.events.length === 1);
    server.freeze();
    const batch = events(2);
    const repeated = [1, 2].map(() => store.append([{ stream: 'Thing-1', expected: 0, events: batch }]));
    const pair = store.append(
      ['Thing-2', 'Thing-3'].map((stream): StreamAppend => ({ stream, expected: 'none', events: events(1) })),
    );
    // Longer than an attempt waits for its answer.
    await new Promise((resolve) => setTimeout(resolve, 9_000));
    server.thaw();
    const [first, second] = await Promise.all(repeated);
    expect(first).toEqual(second);
    await pair;
    await until(() => reader.events.length === 5);
    await reader.stop();
    expect(reader.events).toEqual(await flat(store.readLog()));
  });
});

describe('a reader that takes nothing', () => {
  it('makes the server wait, and then gets everything', async () => {
    const [weightBytes, count] = [100_000, 500];
    const stop = new AbortController();
    const subscription = store.subscribe({ signal: stop.signal })[Symbol.asyncIterator]();
    await store.append([{ stream: 'Thing-0', expected: 'none', events: events(1) }]);
    let seen = (await subscription.next()).value!.length;
    const before = memoryBytes();
    for (let n = 1; n <= count; n++) {
      await store.append([{ stream: `Thing-${n}`, expected: 'none', events: events(1, 'x'.repeat(weightBytes)) }]);
    }
    expect(memoryBytes() - before).toBeLessThan((count * weightBytes) / 2);
    while (seen < count + 1) seen += (await subscription.next()).value!.length;
    stop.abort();
    expect((await subscription.next()).done).toBe(true);
  });
});

/** What this process holds, without what is only not yet collected. */
function memoryBytes(): number {
  // A buffer that lost its owner in the first round is freed in the second.
  collectGarbage();
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
