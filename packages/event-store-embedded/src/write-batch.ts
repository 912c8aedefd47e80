import { hash } from 'node:crypto';
import {
  RevisionConflict,
  StreamDeleted,
  type ExpectedRevision,
  type RecordedEvent,
  type StreamAppended,
} from '@shelfmark/event-sourcing';
import { placeRecord, recordedEvent, type EventDraft } from './event-record.js';
import { fingerprint } from './fingerprint-table.js';
import type { KnownIds } from './known-ids.js';
import { chunkKey, encodeChunk, eventsPerChunk, eventsPerTrailRow, readRecord, type Trees } from './log-environment.js';
import type { StreamDirectory, StreamHead } from './stream-directory.js';

export interface DraftAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly drafts: readonly EventDraft[];
}

/** A stream as it will be once the batch is flushed. */
interface PendingStream {
  readonly stream: string;
  /** As it is on the disk. */
  readonly flushed: StreamHead | undefined;
  /** Negative until it gets its first event. */
  number: number;
  readonly print: number | undefined;
  revision: number;
  position: number;
  /** Of the events that this batch adds: what reading the log would not find yet. */
  readonly positions: number[];
  readonly ids: string[];
  /** Where in `ids` an id is, the last time. */
  readonly indexes: Map<string, number>;
  deleted: boolean;
}

interface PlacedEvent {
  readonly stream: PendingStream;
  readonly revision: number;
  readonly position: number;
  readonly draft: EventDraft;
}

/**
 * The writes of one LMDB transaction. Each is judged against what is flushed and what came before it in the batch, and is
 * taken in whole or not at all, so a conflict leaves nothing behind and touches no other write.
 *
 * The judging happens before the transaction and not inside it. That is sound because the transaction only takes effect if
 * this process still owns the log: nobody else has written since this process read.
 */
export class WriteBatch {
  readonly #trees: Trees;
  readonly #directory: StreamDirectory;
  readonly #knownIds: KnownIds;
  readonly #deletedStreams: ReadonlySet<string>;

  readonly #streams = new Map<string, PendingStream>();
  readonly #placed: PlacedEvent[] = [];
  readonly #chunks: [key: Buffer, bytes: Buffer][] = [];
  readonly #trailRows: [row: number, bytes: Buffer][] = [];
  readonly #deletions = new Set<string>();
  /** As JSON. */
  readonly #snapshots = new Map<string, string>();
  #newStreams = 0;

  constructor(trees: Trees, directory: StreamDirectory, knownIds: KnownIds, deletedStreams: ReadonlySet<string>) {
    this.#trees = trees;
    this.#directory = directory;
    this.#knownIds = knownIds;
    this.#deletedStreams = deletedStreams;
  }

  get deletions(): ReadonlySet<string> {
    return this.#deletions;
  }

