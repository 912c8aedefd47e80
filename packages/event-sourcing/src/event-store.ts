import type { Json, ProposedEvent, RecordedEvent } from './event.js';

/**
 * What an append requires of a stream: nothing (`any`), that it has no events (`none`), that it has some (`exists`),
 * or that its last event has exactly this revision.
 */
export type ExpectedRevision = 'any' | 'none' | 'exists' | number;

/** The events for one stream of an append, with what is expected of that stream. */
export interface StreamAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  /** At least one. */
  readonly events: readonly ProposedEvent[];
}

/** Where the last event of one {@link StreamAppend} came to lie. */
export interface StreamAppended {
  readonly stream: string;
  readonly revision: number;
  readonly position: bigint;
}

export interface ReadStreamOptions {
  /** The first revision to read, inclusive; by default the stream's first (forwards) or last (backwards). */
  readonly from?: number;
  readonly direction?: 'forwards' | 'backwards';
  /** At most so many events; by default all. */
  readonly limit?: number;
}

export interface ReadLogOptions {
  /** Events after this position (exclusive); by default from the log's beginning. */
  readonly after?: bigint;
  readonly limit?: number;
}

export interface SubscribeOptions {
  /** Events after this position (exclusive); by default from the log's beginning. */
  readonly after?: bigint;
  /** Ends the subscription. */
  readonly signal: AbortSignal;
}

/** A folded state, so that a long stream need not be read from its beginning. */
export interface Snapshot {
  /** The revision of the last event that is folded in. */
  readonly revision: number;
  /** The version of the evolve code that folded it; another version's snapshot is not used. */
  readonly codeVersion: string;
  readonly state: Json;
}

/**
 * A log of events in streams: the one port that every store implements and that the conformance suite in `./testing`
 * judges. Whatever a call answers is durable: nothing is shown, to a reader or a subscriber, that a power cut could take
 * back.
 */
export interface EventStore {
  /** New when the log is created and when it is restored from a backup: positions of two logs do not compare. */
  readonly logId: string;

  /** Whether other processes append to the same log, so that what is cached here may be behind. */
  readonly shared: boolean;

  /**
   * Appends to one or several streams, to all of them or to none, and answers after the events are durable. The events of
   * one append are adjacent in the log, in the order given.
   *
   * Repeating an append is recognised by event ids and answered as the first time: with an exact expected revision or
   * `none`, when the events that follow it are these; with `any` or `exists`, when every event is in the stream already.
   *
   * @throws RevisionConflict when a stream is not as expected, or only a part of the events is there already
   * @throws StreamDeleted when a stream was deleted
   * @throws AppendTooLarge when it would not fit on the bus; nothing was written
   * @throws StoreFull when there is no room left; nothing was written
   * @throws StoreFailure when it is not known whether the events were written
   */
  append(appends: readonly StreamAppend[]): Promise<readonly StreamAppended[]>;

  /** Reads a stream in batches; a stream that does not exist (or was deleted) has no events. */
  readStream(stream: string, options?: ReadStreamOptions): AsyncIterable<readonly RecordedEvent[]>;

  /** Reads the log in batches, forwards, up to its end at the time of the last batch. */
  readLog(options?: ReadLogOptions): AsyncIterable<readonly RecordedEvent[]>;

  /**
   * Reads the log and then goes on with what is appended, with no gap and no repetition, until the signal aborts (the
   * iteration then ends without an error). Memory is bounded: a slow reader is given events from the log, not from a queue.
   */
  subscribe(options: SubscribeOptions): AsyncIterable<readonly RecordedEvent[]>;

  /** The position of the last event, or `undefined` while the log is empty. */
  head(): Promise<bigint | undefined>;

  /**
   * Deletes a stream for good: it reads as empty and takes no more appends. Its events remain in the log.
   * @throws RevisionConflict, StreamDeleted
   */
  deleteStream(stream: string, expected: ExpectedRevision): Promise<void>;

  /** The last snapshot written for the stream, whatever its code version. Snapshots may vanish at any time. */
  readSnapshot(stream: string): Promise<Snapshot | undefined>;
  writeSnapshot(stream: string, snapshot: Snapshot): Promise<void>;

  /** Lets appends under way finish and lets go of the log. */
  close(): Promise<void>;
}

/** The most that the events of one append may weigh together (UTF-8 bytes of data and metadata), so that each fits on the bus. */
export const maxAppendBytes = 512 * 1024;

/** A stream was not at the revision that the append (or the caller) expected. */
export class RevisionConflict extends Error {
  override readonly name = 'RevisionConflict';
  constructor(
    readonly stream: string,
    readonly expected: ExpectedRevision,
    /** The revision of the stream's last event, or `undefined` where it has none. */
    readonly actual: number | undefined,
  ) {
    super(`${stream} is at revision ${actual ?? 'none'}, not ${expected}`);
  }
}

/** The stream was deleted for good. */
export class StreamDeleted extends Error {
  override readonly name = 'StreamDeleted';
  constructor(readonly stream: string) {
    super(`${stream} was deleted`);
  }
}

/** The events of one append weigh more than {@link maxAppendBytes}; one message too big would block a mirror for ever. */
export class AppendTooLarge extends Error {
  override readonly name = 'AppendTooLarge';
  constructor(
    readonly bytes: number,
    readonly maxBytes: number = maxAppendBytes,
  ) {
    super(`the events weigh ${bytes} bytes together, more than ${maxBytes}`);
  }
}

/** The store has no room for more; it was refused before anything was written. */
export class StoreFull extends Error {
  override readonly name = 'StoreFull';
  constructor(
    readonly freeBytes: number,
    readonly requiredBytes: number,
  ) {
    super(`only ${freeBytes} bytes are free where the store lies, and it keeps ${requiredBytes} in reserve`);
  }
}

/** The store could not do it, and for an append it is not known whether it did; repeat it with the same event ids. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  constructor(message: string, options: { cause: unknown }) {
    super(message, options);
  }
}
