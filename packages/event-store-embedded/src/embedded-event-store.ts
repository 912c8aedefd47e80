import { randomUUID } from 'node:crypto';
import {
  AppendTooLarge,
  maxAppendBytes as defaultMaxAppendBytes,
  type EventStore,
  type ExpectedRevision,
  type ReadLogOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  type Snapshot,
  type StoreFailure,
  type StreamAppend,
  type StreamAppended,
  type SubscribeOptions,
} from '@shelfmark/event-sourcing';
import { draftEvent } from './event-record.js';
import { FreeSpace } from './free-space.js';
import { GroupCommit } from './group-commit.js';
import { KnownIds } from './known-ids.js';
import { LiveTail } from './live-tail.js';
import { asBuffer, defaultBatch, logIdOf, openTrees, readRecord, readRecords, type Trees } from './log-environment.js';
import { Ownership } from './ownership.js';
import type { StoreOwnedElsewhere } from './store-errors.js';
import { StreamDirectory } from './stream-directory.js';
import { nameKey, WriteBatch, type DraftAppend } from './write-batch.js';

export interface EmbeddedEventStoreOptions {
  /** Holds nothing but the log; it is made if need be. */
  readonly directory: string;
  /** Free bytes of the disk below which appends are refused with StoreFull; 64 MiB by default. */
  readonly reserveBytes?: number;
  /** What the events of one append may weigh together; what fits on the bus by default. */
  readonly maxAppendBytes?: number;
  /** Hears of each flush: how many writes shared it, and how long it took. */
  readonly onFlush?: (writes: number, ms: number) => void;
  /**
   * Called when a write or a flush failed. What is on the disk is not known then, only that nothing was promised: the
   * process has to end and start again from the disk. That is what happens by default, with exit code 70.
   */
  readonly onFatal?: (failure: StoreFailure) => void;
}

/** Free bytes of the disk below which appends are refused, unless a store is told otherwise. */
export const defaultReserveBytes = 64 * 1024 * 1024;

/** sysexits.h's EX_SOFTWARE; a supervisor restarts on any. */
const fatalExitCode = 70;

/** An event store in one directory, written by one process at a time and flushed before anything is answered. */
export class EmbeddedEventStore implements EventStore {
  readonly shared = false;
  readonly logId: string;

  readonly #trees: Trees;
  readonly #ownership: Ownership;
  readonly #directory: StreamDirectory;
  readonly #knownIds: KnownIds;
  readonly #deletedStreams: Set<string>;
  readonly #freeSpace: FreeSpace;
  readonly #commits: GroupCommit<WriteBatch>;
  readonly #tail = new LiveTail();
  readonly #maxAppendBytes: number;
  readonly #onFatal: (failure: StoreFailure) => void;
  #failure: StoreFailure | StoreOwnedElsewhere | undefined;
  #closing: Promise<void> | undefined;

  /** @throws StoreOwnedElsewhere, StoreUnreadable, StoreDamaged */
  static async open(options: EmbeddedEventStoreOptions): Promise<EmbeddedEventStore> {
    const trees = openTrees(options.directory, { readOnly: false });
    try {
      const ownership = Ownership.take(trees, options.directory);
      try {
        return new EmbeddedEventStore(trees, ownership, options);
      } catch (error) {
        await ownership.release();
        throw error;
      }
    } catch (error) {
      await trees.root.close();
      throw error;
    }
  }

