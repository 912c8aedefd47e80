import { randomUUID } from 'node:crypto';
import { type EventStore, InMemoryEventStore, type RecordedEvent, StreamDeleted } from '@shelfmark/event-sourcing';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyLog } from './copy-log.js';
import { KurrentDBEventStore } from './kurrentdb-event-store.js';
import { renewLogId } from './log-record.js';
import { LogIncomplete, LogTaken, NoSuchLog } from './store-errors.js';
import { DevServer } from './testing/dev-server.js';
import { collect, events, flat, until } from './testing/events.js';

let server: DevServer;
let place: { connectionString: string; log: string };

beforeAll(async () => {
  server = await DevServer.startInMemory();
});
afterAll(() => server.dispose());
beforeEach(() => {
  place = { connectionString: server.quickUrl, log: `test${randomUUID().replaceAll('-', '')}` };
});

/** A log whose streams take turns, in runs of one to three events. */
async function aLog(count: number, streams = 7): Promise<InMemoryEventStore> {
  const store = new InMemoryEventStore();
  for (let written = 0; written < count; written += 1 + (written % 3)) {
    const batch = events(Math.min(1 + (written % 3), count - written));
    await store.append([{ stream: `Thing-${(written * 5) % streams}`, expected: 'any', events: batch }]);
  }
  return store;
}

/** A log that breaks off when it is read to the end for the first time, as if the process were killed there. */
function breakingOff(log: InMemoryEventStore, at: number): EventStore {
  return Object.assign(Object.create(log) as InMemoryEventStore, {
    logId: log.logId,
    head: () => log.head(),
    async *readLog(): AsyncGenerator<readonly RecordedEvent[]> {
      yield await flat(log.readLog({ limit: at }));
      throw new Error('killed');
    },
  });
}

describe('a copied log', () => {
  it('has its log id, streams, revisions, ids and positions, and new positions are larger', async () => {
    const original = await aLog(1_000);
    const log = await flat(original.readLog());
    const { events: copied, sha256 } = await copyLog({ ...place, from: original });
    expect(copied).toBe(1_000);
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);

    const store = await KurrentDBEventStore.open(place);
    expect(store.logId).toBe(original.logId);
    expect(await flat(store.readLog())).toEqual(log);
    expect(await store.head()).toBe(log.at(-1)!.position);
    expect(await flat(store.readStream('Thing-3'))).toEqual(log.filter(({ stream }) => stream === 'Thing-3'));

    const [appended] = await store.append([{ stream: 'Thing-3', expected: 'exists', events: events(1) }]);
    expect(appended!.position).toBeGreaterThan(log.at(-1)!.position);
    const whole = await flat(store.readLog());
    expect(whole).toHaveLength(1_001);
    for (const index of [0, 1, 511, 512, 998, 999]) {
      const { position } = log[index]!;
      expect(await flat(store.readLog({ after: position }))).toEqual(whole.slice(index + 1));
      const reader = collect(store, position);
      await until(() => reader.events.length === whole.length - index - 1);
      await reader.stop();
      expect(reader.events).toEqual(whole.slice(index + 1));
    }
    await store.close();
  });

  it('answers an append that the original has answered as it did', async () => {
    const original = new InMemoryEventStore();
    const append = { stream: 'Thing-1', expected: 'none', events: events(2) } as const;
    const first = await original.append([append]);
    await original.append([{ stream: 'Thing-2', expected: 'none', events: events(5) }]);
    await copyLog({ ...place, from: original });
    const store = await KurrentDBEventStore.open(place);
    expect(await store.append([append])).toEqual(first);
    await store.close();
  });

  it('is deleted where the original is', async () => {
    const original = await aLog(50);
    await original.deleteStream('Thing-0', 'any');
    await copyLog({ ...place, from: original });
    const store = await KurrentDBEventStore.open(place);
    expect(await flat(store.readStream('Thing-0'))).toEqual([]);
    const append = store.append([{ stream: 'Thing-0', expected: 'any', events: events(1) }]);
    await expect(append).rejects.toThrow(StreamDeleted);
    expect(await flat(store.readLog())).toEqual(await flat(original.readLog()));
    await store.close();
  });

  it('of many events knows its way from every position', async () => {
    const original = await aLog(9_000, 400);
    await copyLog({ ...place, from: original });
    const store = await KurrentDBEventStore.open(place);
    for (const after of [4_095n, 4_096n, 4_097n, 8_500n]) {
      expect((await flat(store.readLog({ after, limit: 3 }))).map(({ position }) => position)).toEqual([
        after + 1n,
        after + 2n,
        after + 3n,
      ]);
    }
    await store.close();
  });

  it('may be empty', async () => {
    const original = new InMemoryEventStore();
    expect(await copyLog({ ...place, from: original })).toMatchObject({ events: 0 });
    const store = await KurrentDBEventStore.open(place);
    expect(store.logId).toBe(original.logId);
    await store.append([{ stream: 'Thing-1', expected: 'none', events: events(1) }]);
    expect(await flat(store.readLog())).toHaveLength(1);
    await store.close();
  });
});

