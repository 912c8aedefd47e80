import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Database, RootDatabase } from 'lmdb';
import { openEnvironment } from './environment.js';
import { EventRecord } from './event-record.js';
import { StoreDamaged, StoreUnreadable } from './store-errors.js';

/*
 * The layout, format 1. One LMDB environment with these trees:
 *
 *   log        position (u48)                   → event record, see event-record.ts. Positions are dense and start at 1.
 *   trail      position / 256 (u48)             → u32 stream number for each of these 256 events, each number that is new
 *                                                 followed by the u32 fingerprint of the stream's name. Streams are
 *                                                 numbered in the order of their first events.
 *   chunks     stream number, revision / 64 (u32 each) → the 64 positions (u48 each), once there are 64
 *   deleted    first 16 bytes of SHA-256 of a name     → the name
 *   snapshots  the same                                → JSON
 *   meta       "format", "log" (its id), "owner"       → JSON; the owner's LMDB version number is its token
 *
 * An append writes to the right end of `log` and of `trail` and to nothing else but, for every 64th event of a stream, a
 * chunk. An index by name or by event id would cost a page somewhere in the middle of a tree for each event: with three
 * million streams that made appends four times slower. Instead the names live in memory (see stream-directory.ts), filled
 * from the trail on opening, and the last events of a stream are found by following the records' previous positions.
 */
const format = 1;

const positionKeys = {
  writeKey(key: number, target: Buffer, start: number): number {
    return target.writeUIntBE(key, start, 6);
  },
  readKey(source: Buffer, start: number): number {
    return source.readUIntBE(start, 6);
  },
};

export interface Trees {
  readonly root: RootDatabase;
  readonly log: Database<Buffer, number>;
  readonly trail: Database<Buffer, number>;
  readonly chunks: Database<Buffer, Buffer>;
  readonly deleted: Database<Buffer, Buffer>;
  readonly snapshots: Database<Buffer, Buffer>;
  readonly meta: Database<unknown, string>;
}

export const eventsPerTrailRow = 256;
export const eventsPerChunk = 64;

/** Opens the environment; a directory that does not exist is made, unless it is only to be read. */
export function openTrees(directory: string, { readOnly }: { readOnly: boolean }): Trees {
  if (readOnly && !existsSync(join(directory, 'data.mdb')))
    throw new StoreUnreadable(directory, 'there is no data.mdb in it');
  let root: RootDatabase;
  try {
    root = openEnvironment(directory, {
      readOnly,
      encoding: 'binary',
      // Appends are grouped by GroupCommit; waiting for lmdb's own grouping would only add to their latency.
      eventTurnBatching: false,
    });
  } catch (error) {
    throw new StoreUnreadable(directory, (error as Error).message, { cause: error });
  }
  try {
    const tree = <Key extends number | Buffer>(name: string, keys: object): Database<Buffer, Key> =>
      root.openDB<Buffer, Key>(name, { encoding: 'binary', ...keys });
    const byPosition = { keyEncoder: positionKeys };
    const byBytes = { keyEncoding: 'binary' };
    const trees: Trees = {
      root,
      log: tree('log', byPosition),
      trail: tree('trail', byPosition),
      chunks: tree('chunks', byBytes),
      deleted: tree('deleted', byBytes),
      snapshots: tree('snapshots', byBytes),
      meta: root.openDB<unknown, string>('meta', { encoding: 'json', useVersions: true }),
    };
    if (Object.values(trees).some((tree) => tree === undefined)) throw new Error('it holds no event log');
    const found = trees.meta.get('format');
    if (found === undefined && !readOnly && trees.log.getKeysCount({ limit: 1 }) === 0) {
      root.transactionSync(() => {
        void trees.meta.put('format', format, 0);
        void trees.meta.put('log', { id: randomUUID() }, 0);
      });
      // LMDB syncs its file, not the directories that lead to it: without this a power cut could take a new log back whole.
      syncDirectory(directory);
      syncDirectory(dirname(resolve(directory)));
    } else if (found !== format) {
      throw new Error(`its format is ${String(found)}, this version knows ${format}`);
    }
    return trees;
  } catch (error) {
    void root.close();
    throw new StoreUnreadable(directory, (error as Error).message, { cause: error });
  }
}

export function logIdOf(trees: Trees): string {
  return (trees.meta.get('log') as { id: string }).id;
}

export function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The position of the last event that is flushed, 0 while there is none. */
export function lastPosition(trees: Trees): number {
  for (const key of trees.log.getKeys({ reverse: true, start: 2 ** 48 - 1, limit: 1 })) return key;
  return 0;
}

/** @throws StoreDamaged when there is no whole record at the position */
export function readRecord(trees: Trees, position: number): EventRecord {
  const bytes = trees.log.get(position);
  if (bytes === undefined) throw new StoreDamaged(position, 'there is no record');
  return new EventRecord(position, asBuffer(bytes));
}

export interface BatchLimits {
  readonly maxEvents: number;
  readonly maxBytes: number;
}

export const defaultBatch: BatchLimits = { maxEvents: 256, maxBytes: 1024 * 1024 };

/**
 * The records after a position, one batch of them. It reads to its end at once: a read transaction that stayed open while
 * the caller works would keep LMDB from using freed pages again.
 */
export function readRecords(trees: Trees, after: number, limits: BatchLimits): EventRecord[] {
  return readRecordBytes(trees, after, limits).map(({ position, bytes }) => new EventRecord(position, bytes));
}

export function readRecordBytes(
  trees: Trees,
  after: number,
  { maxEvents, maxBytes }: BatchLimits,
): { position: number; bytes: Buffer }[] {
  const records: { position: number; bytes: Buffer }[] = [];
  let readBytes = 0;
  for (const { key, value } of trees.log.getRange({ start: after + 1, end: 2 ** 48 - 1, limit: maxEvents })) {
    records.push({ position: key, bytes: asBuffer(value) });
    readBytes += value.length;
    if (readBytes >= maxBytes) break;
  }
  return records;
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function chunkKey(streamNumber: number, chunk: number): Buffer {
  const key = Buffer.allocUnsafe(8);
  key.writeUInt32BE(streamNumber, 0);
  key.writeUInt32BE(chunk, 4);
  return key;
}

export function encodeChunk(positions: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(positions.length * 6);
  for (const [index, position] of positions.entries()) bytes.writeUIntLE(position, index * 6, 6);
  return bytes;
}

export function decodeChunk(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length / 6 }, (_, index) => bytes.readUIntLE(index * 6, 6));
}
