import { setImmediate as turn } from 'node:timers/promises';
import { fingerprint, FingerprintTable } from './fingerprint-table.js';
import { EventRecord } from './event-record.js';
import {
  asBuffer,
  chunkKey,
  defaultBatch,
  encodeChunk,
  eventsPerChunk,
  eventsPerTrailRow,
  lastPosition,
  logIdOf,
  openTrees,
  readRecordBytes,
  type Trees,
} from './log-environment.js';
import { StoreDamaged } from './store-errors.js';
import { nameKey } from './write-batch.js';

export interface LogFault {
  /**
   * What is wrong: a position without a record; a record's bytes; its place in its stream; what is derived from the log
   * (trail, chunks); a note of a deleted stream; a snapshot.
   */
  readonly kind: 'position' | 'record' | 'revision' | 'trail' | 'chunk' | 'deletion' | 'snapshot';
  readonly position?: number;
  readonly stream?: string;
  readonly detail: string;
}

export interface Verification {
  readonly logId: string;
  readonly events: number;
  readonly streams: number;
  readonly deletedStreams: number;
  readonly faults: readonly LogFault[];
}

export interface Progress {
  readonly events: number;
  readonly totalEvents: number;
}

/**
 * Reads a whole log, up to where it ends now, and reports everything that contradicts itself. It may run while another
 * process writes.
 *
 * @throws StoreUnreadable when there is nothing to read
 */
export async function verify(
  directory: string,
  { onProgress = () => {} }: { onProgress?: (progress: Progress) => void } = {},
): Promise<Verification> {
  const trees = openTrees(directory, { readOnly: true });
  try {
    return await new Verifier(trees, onProgress).run();
  } finally {
    await trees.root.close();
  }
}

class Verifier {
  readonly #trees: Trees;
  readonly #onProgress: (progress: Progress) => void;
  readonly #faults: LogFault[] = [];
  /** What the log says about each stream so far, by its number. */
  #revisions = new Float64Array(1024).fill(-1);
  #positions = new Float64Array(1024);
  #prints = new Uint32Array(1024);
  readonly #names = new FingerprintTable();
  #streams = 0;
  #events = 0;
  #chunks = 0;
  /** What the trail's row should say, unless that cannot be known. */
  #trailRow: number[] | undefined = [];
  #totalEvents = 0;

  constructor(trees: Trees, onProgress: (progress: Progress) => void) {
    this.#trees = trees;
    this.#onProgress = onProgress;
  }

  async run(): Promise<Verification> {
    const totalEvents = lastPosition(this.#trees);
    this.#totalEvents = totalEvents;
    const { entryCount: chunkRows } = this.#trees.chunks.getStats() as { entryCount: number };

    let expected = 1;
    while (expected <= totalEvents) {
      const records = readRecordBytes(this.#trees, expected - 1, defaultBatch);
      for (const { position, bytes } of records) {
        if (position > totalEvents) break;
        for (; expected < position; expected++) this.#missing(expected);
        this.#check(position, bytes);
        expected++;
      }
      if (records.length === 0) for (; expected <= totalEvents; expected++) this.#missing(expected);
      this.#onProgress({ events: this.#events, totalEvents });
      await turn();
    }
    this.#checkTrailRow(totalEvents);
    if (chunkRows !== this.#chunks) {
      this.#fault({ kind: 'chunk', detail: `there are ${chunkRows} chunks, the log makes ${this.#chunks}` });
    }
    const deletedStreams = this.#checkDeletions();
    this.#checkSnapshots();
    return {
      logId: logIdOf(this.#trees),
      events: this.#events,
      streams: this.#streams,
      deletedStreams,
      faults: this.#faults,
    };
  }

  #check(position: number, bytes: Buffer): void {
    this.#events++;
    const record = intactRecord(position, bytes);
    if (typeof record === 'string') {
      this.#fault({ kind: 'record', position, detail: record });
      this.#extendTrail(undefined, position);
      return;
    }
    const { stream, streamNumber: number, revision } = record;
    const print = fingerprint(stream);
    const isNew = number === this.#streams;
    if (isNew) this.#addStream(stream, print, position);

    if (number >= this.#streams) {
      this.#fault({ kind: 'revision', position, stream, detail: `stream number ${number} came before its turn` });
    } else {
      if (this.#prints[number] !== print) {
        this.#fault({ kind: 'revision', position, stream, detail: `stream number ${number} had another name` });
      }
      const next = this.#revisions[number]! + 1;
      if (revision !== next) {
        this.#fault({ kind: 'revision', position, stream, detail: `revision ${revision} where ${next} comes next` });
      }
      if (record.previousPosition !== this.#positions[number]) {
        const detail = `it follows ${record.previousPosition}, its stream was last at ${this.#positions[number]}`;
        this.#fault({ kind: 'revision', position, stream, detail });
      }
      this.#revisions[number] = revision;
      this.#positions[number] = position;
      if ((revision + 1) % eventsPerChunk === 0) this.#checkChunk(record);
    }
    this.#extendTrail(isNew ? [number, print] : [number], position);
  }

  #addStream(stream: string, print: number, position: number): void {
    const twin = this.#names.find(print, (number) => this.#recordAt(this.#positions[number]!)?.stream === stream);
    if (twin !== undefined) {
      this.#fault({ kind: 'revision', position, stream, detail: `number ${twin} begins again as ${this.#streams}` });
    }
    if (this.#streams === this.#revisions.length) {
      const [revisions, positions, prints] = [this.#revisions, this.#positions, this.#prints];
      this.#revisions = new Float64Array(revisions.length * 2).fill(-1);
      this.#positions = new Float64Array(positions.length * 2);
      this.#prints = new Uint32Array(prints.length * 2);
      this.#revisions.set(revisions);
      this.#positions.set(positions);
      this.#prints.set(prints);
    }
    this.#prints[this.#streams] = print;
    this.#names.add(print, this.#streams++);
  }

  #missing(position: number): void {
    this.#fault({ kind: 'position', position, detail: 'there is no record' });
    this.#extendTrail(undefined, position);
  }

  /** The record at a position, if it is there and whole. */
  #recordAt(position: number): EventRecord | undefined {
    const bytes = this.#trees.log.get(position);
    const record = bytes === undefined ? undefined : intactRecord(position, asBuffer(bytes));
    return typeof record === 'string' ? undefined : record;
  }