  /** @throws RevisionConflict, StreamDeleted */
  append(appends: readonly DraftAppend[]): StreamAppended[] {
    const streams = appends.map(({ stream }) => this.#stream(stream));
    const repeated = appends.map((append, index) => this.#judge(append, streams[index]!));
    if (repeated.every((answer) => answer !== undefined)) return repeated;
    const partly = repeated.findIndex((answer) => answer !== undefined);
    if (partly >= 0) throw conflict(streams[partly]!, appends[partly]!.expected);
    return appends.map(({ drafts }, index) => {
      const stream = streams[index]!;
      for (const draft of drafts) this.#place(stream, draft);
      return { stream: stream.stream, revision: stream.revision, position: BigInt(stream.position) };
    });
  }

  /** @throws RevisionConflict, StreamDeleted */
  deleteStream(name: string, expected: ExpectedRevision): void {
    const stream = this.#stream(name);
    if (stream.deleted) throw new StreamDeleted(name);
    if (!isAsExpected(stream, expected)) throw conflict(stream, expected);
    stream.deleted = true;
    this.#deletions.add(name);
    this.#snapshots.delete(name);
  }

  writeSnapshot(name: string, json: string): void {
    if (!this.#stream(name).deleted) this.#snapshots.set(name, json);
  }

  /**
   * Works out everything that is to be written. It comes before {@link write}, because what throws while a transaction is
   * collected leaves the half that lmdb has been told already.
   */
  seal(): void {
    let entries = [this.#directory.lastTrailRow];
    for (const { stream, revision, position, draft } of this.#placed) {
      const index = revision - firstAdded(stream);
      const previous = index > 0 ? stream.positions[index - 1]! : (stream.flushed?.position ?? 0);
      placeRecord(draft.record, stream.number, revision, previous);

      entries.push(encodeTrailEntry(stream.number, revision === 0 ? stream.print : undefined));
      if (position % eventsPerTrailRow === 0 || position === this.#lastPosition) {
        this.#trailRows.push([Math.floor((position - 1) / eventsPerTrailRow), Buffer.concat(entries)]);
        entries = [];
      }
      if ((revision + 1) % eventsPerChunk === 0) {
        const first = revision + 1 - eventsPerChunk;
        const positions = this.#chunkPositions(stream, first);
        this.#chunks.push([chunkKey(stream.number, first / eventsPerChunk), encodeChunk(positions)]);
      }
    }
  }

  /** Puts everything into the transaction that is being collected. */
  write(): void {
    const { log, trail, chunks, deleted, snapshots } = this.#trees;
    for (const { position, draft } of this.#placed) void log.put(position, draft.record);
    for (const [row, bytes] of this.#trailRows) void trail.put(row, bytes);
    for (const [key, bytes] of this.#chunks) void chunks.put(key, bytes);
    for (const name of this.#deletions) {
      void deleted.put(nameKey(name), Buffer.from(name));
      void snapshots.remove(nameKey(name));
    }
    for (const [name, json] of this.#snapshots) void snapshots.put(nameKey(name), Buffer.from(json));
  }

  /** Takes what is flushed now over into the directory. */
  apply(): void {
    for (const { stream, revision, position } of this.#placed) {
      this.#directory.apply(stream.stream, stream.number, position, revision === 0 ? stream.print : undefined);
    }
    const lastRow = this.#trailRows.at(-1);
    if (lastRow !== undefined) this.#directory.setLastTrailRow(lastRow[1]);
    for (const stream of this.#streams.values()) {
      if (stream.ids.length > 0) this.#knownIds.add(stream.number, stream.revision + 1 - stream.ids.length, stream.ids);
    }
  }

  /**
   * The events as they were written, from memory. They are parsed from the text that was written: a subscriber gets what a
   * reader would, whatever the caller does to its objects meanwhile.
   */
  recordedEvents(): RecordedEvent[] {
    return this.#placed.map(({ stream, revision, position, draft }) =>
      recordedEvent(draft.id, draft.body, stream.stream, revision, position),
    );
  }

  get recordBytes(): number {
    return this.#placed.reduce((sum, { draft }) => sum + draft.record.length, 0);
  }

  get events(): number {
    return this.#placed.length;
  }

  get #lastPosition(): number {
    return this.#directory.lastPosition + this.#placed.length;
  }

  #stream(name: string): PendingStream {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      const flushed = this.#directory.head(name);
      stream = {
        stream: name,
        flushed,
        number: flushed?.number ?? -1,
        print: flushed === undefined ? fingerprint(name) : undefined,
        revision: flushed?.revision ?? -1,
        position: flushed?.position ?? 0,
        positions: [],
        ids: [],
        indexes: new Map(),
        deleted: this.#deletedStreams.has(name),
      };
      this.#streams.set(name, stream);
    }
    return stream;
  }

  /** The first answer where the append is a repetition, `undefined` where it is new; throws where it is neither. */
  #judge({ stream: name, expected, drafts }: DraftAppend, stream: PendingStream): StreamAppended | undefined {
    if (stream.deleted) throw new StreamDeleted(name);
    const answerAt = (revision: number): StreamAppended => {
      return { stream: name, revision, position: BigInt(this.#positionOf(stream, revision)) };
    };

    if (expected === 'any' || expected === 'exists') {
      const known = drafts.map(({ id }) => this.#revisionOf(stream, id));
      if (known.every((revision) => revision !== undefined)) return answerAt(known.at(-1)!);
      if (known.some((revision) => revision !== undefined)) throw conflict(stream, expected);
    }
    if (isAsExpected(stream, expected)) return undefined;

    if (expected === 'none' || typeof expected === 'number') {
      const first = expected === 'none' ? 0 : expected + 1;
      const last = first + drafts.length - 1;
      if (last <= stream.revision && drafts.every(({ id }, index) => this.#idAt(stream, first + index) === id)) {
        return answerAt(last);
      }
    }
    throw conflict(stream, expected);
  }

  #place(stream: PendingStream, draft: EventDraft): void {
    // A stream is numbered with its first event, and the trail relies on numbers in the order of first events.
    if (stream.number < 0) stream.number = this.#directory.streams + this.#newStreams++;
    stream.revision++;
    stream.position = this.#lastPosition + 1;
    stream.positions.push(stream.position);
    stream.indexes.set(draft.id, stream.ids.push(draft.id) - 1);
    this.#placed.push({ stream, revision: stream.revision, position: stream.position, draft });
  }

  #chunkPositions(stream: PendingStream, first: number): number[] {
    const added = first - firstAdded(stream);
    if (added >= 0) return stream.positions.slice(added, added + eventsPerChunk);
    return [...this.#directory.positions(stream.flushed!, first), ...stream.positions.slice(0, added + eventsPerChunk)];
  }

  #positionOf(stream: PendingStream, revision: number): number {
    const added = revision - firstAdded(stream);
    return added >= 0 ? stream.positions[added]! : this.#directory.positions(stream.flushed!, revision)[0]!;
  }

  #idAt(stream: PendingStream, revision: number): string {
    const added = revision - firstAdded(stream);
    return added >= 0 ? stream.ids[added]! : readRecord(this.#trees, this.#positionOf(stream, revision)).id;
  }

  #revisionOf(stream: PendingStream, id: string): number | undefined {
    const added = stream.indexes.get(id);
    if (added !== undefined) return firstAdded(stream) + added;
    return stream.flushed === undefined ? undefined : this.#knownIds.revisionOf(stream.flushed, id);
  }
}

/** The revision of the first event that the batch adds, or would. */
function firstAdded({ flushed }: PendingStream): number {
  return flushed === undefined ? 0 : flushed.revision + 1;
}

function encodeTrailEntry(streamNumber: number, print: number | undefined): Buffer {
  const entry = Buffer.allocUnsafe(print === undefined ? 4 : 8);
  entry.writeUInt32LE(streamNumber, 0);
  if (print !== undefined) entry.writeUInt32LE(print, 4);
  return entry;
}

function isAsExpected({ revision }: PendingStream, expected: ExpectedRevision): boolean {
  if (expected === 'any') return true;
  if (expected === 'none') return revision < 0;
  if (expected === 'exists') return revision >= 0;
  return revision === expected;
}

function conflict({ stream, revision }: PendingStream, expected: ExpectedRevision): RevisionConflict {
  return new RevisionConflict(stream, expected, revision < 0 ? undefined : revision);
}

/** Names may be longer than LMDB's keys. */
export function nameKey(stream: string): Buffer {
  return hash('sha256', stream, 'buffer').subarray(0, 16);
}
