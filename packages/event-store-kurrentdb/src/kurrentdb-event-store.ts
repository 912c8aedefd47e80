import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  ANY,
  END,
  FORWARDS,
  jsonEvent,
  type KurrentDBClient,
  type Position,
  type ReadPosition,
  type ReadRevision,
  START,
  StreamDeletedError,
} from '@kurrent/kurrentdb-client';
import {
  type EventStore,
  type ExpectedRevision,
  type ReadLogOptions,
  type ReadStreamOptions,
  type RecordedEvent,
  type Snapshot,
  StoreFailure,
  type StreamAppend,
  type StreamAppended,
  type SubscribeOptions,
} from '@shelfmark/event-sourcing';
import { untilKnown } from './attempts.js';
import { type Connection, connectToServer, isUnauthorized } from './connection.js';
import { assertStreamName, draftAppends, fromStored, placeOf } from './event-codec.js';
import { readLive } from './live-log.js';
import { LogNames } from './log-names.js';
import { readEvents, readLastEvent } from './log-reader.js';
import { LogRecordStream, openLogRecord, type LogRecord } from './log-record.js';
import { LogWriter } from './log-writer.js';
import { pageEvents, Pages } from './pages.js';
import { ForeignEvent } from './store-errors.js';

export interface KurrentDBEventStoreOptions {
  /** As the official client takes it: `kurrentdb://user:password@host:2113?tlsCAFile=…`, or `kurrentdb+discover://…`. */
  readonly connectionString: string;
  /** The log's name on the server, such as `shelfmark.book`; it is made if it does not exist. */
  readonly log: string;
  /** Whether a server that is not there yet is waited for, as long as it takes; true by default. */
  readonly waitForServer?: boolean;
}

const firstPauseMs = 100;
const longestPauseMs = 2_000;

/**
 * An event store on a KurrentDB (or EventStoreDB) server, which several processes and several logs share. What the server
 * answers is flushed by a majority of its cluster.
 */
export class KurrentDBEventStore implements EventStore {
  readonly shared = true;
  readonly logId: string;

  readonly #client: KurrentDBClient;
  readonly #names: LogNames;
  readonly #record: LogRecord;
  readonly #pages: Pages;
  readonly #writer: LogWriter;
  readonly #closed: AbortController;
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /**
   * @throws InvalidConnectionString, ServerTooOld, ServerUnauthorized, LogIncomplete; without `waitForServer` also
   * ServerUnreachable
   */
  static async open(options: KurrentDBEventStoreOptions): Promise<KurrentDBEventStore> {
    const names = new LogNames(options.log);
    const connection = await connectToServer(options);
    const closed = new AbortController();
    try {
      const record = await openLogRecord(new LogRecordStream(connection, names, closed.signal), names);
      return new KurrentDBEventStore(connection, names, record, closed);
    } catch (error) {
      await connection.client.dispose();
      throw error;
    }
  }

  private constructor(connection: Connection, names: LogNames, record: LogRecord, closed: AbortController) {
    this.#client = connection.client;
    this.#names = names;
    this.#record = record;
    this.#closed = closed;
    this.#pages = new Pages(connection, closed.signal);
    this.#writer = new LogWriter(connection, names, closed.signal, record.lastCopied?.place.commit);
    this.logId = record.logId;
  }

  append(appends: readonly StreamAppend[]): Promise<readonly StreamAppended[]> {
    return this.#write(async () => this.#writer.append(draftAppends(appends, this.#names)));
  }