  /** A chunk has the positions that its stream's records give, going back from the last. */
  #checkChunk({ streamNumber, revision, position, stream }: EventRecord): void {
    this.#chunks++;
    const chunk = Math.floor(revision / eventsPerChunk);
    const bytes = this.#trees.chunks.get(chunkKey(streamNumber, chunk));
    if (bytes === undefined) {
      this.#fault({ kind: 'chunk', position, stream, detail: `chunk ${chunk} is missing` });
      return;
    }
    const positions: number[] = [];
    for (let place = position; place > 0 && positions.length < eventsPerChunk;) {
      positions.push(place);
      place = this.#recordAt(place)?.previousPosition ?? 0;
    }
    if (!asBuffer(bytes).equals(encodeChunk(positions.reverse()))) {
      this.#fault({ kind: 'chunk', position, stream, detail: `chunk ${chunk} does not have its positions` });
    }
  }

  /** Where a record cannot tell what the trail should say, the row is not compared. */
  #extendTrail(entry: readonly number[] | undefined, position: number): void {
    if (entry === undefined) this.#trailRow = undefined;
    else this.#trailRow?.push(...entry);
    if (position % eventsPerTrailRow === 0) this.#checkTrailRow(position);
  }

  #checkTrailRow(position: number): void {
    const row = Math.floor((position - 1) / eventsPerTrailRow);
    const entries = this.#trailRow;
    this.#trailRow = [];
    if (entries === undefined || entries.length === 0) return;
    const found = this.#trees.trail.get(row);
    const wanted = Buffer.from(Uint32Array.from(entries).buffer);
    // The last row may have grown since the log's end was looked up.
    const isLast = position === this.#totalEvents && position % eventsPerTrailRow !== 0;
    const compared = found === undefined ? undefined : asBuffer(found).subarray(0, isLast ? wanted.length : undefined);
    if (!compared?.equals(wanted)) {
      this.#fault({ kind: 'trail', position, detail: `row ${row} does not say what the log does` });
    }
  }

  #checkDeletions(): number {
    let count = 0;
    for (const { key, value } of this.#trees.deleted.getRange({ start: Buffer.alloc(1) })) {
      count++;
      const stream = asBuffer(value).toString();
      if (!nameKey(stream).equals(key)) {
        this.#fault({ kind: 'deletion', stream, detail: 'it does not lie under the name that it has' });
      }
    }
    return count;
  }

  #checkSnapshots(): void {
    for (const { key, value } of this.#trees.snapshots.getRange({ start: Buffer.alloc(1) })) {
      try {
        JSON.parse(asBuffer(value).toString());
      } catch {
        this.#fault({ kind: 'snapshot', detail: `the one under ${key.toString('hex')} cannot be parsed` });
      }
    }
  }

  #fault(fault: LogFault): void {
    this.#faults.push(fault);
  }
}

/** The record, or what is wrong with it. */
function intactRecord(position: number, bytes: Buffer): EventRecord | string {
  try {
    const record = new EventRecord(position, bytes);
    return record.fault ?? record;
  } catch (error) {
    if (error instanceof StoreDamaged) return error.detail;
    throw error;
  }
}