  private constructor(
    trees: Trees,
    ownership: Ownership,
    {
      directory,
      reserveBytes = defaultReserveBytes,
      maxAppendBytes = defaultMaxAppendBytes,
      onFlush,
      onFatal = endProcess,
    }: EmbeddedEventStoreOptions,
  ) {
    this.#trees = trees;
    this.#ownership = ownership;
    this.#maxAppendBytes = maxAppendBytes;
    this.#onFatal = onFatal;
    this.logId = logIdOf(trees);
    this.#directory = new StreamDirectory(trees);
    this.#knownIds = new KnownIds(trees, this.#directory);
    this.#deletedStreams = new Set(
      trees.deleted.getRange({ start: Buffer.alloc(1) }).map(({ value }) => asBuffer(value).toString()),
    );
    this.#freeSpace = new FreeSpace(directory, reserveBytes);
    this.#commits = new GroupCommit(directory, {
      refusal: (bytes) => this.#freeSpace.refusal(bytes),
      begin: () => new WriteBatch(trees, this.#directory, this.#knownIds, this.#deletedStreams),
      commit: (batch) => {
        batch.seal();
        return ownership.commit(() => batch.write());
      },
      apply: (batch) => this.#apply(batch),
      ...(onFlush && { flushed: onFlush }),
      failed: (failure) => this.#fail(failure),
    });
  }

  /** What waits for the next flush. */
  get waiting(): { readonly writes: number; readonly bytes: number } {
    return this.#commits.waiting;
  }

  async append(appends: readonly StreamAppend[]): Promise<readonly StreamAppended[]> {
    const drafts = draftAppends(appends, this.#maxAppendBytes);
    const bytes = drafts.reduce(
      (sum, append) => append.drafts.reduce((sum, { record }) => sum + record.length, sum),
      0,
    );
    return this.#write(bytes, (batch) => batch.append(drafts));
  }

  async *readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    const backwards = options.direction === 'backwards';
    let next = options.from ?? (backwards ? Infinity : 0);
    let left = options.limit ?? Infinity;
    while (left > 0) {
      this.#assertReadable();
      const batch = this.#readStreamBatch(stream, next, Math.min(left, defaultBatch.maxEvents), backwards);
      if (batch.length === 0) return;
      yield batch;
      left -= batch.length;
      next = batch.at(-1)!.revision + (backwards ? -1 : 1);
      // A caller that does no I/O between batches would otherwise hold up everybody else.
      await turn();
    }
  }

  async *readLog(options: ReadLogOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    let after = placeOf(options.after);
    let left = options.limit ?? Infinity;
    while (left > 0) {
      this.#assertReadable();
      const batch = this.#readLogBatch(after, Math.min(left, defaultBatch.maxEvents));
      if (batch.length === 0) return;
      yield batch;
      left -= batch.length;
      after += batch.length;
      await turn();
    }
  }

  async *subscribe({ after: start, signal }: SubscribeOptions): AsyncGenerator<readonly RecordedEvent[]> {
    let after = placeOf(start);
    while (!signal.aborted) {
      if (this.#mayNotServe()) return;
      const batch = this.#readLogBatch(after, defaultBatch.maxEvents);
      if (batch.length > 0) {
        after = Number(batch.at(-1)!.position);
        yield batch;
        await turn();
      } else {
        // Nothing can be published between the read that found nothing and joining: both happen in one turn.
        for await (const events of this.#live(after, signal)) {
          after = Number(events.at(-1)!.position);
          yield events;
        }
      }
    }
  }

  async head(): Promise<bigint | undefined> {
    this.#assertReadable();
    const { lastPosition } = this.#directory;
    return lastPosition === 0 ? undefined : BigInt(lastPosition);
  }

  async deleteStream(stream: string, expected: ExpectedRevision): Promise<void> {
    assertStreamName(stream);
    await this.#write(stream.length, (batch) => batch.deleteStream(stream, expected));
  }

  async readSnapshot(stream: string): Promise<Snapshot | undefined> {
    this.#assertReadable();
    const json = this.#trees.snapshots.get(nameKey(stream));
    return json === undefined ? undefined : (JSON.parse(asBuffer(json).toString()) as Snapshot);
  }

  async writeSnapshot(stream: string, snapshot: Snapshot): Promise<void> {
    assertStreamName(stream);
    const json = JSON.stringify(snapshot);
    await this.#write(json.length, (batch) => batch.writeSnapshot(stream, json));
  }

  /**
   * Makes this another log, for whoever opens it from now on: what goes on elsewhere under its id, as after a move to a server, is
   * not to be mixed up with what might still be appended here.
   */
  async renewLogId(): Promise<void> {
    const renewed = await this.#ownership.commit(() => void this.#trees.meta.put('log', { id: randomUUID() }, 0));
    if (!renewed) throw new Error('another process has taken the event store over');
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      this.#tail.wake();
      await this.#commits.idle();
      try {
        // A store that failed owns nothing that it could let go of.
        if (this.#failure === undefined) await this.#ownership.release();
      } finally {
        await this.#trees.root.close();
      }
    })();
    return this.#closing;
  }

  #write<Answer>(bytes: number, judge: (batch: WriteBatch) => Answer): Promise<Answer> {
    if (this.#closing !== undefined) return Promise.reject(new Error('the event store is closed'));
    return new Promise<Answer>((resolve, reject) => {
      this.#commits.submit({ bytes, judge, resolve: resolve, reject });
    });
  }

  #apply(batch: WriteBatch): void {
    batch.apply();
    for (const stream of batch.deletions) this.#deletedStreams.add(stream);
    if (batch.events > 0 && this.#tail.hasReaders) this.#tail.publish(batch.recordedEvents(), batch.recordBytes);
  }

  #fail(failure: StoreFailure | StoreOwnedElsewhere): void {
    this.#failure = failure;
    this.#tail.wake();
    if (failure.name === 'StoreFailure') this.#onFatal(failure);
  }

  #readStreamBatch(stream: string, from: number, maxEvents: number, backwards: boolean): RecordedEvent[] {
    const head = this.#deletedStreams.has(stream) ? undefined : this.#directory.head(stream);
    const events: RecordedEvent[] = [];
    if (head === undefined) return events;
    let revision = Math.min(from, backwards ? head.revision : Infinity);
    let bytes = 0;
    while (events.length < maxEvents && bytes < defaultBatch.maxBytes && revision >= 0 && revision <= head.revision) {
      const positions = backwards
        ? this.#directory.positionsBefore(head, revision, maxEvents - events.length)
        : this.#directory.positions(head, revision);
      for (const position of positions) {
        if (events.length >= maxEvents || bytes >= defaultBatch.maxBytes) break;
        const record = readRecord(this.#trees, position);
        bytes += record.bytes.length;
        events.push(record.decode());
        revision += backwards ? -1 : 1;
      }
    }
    return events;
  }

  #readLogBatch(after: number, maxEvents: number): RecordedEvent[] {
    return readRecords(this.#trees, after, { ...defaultBatch, maxEvents }).map((record) => record.decode());
  }

  /** What is published from now on, until the reader falls behind or the subscription ends. */
  async *#live(after: number, signal: AbortSignal): AsyncGenerator<readonly RecordedEvent[]> {
    const reader = this.#tail.join();
    const wake = () => reader.wake();
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted && !reader.overflown && !this.#mayNotServe()) {
        // The log can be a moment ahead of what is published, so what was read from it may be offered once more.
        const events = reader.take().filter(({ position }) => position > after);
        if (events.length > 0) yield events;
        else await reader.changed();
      }
    } finally {
      signal.removeEventListener('abort', wake);
      reader.leave();
    }
  }

  /** Whether a subscription has to end, because the store is closed; throws where it failed. */
  #mayNotServe(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#closing !== undefined;
  }

  #assertReadable(): void {
    if (this.#mayNotServe()) throw new Error('the event store is closed');
  }
}

