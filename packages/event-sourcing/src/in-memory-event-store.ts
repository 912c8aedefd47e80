import { randomUUID } from 'node:crypto';
import type { ProposedEvent, RecordedEvent } from './event.js';
import {
  AppendTooLarge,
  maxAppendBytes,
  RevisionConflict,
  StreamDeleted,
  type EventStore,
  type ExpectedRevision,
  type ReadLogOptions,
  type ReadStreamOptions,
  type Snapshot,
  type StreamAppend,
  type StreamAppended,
  type SubscribeOptions,
} from './event-store.js';

const batchSize = 256;

export interface InMemoryEventStoreOptions {
  /** What the events of one append may weigh together; {@link maxAppendBytes} by default. */
  readonly maxAppendBytes?: number;
}

/** A store in plain arrays, for unit tests: nothing is durable, everything else is as the port promises. */
export class InMemoryEventStore implements EventStore {
  readonly logId = randomUUID();
  readonly shared: boolean = false;

  readonly #log: RecordedEvent[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #deleted = new Set<string>();
  readonly #snapshots = new Map<string, string>();
  readonly #waiting = new Set<() => void>();
  readonly #maxAppendBytes: number;
  #closed = false;

  constructor(options: InMemoryEventStoreOptions = {}) {
    this.#maxAppendBytes = options.maxAppendBytes ?? maxAppendBytes;
  }