  async *readStream(stream: string, options: ReadStreamOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    const { from, direction = FORWARDS, limit = Infinity } = options;
    const stored = this.#names.stored(stream);
    const isForwards = direction === FORWARDS;
    let next: ReadRevision = from === undefined ? (isForwards ? START : END) : BigInt(from);
    for (let left = limit; left > 0;) {
      this.#assertOpen();
      const maxEvents = Math.min(left, pageEvents);
      let page = await this.#pages.ofStream(stored, { from: next, direction, maxEvents });
      // From beyond a stream's end a server may give nothing, where going backwards begins at the end.
      if (page.length === 0 && !isForwards && left === limit && next !== END) {
        page = await this.#pages.ofStream(stored, { from: END, direction, maxEvents });
      }
      const events = page.flatMap(({ event }) => fromStored(event, this.#names)?.event ?? []);
      if (events.length > 0) yield events;
      const last = events.at(-1)?.revision;
      if (last === undefined || events.length < maxEvents || (!isForwards && last === 0)) return;
      left -= events.length;
      next = BigInt(isForwards ? last + 1 : last - 1);
    }
  }

  async *readLog(options: ReadLogOptions = {}): AsyncGenerator<readonly RecordedEvent[]> {
    const { after = -1n, limit = Infinity } = options;
    let left = limit;
    if (left <= 0) return;
    this.#assertOpen();
    for await (const page of readEvents(this.#pages, this.#names, this.#record.placeBefore(after))) {
      const events = page.map(({ event }) => event).filter(({ position }) => position > after);
      const wanted = events.slice(0, left);
      left -= wanted.length;
      if (wanted.length > 0) yield wanted;
      if (left <= 0) return;
      this.#assertOpen();
    }
  }

  async *subscribe({ after: start, signal }: SubscribeOptions): AsyncGenerator<readonly RecordedEvent[]> {
    let after = start ?? -1n;
    let from: ReadPosition = this.#record.placeBefore(after);
    let pauseMs = firstPauseMs;
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    const onCheckpoint = (place: Position) => (from = place);
    while (!ended.aborted) {
      try {
        const live = readLive(this.#client, { prefix: this.#names.prefix, from, signal: ended, onCheckpoint });
        for await (const page of live) {
          pauseMs = firstPauseMs;
          const events = page
            .flatMap(({ event }) => fromStored(event, this.#names)?.event ?? [])
            .filter(({ position }) => position > after);
          if (events.length > 0) {
            after = events.at(-1)!.position;
            yield events;
          }
          from = placeOf(page.at(-1)!.event!);
        }
      } catch (error) {
        if (error instanceof ForeignEvent) throw error;
        if (isUnauthorized(error)) throw new StoreFailure('the event store refuses a subscription', { cause: error });
        // Whatever else it was will pass, and reading goes on after what was given.
        await delay(pauseMs * (1 - Math.random() / 2), undefined, { signal: ended }).catch(() => undefined);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
      }
    }
  }

  async head(): Promise<bigint | undefined> {
    this.#assertOpen();
    const last = await readLastEvent(this.#pages, this.#names);
    return last?.event.position;
  }

  deleteStream(stream: string, expected: ExpectedRevision): Promise<void> {
    return this.#write(async () => {
      assertStreamName(stream);
      await this.#writer.tombstone(stream, expected);
      // One that stays is never read, since its stream is gone.
      await this.#client.tombstoneStream(this.#names.snapshots(stream)).catch(() => undefined);
    });
  }

  async readSnapshot(stream: string): Promise<Snapshot | undefined> {
    this.#assertOpen();
    const [last, snapshot] = await Promise.all([
      this.#pages.lastOfStream(this.#names.stored(stream)),
      this.#pages.lastOfStream(this.#names.snapshots(stream)),
    ]);
    return last === undefined ? undefined : (snapshot?.event?.data as unknown as Snapshot | undefined);
  }

  writeSnapshot(stream: string, snapshot: Snapshot): Promise<void> {
    return this.#write(async () => {
      assertStreamName(stream);
      const stored = this.#names.snapshots(stream);
      const event = jsonEvent({ id: randomUUID(), type: 'Snapshot', data: snapshot as never, metadata: {} });
      try {
        await untilKnown('keep a snapshot', this.#closed.signal, async () => {
          const { nextExpectedRevision } = await this.#client.appendToStream(stored, event, { streamState: ANY });
          if (nextExpectedRevision === 0n) await this.#client.setStreamMetadata(stored, { maxCount: 1 });
        });
      } catch (error) {
        if (!(error instanceof StreamDeletedError)) throw error;
      }
    });
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      // Ends subscriptions, and repeats nothing any more; what is on its way is waited for.
      this.#closed.abort();
      await Promise.allSettled(this.#underWay);
      await this.#client.dispose();
    })();
    return this.#closing;
  }

  async #write<T>(work: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    const writing = work();
    this.#underWay.add(writing);
    try {
      return await writing;
    } finally {
      this.#underWay.delete(writing);
    }
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new Error('the event store is closed');
  }
}
