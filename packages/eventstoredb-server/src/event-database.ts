import { randomUUID } from 'node:crypto';
import {
  RevisionConflict,
  type EventStore,
  type ExpectedRevision,
  type ProposedEvent,
  type RecordedEvent,
  type StreamAppend,
} from '@shelfmark/event-sourcing';
import { fromLog, isTombstone, json, linkType, toLog, tombstone, type ProposedRecord } from './event.js';
import { StreamLocks } from './stream-locks.js';
import {
  beginningAt,
  isMetastream,
  metadataOfMetastream,
  metadataType,
  metastreamOf,
  noMetadata,
  originalOf,
  parseMetadata,
  softDeletion,
  type StreamMetadata,
} from './stream-metadata.js';

/** What one request wants of one stream; without events it is a check and nothing more. */
export interface Append {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly events: readonly ProposedRecord[];
}

export interface Appended {
  readonly stream: string;
  /** Of the stream's last event; `undefined` where it has none. */
  readonly revision: number | undefined;
  /** `undefined` where nothing was appended. */
  readonly position: bigint | undefined;
}

/** How a stream was found, where something else was expected of it. */
export interface Mismatch {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  /** Of the last event that it has, visible or not. */
  readonly revision: number | undefined;
  readonly condition: 'live' | 'deleted' | 'tombstoned';
}

/** Streams were not as expected, or take no more events; nothing was written. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    /** At least one. */
    readonly mismatches: readonly Mismatch[],
  ) {
    super(`refused for the state of ${mismatches.map(({ stream }) => stream).join(', ')}`);
  }
}

export class StreamNotFound extends Error {
  override readonly name = 'StreamNotFound';
  constructor(readonly stream: string) {
    super(`${stream} does not exist`);
  }
}

export class StreamTombstoned extends Error {
  override readonly name = 'StreamTombstoned';
  constructor(readonly stream: string) {
    super(`${stream} was deleted for ever`);
  }
}

export interface ReadOptions {
  readonly from: number;
  readonly backwards: boolean;
  readonly limit: number;
}

/** Once a subscription has delivered all that was there when it began. */
export const caughtUp = Symbol('caught up');

export interface Resolved {
  readonly event: RecordedEvent | undefined;
  readonly link: RecordedEvent | undefined;
}

interface StreamState {
  readonly stream: string;
  readonly last: RecordedEvent | undefined;
  readonly tombstoned: boolean;
  readonly metadata: StreamMetadata;
  /** The event that the metadata are in, if any. */
  readonly metadataEvent: RecordedEvent | undefined;
}

const readAllPage = 256;

/**
 * What EventStoreDB makes of a log: streams that are deleted and come back, metadata that truncate them, links. The log
 * below holds nothing but events; a tombstone is one, and a soft deletion is one of the stream's metastream.
 *
 * What it decides, it decides from the log, as its only writer.
 */
export class EventDatabase {
  readonly #store: EventStore;
  readonly #locks = new StreamLocks();

  constructor(store: EventStore) {
    this.#store = store;
  }

  /**
   * Appends to all the streams or to none; answers for each, in the order given, once the events are durable.
   * @param checks streams that nothing is appended to, with what is expected of them
   * @throws Refused
   */
  async append(appends: readonly Append[], checks: readonly Append[] = []): Promise<readonly Appended[]> {
    const appended = checks.length === 0 ? await this.#appendToLiving(appends) : undefined;
    return appended ?? this.#alone([...appends, ...checks], () => this.#judgeAndWrite(appends, checks));
  }