/** Callers may ask for what is after any position; none is ever beyond 48 bits. */
function placeOf(after: bigint | undefined): number {
  return after === undefined || after < 0n ? 0 : Math.min(Number(after), 2 ** 48 - 2);
}

function draftAppends(appends: readonly StreamAppend[], maxBytes: number): DraftAppend[] {
  if (appends.length === 0) throw new TypeError('an append needs at least one stream');
  const names = new Set<string>();
  let weightBytes = 0;
  const drafted = appends.map(({ stream, expected, events }) => {
    assertStreamName(stream);
    if (names.has(stream)) throw new TypeError(`${stream} may stand in an append only once`);
    names.add(stream);
    if (events.length === 0) throw new TypeError(`nothing to append to ${stream}`);
    if (typeof expected === 'number' && !(Number.isSafeInteger(expected) && expected >= 0)) {
      throw new TypeError(`${expected} is not a revision`);
    }
    const drafts = events.map((event) => draftEvent(stream, event));
    for (const draft of drafts) weightBytes += draft.weightBytes;
    return { stream, expected, drafts };
  });
  if (weightBytes > maxBytes) throw new AppendTooLarge(weightBytes, maxBytes);
  return drafted;
}

function assertStreamName(stream: string): void {
  if (stream === '') throw new TypeError('a stream needs a name');
  // UTF-8 has no place for a lone surrogate: two names that differ in one would become the same.
  if (/\p{Surrogate}/u.test(stream)) throw new TypeError('the name of a stream must be well-formed Unicode');
}

function endProcess(failure: StoreFailure): void {
  console.error('The event log could not be written. This process ends, to start again from the disk.', failure);
  process.exit(fatalExitCode);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