describe('a copy', () => {
  it('that breaks off anywhere is no log yet, and goes on from there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 1_300 }), { maxLength: 3 }), async (breaks) => {
        place = { ...place, log: `test${randomUUID().replaceAll('-', '')}` };
        const original = await aLog(1_300);
        for (const at of breaks) {
          await expect(copyLog({ ...place, from: breakingOff(original, at) })).rejects.toThrow('killed');
          await expect(KurrentDBEventStore.open(place)).rejects.toThrow(LogIncomplete);
        }
        await copyLog({ ...place, from: original });
        const store = await KurrentDBEventStore.open(place);
        expect(await flat(store.readLog())).toEqual(await flat(original.readLog()));
        await store.close();
      }),
      { numRuns: 5 },
    );
  });

  it('that is complete is only compared again, also when services have gone on', async () => {
    const original = await aLog(300);
    const first = await copyLog({ ...place, from: original });
    const store = await KurrentDBEventStore.open(place);
    await store.append([{ stream: 'Thing-new', expected: 'none', events: events(2) }]);
    expect(await copyLog({ ...place, from: original })).toEqual(first);
    expect(await flat(store.readLog())).toHaveLength(302);
    await store.close();
  });

  it('into a log that is there is refused, whether it holds events or not', async () => {
    const store = await KurrentDBEventStore.open(place);
    await expect(copyLog({ ...place, from: await aLog(3) })).rejects.toThrow(LogTaken);
    await store.append([{ stream: 'Thing-1', expected: 'none', events: events(2) }]);
    await expect(copyLog({ ...place, from: await aLog(3) })).rejects.toThrow(LogTaken);
    expect(await flat(store.readLog())).toHaveLength(2);
    await store.close();
  });

  it('of another log than the one that was begun is refused', async () => {
    const original = await aLog(30);
    await expect(copyLog({ ...place, from: breakingOff(original, 10) })).rejects.toThrow('killed');
    await expect(copyLog({ ...place, from: await aLog(30) })).rejects.toThrow(LogTaken);
  });

  it('that does not hold what the log holds is not made a log', async () => {
    const original = await aLog(30);
    await expect(copyLog({ ...place, from: breakingOff(original, 10) })).rejects.toThrow('killed');
    const other = await aLog(30);
    const forged = Object.assign(Object.create(other) as InMemoryEventStore, { logId: original.logId });
    forged.readLog = (options) => other.readLog(options);
    forged.head = () => other.head();
    forged.readStream = (stream, options) => other.readStream(stream, options);
    await expect(copyLog({ ...place, from: forged })).rejects.toThrow();
    await expect(KurrentDBEventStore.open(place)).rejects.toThrow(LogIncomplete);
  });
});

describe('logs on one server', () => {
  it('do not see each other', async () => {
    const other = { ...place, log: `${place.log}.other` };
    const stores = [await KurrentDBEventStore.open(place), await KurrentDBEventStore.open(other)] as const;
    expect(stores[0].logId).not.toBe(stores[1].logId);
    const readers = stores.map((store) => collect(store));
    for (const [index, store] of stores.entries()) {
      expect(await store.head()).toBeUndefined();
      await store.append([{ stream: 'Thing-1', expected: 'none', events: events(3 + index) }]);
      await store.writeSnapshot('Thing-1', { revision: 2, codeVersion: '1', state: index });
    }
    for (const [index, store] of stores.entries()) {
      await until(() => readers[index]!.events.length === 3 + index);
      expect(await flat(store.readLog())).toEqual(readers[index]!.events);
      expect(await flat(store.readStream('Thing-1'))).toEqual(readers[index]!.events);
      expect(await store.readSnapshot('Thing-1')).toMatchObject({ state: index });
      await readers[index]!.stop();
      await store.close();
    }
  });

  it('get another log id when they were restored from a backup', async () => {
    const before = await KurrentDBEventStore.open(place);
    await before.append([{ stream: 'Thing-1', expected: 'none', events: events(1) }]);
    await before.close();
    const logId = await renewLogId(place);
    const after = await KurrentDBEventStore.open(place);
    expect(after.logId).toBe(logId);
    expect(after.logId).not.toBe(before.logId);
    expect(await flat(after.readLog())).toHaveLength(1);
    await after.close();
    await expect(renewLogId({ ...place, log: 'nothing' })).rejects.toThrow(NoSuchLog);
  });
});
