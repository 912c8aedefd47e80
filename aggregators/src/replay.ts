import { setTimeout as sleep } from 'node:timers/promises';
import type { MirrorConsumer, MirrorConsumerStatus, MirroredEvent } from '@shelfmark/messaging';
import type { Checkpoint } from './checkpoint.js';
import type { FollowMirror } from './follow-mirror.js';
import type { SourceWriter } from './source-writer.js';
import type { Query } from './view-session.js';

/** The log of a source was replaced while it was read; what was built of it is worth nothing. */
export class LogReplaced extends Error {
  override readonly name = 'LogReplaced';
  constructor(readonly source: string) {
    super(`the log of ${source} was replaced by another one`);
  }
}

// Larger ones gain nothing more; a transaction with so many rows takes about 0.2 s.
const batchEvents = 5_000;
// What is read ahead while a batch is written; about 10 MB of events.
const aheadEvents = 2 * batchEvents;
const lookMs = 20;

/** Writes one source of a view from the log's first event on, as far as it is told, while it reads ahead of that. */
export class Replay {
  readonly #writer: SourceWriter;
  readonly #mirror: MirrorConsumer;
  readonly #failed = new AbortController();
  #ahead: MirroredEvent[] = [];
  #taken: () => void = () => undefined;
  #came: () => void = () => undefined;
  #written = 0;

  /** @param writer of a source that has no checkpoint yet */
  constructor(
    readonly source: string,
    writer: SourceWriter,
    follow: FollowMirror,
    private readonly signal: AbortSignal,
  ) {
    this.#writer = writer;
    this.#mirror = follow(source, undefined, signal);
    signal.addEventListener('abort', () => this.#taken(), { once: true });
    this.#readAhead().catch((error: unknown) => {
      this.#failed.abort(error);
      this.#came();
    });
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#writer.checkpoint;
  }

  get deadLetters(): number {
    return this.#writer.deadLetters;
  }

  /** How many events are written. */
  get written(): number {
    return this.#written;
  }

  get mirror(): MirrorConsumerStatus['state'] {
    return this.#mirror.status().state;
  }

  /** How many events of the mirror are not written yet; undefined before the mirror was seen. */
  get behind(): number | undefined {
    const unread = this.#mirror.status().behind;
    return unread === undefined ? undefined : unread + this.#ahead.length;
  }

  /** Writes up to where the mirror ends now; what comes meanwhile is left, for under a stream of events that has no end. */
  async fillToEnd(): Promise<void> {
    while (this.behind === undefined && !this.signal.aborted) await this.#writeNext();
    const end = this.#written + (this.behind ?? 0);
    while (this.#written < end && !this.signal.aborted) await this.#writeNext();
  }

  /**
   * Writes what is not written yet up to the checkpoint's event, and nothing after it.
   * @param query of a transaction to write in, instead of one for each batch
   * @throws LogReplaced when the checkpoint is of another log
   */
  async fillTo(end: Checkpoint, query?: Query): Promise<void> {
    while (this.#isBefore(end) && !this.signal.aborted) await this.#writeNext(end.position, query);
    if (this.checkpoint !== undefined && this.checkpoint.logId !== end.logId) throw new LogReplaced(this.source);
  }

  /** Waits until all up to the checkpoint's event is read, and writes nothing. @returns whether it was in time */
  async hasRead(end: Checkpoint, deadline: number): Promise<boolean> {
    while (this.#isBefore(end) && !(this.#ahead.length > 0 && this.#ahead.at(-1)!.position >= end.position)) {
      this.#failed.signal.throwIfAborted();
      if (performance.now() > deadline || this.#ahead.length >= aheadEvents) return false;
      await this.#wait();
    }
    return true;
  }

  #isBefore({ position }: Checkpoint): boolean {
    return this.checkpoint === undefined || this.checkpoint.position < position;
  }

  async #writeNext(end?: bigint, query?: Query): Promise<void> {
    this.#failed.signal.throwIfAborted();
    const beyond = this.#ahead.findIndex(
      ({ position }, index) => index >= batchEvents || (end !== undefined && position > end),
    );
    const events = this.#ahead.splice(0, beyond === -1 ? this.#ahead.length : beyond);
    if (events.length === 0) {
      if (beyond === 0) throw new LogReplaced(this.source);
      return this.#wait();
    }
    this.#taken();
    if (query === undefined) await this.#writer.write(events);
    else await this.#writer.writeWithin(query, events);
    this.#written += events.length;
  }

  /** Until something came, or for a moment: that a mirror has nothing more is not announced. */
  async #wait(): Promise<void> {
    const something = new Promise<void>((resolve) => (this.#came = resolve));
    await Promise.race([something, sleep(lookMs)]);
  }

  async #readAhead(): Promise<void> {
    for await (const delivery of this.#mirror) {
      if (delivery.kind === 'newLog') throw new LogReplaced(this.source);
      if (delivery.kind === 'gap') continue;
      for (const event of delivery.events) this.#ahead.push(event);
      this.#came();
      while (this.#ahead.length >= aheadEvents && !this.signal.aborted) {
        await new Promise<void>((resolve) => (this.#taken = resolve));
      }
    }
  }
}