  async append(appends: readonly StreamAppend[]): Promise<readonly StreamAppended[]> {
    this.#assertOpen();
    assertAppendable(appends, this.#maxAppendBytes);
    const repeated = appends.map((append) => this.#judge(append));
    if (repeated.every((answer) => answer !== undefined)) return repeated;
    const partly = repeated.findIndex((answer) => answer !== undefined);
    if (partly >= 0) throw this.#conflict(appends[partly]!.stream, appends[partly]!.expected);

    const answers = appends.map(({ stream, events }) => {
      const recorded = this.#streams.get(stream) ?? [];
      this.#streams.set(stream, recorded);
      for (const event of events) {
        const copy = JSON.parse(JSON.stringify(event)) as ProposedEvent;
        const position = BigInt(this.#log.length + 1);
        const record: RecordedEvent = { ...copy, stream, revision: recorded.length, position };
        recorded.push(record);
        this.#log.push(record);
      }
      return answerFor(recorded.at(-1)!);
    });
    this.#wake();
    return answers;
  }

  async *readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    this.#assertOpen();
    const backwards = options.direction === 'backwards';
    let next = options.from ?? (backwards ? Infinity : 0);
    let left = options.limit ?? Infinity;
    while (left > 0) {
      const events = this.#deleted.has(stream) ? [] : (this.#streams.get(stream) ?? []);
      const size = Math.min(left, batchSize);
      const end = Math.min(next, events.length - 1) + 1;
      const batch = backwards
        ? events.slice(Math.max(0, end - size), Math.max(0, end)).reverse()
        : events.slice(next, next + size);
      if (batch.length === 0) return;
      yield batch;
      left -= batch.length;
      next = batch.at(-1)!.revision + (backwards ? -1 : 1);
    }
  }

  async *readLog(options: ReadLogOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    this.#assertOpen();
    let next = Number(options.after ?? 0n);
    let left = options.limit ?? Infinity;
    while (left > 0 && next < this.#log.length) {
      const batch = this.#log.slice(next, next + Math.min(left, batchSize));
      yield batch;
      left -= batch.length;
      next += batch.length;
    }
  }

  async *subscribe({ after = 0n, signal }: SubscribeOptions): AsyncGenerator<readonly RecordedEvent[]> {
    this.#assertOpen();
    let next = Number(after);
    while (!signal.aborted && !this.#closed) {
      const batch = this.#log.slice(next, next + batchSize);
      if (batch.length > 0) {
        next += batch.length;
        yield batch;
      } else {
        await this.#nextAppend(signal);
      }
    }
  }

  async head(): Promise<bigint | undefined> {
    this.#assertOpen();
    return this.#log.at(-1)?.position;
  }

  async deleteStream(stream: string, expected: ExpectedRevision): Promise<void> {
    this.#assertOpen();
    if (this.#deleted.has(stream)) throw new StreamDeleted(stream);
    if (!this.#isAsExpected(stream, expected)) throw this.#conflict(stream, expected);
    this.#deleted.add(stream);
    this.#snapshots.delete(stream);
  }

  async readSnapshot(stream: string): Promise<Snapshot | undefined> {
    this.#assertOpen();
    const json = this.#snapshots.get(stream);
    return json === undefined ? undefined : (JSON.parse(json) as Snapshot);
  }

  async writeSnapshot(stream: string, snapshot: Snapshot): Promise<void> {
    this.#assertOpen();
    if (!this.#deleted.has(stream)) this.#snapshots.set(stream, JSON.stringify(snapshot));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
  }

  /** The first answer where the append is a repetition, `undefined` where it is new; throws where it is neither. */
  #judge({ stream, expected, events }: StreamAppend): StreamAppended | undefined {
    if (this.#deleted.has(stream)) throw new StreamDeleted(stream);
    const recorded = this.#streams.get(stream) ?? [];

    if (expected === 'any' || expected === 'exists') {
      const known = events.map(({ id }) => recorded.findLast((event) => event.id === id));
      if (known.every((event) => event !== undefined)) return answerFor(known.at(-1)!);
      if (known.some((event) => event !== undefined)) throw this.#conflict(stream, expected);
    }
    if (this.#isAsExpected(stream, expected)) return undefined;

    if (expected === 'none' || typeof expected === 'number') {
      const first = expected === 'none' ? 0 : expected + 1;
      if (events.every(({ id }, index) => recorded[first + index]?.id === id)) {
        return answerFor(recorded[first + events.length - 1]!);
      }
    }
    throw this.#conflict(stream, expected);
  }

  #isAsExpected(stream: string, expected: ExpectedRevision): boolean {
    const revision = this.#revision(stream);
    if (expected === 'any') return true;
    if (expected === 'none') return revision === undefined;
    if (expected === 'exists') return revision !== undefined;
    return revision === expected;
  }

  #revision(stream: string): number | undefined {
    return this.#streams.get(stream)?.at(-1)?.revision;
  }

  #conflict(stream: string, expected: ExpectedRevision): RevisionConflict {
    return new RevisionConflict(stream, expected, this.#revision(stream));
  }

  #nextAppend(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  #assertOpen(): void {
    if (this.#closed) throw new Error('the event store is closed');
  }
}

function answerFor({ stream, revision, position }: RecordedEvent): StreamAppended {
  return { stream, revision, position };
}

function assertAppendable(appends: readonly StreamAppend[], maxBytes: number): void {
  if (appends.length === 0) throw new TypeError('an append needs at least one stream');
  if (new Set(appends.map(({ stream }) => stream)).size < appends.length) {
    throw new TypeError('a stream may stand in an append only once');
  }
  let bytes = 0;
  for (const { stream, expected, events } of appends) {
    if (stream === '') throw new TypeError('a stream needs a name');
    if (/\p{Surrogate}/u.test(stream)) throw new TypeError('the name of a stream must be well-formed Unicode');
    if (events.length === 0) throw new TypeError(`nothing to append to ${stream}`);
    if (typeof expected === 'number' && !(Number.isSafeInteger(expected) && expected >= 0)) {
      throw new TypeError(`${expected} is not a revision`);
    }
    for (const { data, metadata } of events) {
      if (data === undefined) throw new TypeError(`an event for ${stream} has no data`);
      bytes += Buffer.byteLength(JSON.stringify(data)) + Buffer.byteLength(JSON.stringify(metadata));
    }
  }
  if (bytes > maxBytes) throw new AppendTooLarge(bytes, maxBytes);
}
