import type { RecordedEvent } from '@shelfmark/event-sourcing';

const maxWaitingEvents = 2048;
const maxWaitingBytes = 4 * 1024 * 1024;

/** Hands flushed events to those who read the log's end, without reading them back. */
export class LiveTail {
  readonly #readers = new Set<TailReader>();

  get hasReaders(): boolean {
    return this.#readers.size > 0;
  }

  /** Starts to hand out what is published from now on. */
  join(): TailReader {
    const reader = new TailReader(() => this.#readers.delete(reader));
    this.#readers.add(reader);
    return reader;
  }

  publish(events: readonly RecordedEvent[], bytes: number): void {
    for (const reader of this.#readers) reader.offer(events, bytes);
  }

  /** Ends every reader's wait, so that it looks at what became of the store. */
  wake(): void {
    for (const reader of this.#readers) reader.wake();
  }
}

/** A bounded queue. When its reader falls behind, it is emptied and takes no more: the reader goes back to the log. */
export class TailReader {
  readonly #leave: () => void;
  readonly #batches: (readonly RecordedEvent[])[] = [];
  #events = 0;
  #bytes = 0;
  #overflown = false;
  #wake: (() => void) | undefined;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  get overflown(): boolean {
    return this.#overflown;
  }

  offer(events: readonly RecordedEvent[], bytes: number): void {
    this.#events += events.length;
    this.#bytes += bytes;
    // An empty queue takes a batch of any size, or big batches would never arrive live.
    if (this.#batches.length > 0 && (this.#events > maxWaitingEvents || this.#bytes > maxWaitingBytes)) {
      this.#overflown = true;
      this.#batches.length = 0;
      this.leave();
    } else {
      this.#batches.push(events);
    }
    this.wake();
  }

  /** What waits, all of it. */
  take(): readonly RecordedEvent[] {
    const events = this.#batches.length === 1 ? this.#batches[0]! : this.#batches.flat();
    this.#batches.length = 0;
    this.#events = 0;
    this.#bytes = 0;
    return events;
  }

  /** Resolves when something waits, or on {@link wake}. */
  async changed(): Promise<void> {
    if (this.#batches.length > 0 || this.#overflown) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  wake(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  leave(): void {
    this.#leave();
  }
}