  /**
   * Hides a stream's events: its next event begins it anew, with the next revision.
   * @throws Refused
   */
  async deleteStream(stream: string, expected: ExpectedRevision): Promise<bigint> {
    return this.#alone([{ stream }], async () => {
      const state = await this.#state(stream);
      const plan = await this.#judge(state, { stream, expected, events: [] });
      if ('condition' in plan) throw new Refused([plan]);
      if (state.tombstoned || (state.last === undefined && state.metadataEvent === undefined)) {
        throw new Refused([mismatch(state, expected)]);
      }
      const event = toLog(systemRecord(metadataType, softDeletion), new Date());
      return this.#appendOne(metastreamOf(stream), 'any', event);
    });
  }

  /**
   * Ends a stream for ever.
   * @throws Refused
   */
  async tombstoneStream(stream: string, expected: ExpectedRevision): Promise<bigint> {
    return this.#alone([{ stream }], async () => {
      const state = await this.#state(stream);
      const plan = await this.#judge(state, { stream, expected, events: [] });
      if ('condition' in plan) throw new Refused([plan]);
      if (state.tombstoned) throw new Refused([mismatch(state, expected)]);
      return this.#appendOne(stream, state.last?.revision ?? 'none', tombstone(randomUUID(), new Date()));
    });
  }

  /**
   * What is visible of a stream, in batches.
   * @throws StreamNotFound, StreamTombstoned
   */
  async *readStream(stream: string, options: ReadOptions): AsyncGenerator<readonly RecordedEvent[]> {
    const { last, tombstoned, metadata } = await this.#state(stream);
    if (tombstoned) throw new StreamTombstoned(stream);
    if (last === undefined || metadata.softDeleted) throw new StreamNotFound(stream);
    const first = Math.max(metadata.truncateBefore, last.revision + 1 - (metadata.maxCount ?? Infinity));
    const oldestMs = metadata.maxAgeSeconds === undefined ? -Infinity : Date.now() - metadata.maxAgeSeconds * 1000;
    let left = options.limit;
    const { from, backwards } = options;
    const direction = backwards ? 'backwards' : 'forwards';
    for await (const batch of this.#store.readStream(stream, {
      from: backwards ? from : Math.max(from, first),
      direction,
      // How many are too old is only known once they are read.
      ...(metadata.maxAgeSeconds === undefined ? { limit: options.limit } : {}),
    })) {
      const visible = batch
        .filter((event) => event.revision >= first && fromLog(event).created.getTime() >= oldestMs)
        .slice(0, left);
      if (visible.length > 0) yield visible;
      left -= visible.length;
      if (left <= 0 || (backwards && batch.at(-1)!.revision <= first)) return;
    }
  }

  /** The log forwards, from a position on. */
  readAllForwards(from: bigint): AsyncIterable<readonly RecordedEvent[]> {
    return this.#store.readLog({ after: from > 0n ? from - 1n : 0n });
  }

  /** The log backwards, from what lies before a position. */
  async *readAllBackwards(before: bigint | undefined): AsyncGenerator<readonly RecordedEvent[]> {
    const head = await this.head();
    let end = before === undefined || before > head ? head : before - 1n;
    // Positions of the log below are dense, so a page is found by counting.
    while (end > 0n) {
      const start = end > BigInt(readAllPage) ? end - BigInt(readAllPage) : 0n;
      const page: RecordedEvent[] = [];
      for await (const batch of this.#store.readLog({ after: start, limit: Number(end - start) })) page.push(...batch);
      yield page.reverse();
      end = start;
    }
  }

  /** The log after a position, and then what is appended to it. */
  async *subscribeToAll(
    after: bigint | 'end',
    signal: AbortSignal,
  ): AsyncGenerator<readonly RecordedEvent[] | typeof caughtUp> {
    const end = await this.head();
    const start = after === 'end' ? end : after;
    let behind = start < end;
    if (!behind) yield caughtUp;
    for await (const batch of this.#store.subscribe({ after: start, signal })) {
      yield batch;
      if (behind && batch.at(-1)!.position >= end) {
        behind = false;
        yield caughtUp;
      }
    }
  }

  /**
   * What is visible of a stream after a revision, and then what is appended to it. The stream need not exist.
   * @throws StreamTombstoned also when that happens later
   */
  async *subscribeToStream(
    stream: string,
    after: number | 'end',
    signal: AbortSignal,
  ): AsyncGenerator<readonly RecordedEvent[] | typeof caughtUp> {
    // Before the stream is read: what comes after this and is read already is known by its revision.
    const end = await this.head();
    let revision = after === 'end' ? await this.lastRevision(stream) : after;
    if (after !== 'end') {
      try {
        for await (const batch of this.readStream(stream, { from: revision + 1, backwards: false, limit: Infinity })) {
          yield batch;
          revision = batch.at(-1)!.revision;
        }
      } catch (error) {
        if (!(error instanceof StreamNotFound)) throw error;
        revision = Math.max(revision, await this.lastRevision(stream));
      }
    }
    yield caughtUp;
    for await (const batch of this.#store.subscribe({ after: end, signal })) {
      const events = batch.filter((event) => event.stream === stream && event.revision > revision);
      if (events.some(isTombstone)) throw new StreamTombstoned(stream);
      if (events.length > 0) yield events;
    }
  }

  /** The event, or what it links to. A link to something that is no more has no event. */
  async resolve(event: RecordedEvent): Promise<Resolved> {
    if (event.type !== linkType) return { event, link: undefined };
    const target = /^(\d+)@(.+)$/s.exec(fromLog(event).data.toString());
    if (target === null) return { event: undefined, link: event };
    const [, revision, stream] = target as unknown as [string, string, string];
    return { event: await this.#visible(stream, Number(revision)), link: event };
  }

  /** The position of the last event, 0 while there is none. */
  async head(): Promise<bigint> {
    return (await this.#store.head()) ?? 0n;
  }

  /** −1 where a stream has no events. */
  async lastRevision(stream: string): Promise<number> {
    return (await this.#last(stream))?.revision ?? -1;
  }

  /** The last event that is visible, if any. */
  async lastEvent(stream: string): Promise<RecordedEvent | undefined> {
    for await (const [event] of this.#orNothing(stream, { from: Infinity, backwards: true, limit: 1 })) return event;
    return undefined;
  }

  /** What is visible of a stream from a revision on; nothing where there is no stream. */
  readVisible(stream: string, from: number): AsyncIterable<readonly RecordedEvent[]> {
    return this.#orNothing(stream, { from, backwards: false, limit: Infinity });
  }

  async #visible(stream: string, revision: number): Promise<RecordedEvent | undefined> {
    for await (const [event] of this.#orNothing(stream, { from: revision, backwards: false, limit: 1 })) {
      return event?.revision === revision ? event : undefined;
    }
    return undefined;
  }

  async *#orNothing(stream: string, options: ReadOptions): AsyncGenerator<readonly RecordedEvent[]> {
    try {
      yield* this.readStream(stream, options);
    } catch (error) {
      if (!(error instanceof StreamNotFound || error instanceof StreamTombstoned)) throw error;
    }
  }

  /**
   * The usual append: to streams that are neither deleted nor to be changed in that. The log judges it just as a real server
   * would, so such appends go side by side and share a commit.
   * @returns `undefined` where it takes a closer look
   */
  async #appendToLiving(appends: readonly Append[]): Promise<readonly Appended[] | undefined> {
    if (appends.some(({ stream, events }) => isMetastream(stream) || events.length === 0)) return undefined;
    return this.#hold(appends, { exclusive: false }, async () => {
      const states = await Promise.all(appends.map(({ stream }) => this.#state(stream)));
      const usual = states.every(({ last, tombstoned, metadata }, index) => {
        const onlyMetadata = appends[index]!.expected === 'exists' && last === undefined;
        return !tombstoned && !metadata.softDeleted && !onlyMetadata;
      });
      if (!usual) return undefined;
      const now = new Date();
      const proposed = appends.map(({ stream, expected, events }) => {
        return { stream, expected, events: events.map((event) => toLog(event, now)) };
      });
      return this.#store.append(proposed).catch((error: unknown) => {
        // Whoever is refused is told about all streams.
        if (error instanceof RevisionConflict) return undefined;
        throw error;
      });
    });
  }

  async #judgeAndWrite(appends: readonly Append[], checks: readonly Append[]): Promise<readonly Appended[]> {
    const states = await Promise.all(appends.map(({ stream }) => this.#state(stream)));
    const plans = await Promise.all(appends.map((append, index) => this.#judge(states[index]!, append)));
    const checked = await Promise.all(
      checks.map(async (check) => this.#judge(await this.#state(check.stream), { ...check, events: [] })),
    );
    const mismatches = [...plans, ...checked].filter((plan) => 'condition' in plan);
    if (mismatches.length > 0) throw new Refused(mismatches);
    return this.#write(appends, plans as readonly Plan[], states);
  }

  async #alone<Result>(of: readonly { stream: string }[], work: () => Promise<Result>): Promise<Result> {
    return this.#hold(of, { exclusive: true }, work);
  }

  /** A stream and its metastream are decided on together, because each says something about the other. */
  async #hold<Result>(
    of: readonly { stream: string }[],
    how: { exclusive: boolean },
    work: () => Promise<Result>,
  ): Promise<Result> {
    const release = await this.#locks.hold(
      of.map(({ stream }) => originalOf(stream)),
      how,
    );
    try {
      return await work();
    } finally {
      release();
    }
  }

  /** Whether the stream is as expected, and how to append to it then. */
  async #judge(state: StreamState, { expected, events }: Append): Promise<Plan | Mismatch> {
    const { stream, last, tombstoned, metadata, metadataEvent } = state;
    const refused = mismatch(state, expected);
    const anew = { expected: last?.revision ?? 'none', beginAnew: true } as const;
    const [firstEvent] = events;
    if (tombstoned) {
      // It cannot be appended to; for a check, it is no stream.
      const absent = firstEvent === undefined && (expected === 'any' || expected === 'none');
      return absent ? { expected: 'any', beginAnew: false } : refused;
    }
    switch (expected) {
      case 'exists':
        if (metadata.softDeleted || (last === undefined && metadataEvent === undefined)) return refused;
        return { expected: last === undefined ? 'none' : expected, beginAnew: false };
      case 'any':
        if (!metadata.softDeleted || firstEvent === undefined) return { expected, beginAnew: false };
        return (await this.#contains(stream, firstEvent.id)) ? { expected, beginAnew: false } : anew;
      case 'none':
        if (last === undefined) return metadata.softDeleted ? anew : { expected, beginAnew: false };
        if (firstEvent !== undefined && (await this.#isAt(stream, 0, firstEvent.id)))
          return { expected, beginAnew: false };
        return metadata.softDeleted ? anew : refused;
      default: {
        const revision = last?.revision ?? -1;
        if (expected === revision) return metadata.softDeleted ? anew : { expected, beginAnew: false };
        const repeated =
          expected < revision && firstEvent !== undefined && (await this.#isAt(stream, expected + 1, firstEvent.id));
        return repeated ? { expected, beginAnew: false } : refused;
      }
    }
  }

  async #write(
    appends: readonly Append[],
    plans: readonly Plan[],
    states: readonly StreamState[],
  ): Promise<readonly Appended[]> {
    const now = new Date();
    const main: StreamAppend[] = [];
    const added: StreamAppend[] = [];
    /** Of how many events at the end of a stream the client knows nothing. */
    const unasked = new Map<string, number>();
    for (const [index, { stream, events }] of appends.entries()) {
      if (events.length === 0) continue;
      const { expected, beginAnew } = plans[index]!;
      const proposed = events.map((event) => toLog(event, now));
      const state = states[index]!;
      if (beginAnew && !appends.some((other) => other.stream === metastreamOf(stream))) {
        const metadata = beginning(state, fromLog(state.metadataEvent!).data, now);
        added.push({ stream: metastreamOf(stream), expected: 'any', events: [metadata] });
      }
      if (isMetastream(stream)) {
        const original = await this.#state(originalOf(stream));
        // New metadata would bring back what was deleted.
        if (original.metadata.softDeleted) {
          proposed.push(beginning(original, events.at(-1)!.data, now));
          unasked.set(stream, 1);
        }
      }
      main.push({ stream, expected, events: proposed });
    }
    const unchanged = ({ stream, last }: StreamState) => ({ stream, revision: last?.revision, position: undefined });
    if (main.length === 0) return states.map(unchanged);
    try {
      const answers = await this.#store.append([...main, ...added]);
      return states.map((state) => {
        const answer = answers.find(({ stream }) => stream === state.stream);
        if (answer === undefined) return unchanged(state);
        const { stream, revision, position } = answer;
        const more = unasked.get(stream) ?? 0;
        return { stream, revision: revision - more, position: position - BigInt(more) };
      });
    } catch (error) {
      // Only a part of the events was there already; it is alone with the streams, so it is nobody else's doing.
      if (!(error instanceof RevisionConflict)) throw error;
      const state = states.find(({ stream }) => stream === error.stream)!;
      throw new Refused([mismatch(state, appends.find(({ stream }) => stream === error.stream)!.expected)]);
    }
  }

  async #appendOne(stream: string, expected: ExpectedRevision, event: ProposedEvent): Promise<bigint> {
    const [appended] = await this.#store.append([{ stream, expected, events: [event] }]);
    return appended!.position;
  }

  async #state(stream: string): Promise<StreamState> {
    const metadataEvent = isMetastream(stream) ? undefined : await this.#last(metastreamOf(stream));
    const last = await this.#last(stream);
    return {
      stream,
      last,
      tombstoned: last !== undefined && isTombstone(last),
      metadata: isMetastream(stream)
        ? metadataOfMetastream
        : metadataEvent === undefined
          ? noMetadata
          : parseMetadata(fromLog(metadataEvent).data),
      metadataEvent,
    };
  }

  async #last(stream: string): Promise<RecordedEvent | undefined> {
    for await (const [event] of this.#store.readStream(stream, { direction: 'backwards', limit: 1 })) return event;
    return undefined;
  }

  async #isAt(stream: string, revision: number, id: string): Promise<boolean> {
    for await (const [event] of this.#store.readStream(stream, { from: revision, limit: 1 })) return event!.id === id;
    return false;
  }

  async #contains(stream: string, id: string): Promise<boolean> {
    for await (const batch of this.#store.readStream(stream)) if (batch.some((event) => event.id === id)) return true;
    return false;
  }
}

interface Plan {
  /** What the log is told to expect. */
  readonly expected: ExpectedRevision;
  /** Whether the stream comes back from a deletion. */
  readonly beginAnew: boolean;
}

/** Metadata for a stream that was deleted: what it held stays hidden, what comes is to be seen. */
function beginning({ last }: StreamState, metadata: Uint8Array, now: Date): ProposedEvent {
  return toLog(systemRecord(metadataType, beginningAt(metadata, (last?.revision ?? -1) + 1)), now);
}

function mismatch({ stream, last, tombstoned, metadata }: StreamState, expected: ExpectedRevision): Mismatch {
  const condition = tombstoned ? 'tombstoned' : metadata.softDeleted ? 'deleted' : 'live';
  return { stream, expected, revision: last?.revision, condition };
}

/** An event of the server's own. */
export function systemRecord(type: string, data: Uint8Array): ProposedRecord {
  return { id: randomUUID(), type, contentType: json, data, customMetadata: Buffer.alloc(0) };
}
