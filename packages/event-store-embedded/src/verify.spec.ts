import { randomUUID } from 'node:crypto';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EmbeddedEventStore } from './embedded-event-store.js';
import { draftEvent, placeRecord } from './event-record.js';
import { asBuffer, chunkKey, openTrees, type Trees } from './log-environment.js';
import { StoreDamaged, StoreUnreadable } from './store-errors.js';
import { temporaryDirectory } from './testing/temporary-directory.js';
import { verify } from './verify.js';

const events = (count: number) =>
  Array.from({ length: count }, () => ({ id: randomUUID(), type: 'T', data: { n: 1 }, metadata: {} as never }));

/** `Long-1` has 200 events, `Gone-1` is deleted, and there are enough of others to fill a row of the trail. */
async function aLog(): Promise<string> {
  const directory = temporaryDirectory();
  const store = await EmbeddedEventStore.open({ directory });
  const appends = Array.from({ length: 100 }, (_, index) =>
    store.append([
      { stream: 'Long-1', expected: 'any', events: events(2) },
      { stream: `Short-${index}`, expected: 'none', events: events(1) },
    ]),
  );
  await Promise.all(appends);
  await store.append([{ stream: 'Gone-1', expected: 'none', events: events(1) }]);
  await store.deleteStream('Gone-1', 0);
  await store.writeSnapshot('Long-1', { revision: 3, codeVersion: '1', state: {} });
  await store.close();
  return directory;
}

async function damage(directory: string, change: (trees: Trees) => void): Promise<void> {
  const trees = openTrees(directory, { readOnly: false });
  trees.root.transactionSync(() => change(trees));
  await trees.root.close();
}

function changedRecord(trees: Trees, position: number, change: (bytes: Buffer) => void): void {
  const bytes = Buffer.from(asBuffer(trees.log.get(position)!));
  change(bytes);
  void trees.log.put(position, bytes);
}

test('finds nothing wrong with a log that nobody touched, and counts it', async () => {
  const directory = await aLog();
  const seen: number[] = [];
  const found = await verify(directory, { onProgress: ({ events }) => seen.push(events) });
  expect(found).toMatchObject({ events: 301, streams: 102, deletedStreams: 1, faults: [] });
  expect(seen.at(-1)).toBe(301);
});

test('finds nothing wrong while the log is being written', async () => {
  const directory = temporaryDirectory();
  const store = await EmbeddedEventStore.open({ directory });
  let writing = true;
  const writer = (async () => {
    while (writing) await store.append([{ stream: 'Busy-1', expected: 'any', events: events(7) }]);
  })();
  for (let round = 0; round < 5; round++) expect((await verify(directory)).faults).toEqual([]);
  writing = false;
  await writer;
  await store.close();
});

test.each<[string, string, (trees: Trees) => void]>([
  ['a record that is gone', 'position', ({ log }) => void log.remove(100)],
  ['a bit that flipped', 'record', (trees) => changedRecord(trees, 100, (bytes) => (bytes[60]! ^= 1))],
  ['a record that is cut', 'record', ({ log }) => void log.put(100, Buffer.from('short'))],
  [
    'a record whose event is no JSON',
    'record',
    (trees) => {
      changedRecord(trees, 100, (bytes) => {
        bytes[bytes.length - 1] = 0;
        placeRecord(bytes, bytes.readUInt32LE(4), bytes.readUInt32LE(8), bytes.readUIntLE(12, 6));
      });
    },
  ],
  [
    'a revision that skips one',
    'revision',
    (trees) => {
      changedRecord(trees, 100, (bytes) => {
        placeRecord(bytes, bytes.readUInt32LE(4), bytes.readUInt32LE(8) + 1, bytes.readUIntLE(12, 6));
      });
    },
  ],
  [
    'a record that follows the wrong one',
    'revision',
    (trees) => {
      changedRecord(trees, 100, (bytes) => placeRecord(bytes, bytes.readUInt32LE(4), bytes.readUInt32LE(8), 5));
    },
  ],
  [
    'a record that has the name of another stream',
    'revision',
    ({ log }) => {
      const { record } = draftEvent('Other-1', events(1)[0]!);
      placeRecord(record, 0, 66, 98);
      void log.put(100, record);
    },
  ],
  [
    'a stream that begins twice',
    'revision',
    ({ log }) => {
      const { record } = draftEvent('Short-1', events(1)[0]!);
      placeRecord(record, 102, 0, 0);
      void log.put(302, record);
    },
  ],
  ['a trail that says something else', 'trail', ({ trail }) => void trail.put(0, Buffer.alloc(1024))],
  ['a trail that is cut', 'trail', ({ trail }) => void trail.remove(1)],
  ['a chunk that is gone', 'chunk', ({ chunks }) => void chunks.remove(chunkKey(0, 1))],
  ['a chunk with other positions', 'chunk', ({ chunks }) => void chunks.put(chunkKey(0, 1), Buffer.alloc(384))],
  ['a chunk too many', 'chunk', ({ chunks }) => void chunks.put(chunkKey(7, 0), Buffer.alloc(384))],
  [
    'a deletion under another name',
    'deletion',
    ({ deleted }) => void deleted.put(Buffer.alloc(16, 1), Buffer.from('Gone-2')),
  ],
  [
    'a snapshot that is no JSON',
    'snapshot',
    ({ snapshots }) => void snapshots.put(Buffer.alloc(16, 1), Buffer.from('{')),
  ],
])('finds %s', async (_what, kind, change) => {
  const directory = await aLog();
  await damage(directory, change);
  const { faults } = await verify(directory);
  expect(faults.map((fault) => fault.kind)).toContain(kind);
  expect(faults.length).toBeLessThanOrEqual(4);
});

test('what is damaged is not given to a reader', async () => {
  const directory = await aLog();
  await damage(directory, (trees) => changedRecord(trees, 100, (bytes) => (bytes[60]! ^= 1)));
  const store = await EmbeddedEventStore.open({ directory });
  const read = async () => {
    for await (const _batch of store.readLog({ after: 90n }));
  };
  await expect(read()).rejects.toThrow(StoreDamaged);
  await store.close();
});

test('a directory without a log, with something else in it, or with a cut file is not opened', async () => {
  const directory = temporaryDirectory();
  await expect(verify(directory)).rejects.toThrow(StoreUnreadable);
  await expect(verify(join(directory, 'nowhere'))).rejects.toThrow(StoreUnreadable);
  writeFileSync(join(directory, 'data.mdb'), 'hello, this is no database at all, whatever its name says');
  await expect(verify(directory)).rejects.toThrow(StoreUnreadable);
  await expect(EmbeddedEventStore.open({ directory })).rejects.toThrow(StoreUnreadable);

  const cut = temporaryDirectory();
  const store = await EmbeddedEventStore.open({ directory: cut });
  const big = Array.from({ length: 10 }, () => ({ ...events(1)[0]!, data: 'x'.repeat(200_000) }));
  for (const event of big) await store.append([{ stream: 'Big-1', expected: 'any', events: [event] }]);
  await store.close();
  truncateSync(join(cut, 'data.mdb'), 64 * 1024);
  await expect(verify(cut)).rejects.toThrow(StoreUnreadable);
  await expect(EmbeddedEventStore.open({ directory: cut })).rejects.toThrow(StoreUnreadable);
});

test('a log of a format that it does not know is refused', async () => {
  const directory = await aLog();
  await damage(directory, ({ meta }) => void meta.put('format', 2, 0));
  await expect(EmbeddedEventStore.open({ directory })).rejects.toThrow(/format is 2/);
});
