import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import {
  asBuffer,
  defaultBatch,
  lastPosition,
  logIdOf,
  openTrees,
  readRecords,
  type Trees,
} from './log-environment.js';
import { StoreDamaged } from './store-errors.js';
import type { Progress } from './verify.js';

/*
 * An export is NDJSON:
 *
 *   {"format":"shelfmark-log","version":1,"logId":…,"events":…}     first
 *   {"position":"1","stream":…,"revision":0,"id":…,"type":…,"data":…,"metadata":…}   for each event, in order
 *   {"deleted":…}                                                   for each deleted stream, after the events
 *   {"events":…,"deleted":…,"sha256":…}                             last: over the lines between, with their line ends
 */
export const exportFormat = 'shelfmark-log';
export const exportVersion = 1;

/**
 * Writes a whole log as NDJSON, up to where it ends now, and ends the stream. Snapshots are not part of it. It may run while
 * another process writes.
 *
 * @returns how many events were written
 * @throws StoreUnreadable, StoreDamaged
 */
export async function exportLog(
  directory: string,
  to: Writable,
  { onProgress = () => {} }: { onProgress?: (progress: Progress) => void } = {},
): Promise<number> {
  const trees = openTrees(directory, { readOnly: true });
  try {
    const totalEvents = lastPosition(trees);
    await pipeline(Readable.from(exportLines(trees, totalEvents, onProgress)), to);
    return totalEvents;
  } finally {
    await trees.root.close();
  }
}

async function* exportLines(
  trees: Trees,
  totalEvents: number,
  onProgress: (progress: Progress) => void,
): AsyncGenerator<string> {
  const digest = createHash('sha256');
  const logId = logIdOf(trees);
  yield `${JSON.stringify({ format: exportFormat, version: exportVersion, logId, events: totalEvents })}\n`;

  for (let events = 0; events < totalEvents;) {
    const maxEvents = Math.min(defaultBatch.maxEvents, totalEvents - events);
    let lines = '';
    const batch = readRecords(trees, events, { ...defaultBatch, maxEvents });
    if (batch.length === 0) throw new StoreDamaged(events + 1, 'there is no record');
    for (const record of batch) {
      if (record.position !== ++events) throw new StoreDamaged(events, 'there is no record');
      if (record.fault !== undefined) throw new StoreDamaged(events, record.fault);
      const { stream, revision, id, type, data, metadata } = record.decode();
      lines += `${JSON.stringify({ position: String(events), stream, revision, id, type, data, metadata })}\n`;
    }
    digest.update(lines);
    yield lines;
    onProgress({ events, totalEvents });
    await turn();
  }

  let deleted = 0;
  for (const { value } of trees.deleted.getRange({ start: Buffer.alloc(1) })) {
    const line = `${JSON.stringify({ deleted: asBuffer(value).toString() })}\n`;
    deleted++;
    digest.update(line);
    yield line;
  }
  yield `${JSON.stringify({ events: totalEvents, deleted, sha256: digest.digest('hex') })}\n`;
}
