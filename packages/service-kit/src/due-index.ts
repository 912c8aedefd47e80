import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Logger } from '@nestjs/common';
import type { EventStore, RecordedEvent } from '@shelfmark/event-sourcing';

/** What an event says of something that is due: from when on; `undefined` where nothing is to be done for it any more. */
export interface DueChange {
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly dueAt: number | undefined;
}

export interface DueIndexOptions {
  readonly store: EventStore;
  /** Where it is kept, beside the log. It may vanish: it is made of the log again then. */
  readonly file: string;
  /** Another word whenever `changes` means something else than before, so that the log is read anew. */
  readonly version: string;
  /** What an event changes. Pure, and of the event alone. */
  readonly changes: (event: RecordedEvent) => readonly DueChange[];
}

/** So many events are read again at the next start, at most. */
const saveAfterEvents = 10_000;

interface Saved {
  readonly version: string;
  readonly logId: string;
  /** The position of the last event that is in it, in decimal. */
  readonly position: string;
  readonly due: readonly (readonly [key: string, dueAt: number])[];
}

/**
 * What is still to be done according to a log, and when: kept in memory, in a file beside the log with the position that it covers,
 * and up to date by following the log. So a start reads what was appended since, and not the whole log.
 *
 * It decides nothing. Whoever does what is due asks the stream, which may know better.
 */
export class DueIndex {
  readonly #logger = new Logger(DueIndex.name);
  readonly #due = new Map<string, number>();
  /** Those of them that nobody has taken, the earliest first. */
  #waiting: (readonly [dueAt: number, key: string])[] = [];
  #position: bigint | undefined;
  #unsaved = 0;

  constructor(private readonly options: DueIndexOptions) {}

  /** How many things are still to be done, due or not. */
  get size(): number {
    return this.#due.size;
  }

  /** When the next thing is due that nobody has taken. */
  get nextDueAt(): number | undefined {
    return this.#waiting[0]?.[0];
  }

  /** Reads what is kept of it, and what the log has beyond that. */
  async open(signal: AbortSignal): Promise<void> {
    await this.#load();
    for await (const events of this.options.store.readLog(this.#from())) {
      if (signal.aborted) return;
      for (const event of events) this.#note(event);
    }
    this.#waiting = [...this.#due].map(([key, dueAt]) => [dueAt, key] as const).sort(byTime);
    if (this.#unsaved >= saveAfterEvents) await this.save();
  }

  /**
   * Follows the log until the signal aborts, after {@link open}.
   * @param onChange called whenever something may have become due earlier
   */
  async follow(signal: AbortSignal, onChange: () => void): Promise<void> {
    for await (const events of this.options.store.subscribe({ ...this.#from(), signal })) {
      for (const event of events) {
        for (const { key, dueAt } of this.#note(event)) if (dueAt !== undefined) this.#insert(key, dueAt);
      }
      onChange();
      if (this.#unsaved >= saveAfterEvents) await this.save();
    }
  }

  /**
   * Takes what has been due for the longest time. It is not given again until an event says something of it, or
   * {@link putBack} does.
   * @param now milliseconds since the epoch
   */
  take(now: number): string | undefined {
    const [dueAt, key] = this.#waiting[0] ?? [Infinity];
    if (dueAt > now) return undefined;
    this.#waiting.shift();
    return key;
  }

  /** What was taken is due again then, unless an event has said something else of it meanwhile. */
  putBack(key: string, dueAt: number): void {
    if (!this.#due.has(key) || this.#find(key) !== undefined) return;
    this.#due.set(key, dueAt);
    this.#insert(key, dueAt);
  }

  /** Keeps it as it is. A file that is cut off or lost costs reading the log, and nothing else. */
  async save(): Promise<void> {
    if (this.#position === undefined || this.#unsaved === 0) return;
    const { file, version, store } = this.options;
    const saved: Saved = { version, logId: store.logId, position: String(this.#position), due: [...this.#due] };
    this.#unsaved = 0;
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const written = await open(`${file}.part`, 'w', 0o600);
    try {
      await written.writeFile(JSON.stringify(saved));
      // Else, after a power cut, the name could stand for an empty file.
      await written.sync();
    } finally {
      await written.close();
    }
    await rename(`${file}.part`, file);
  }

  async #load(): Promise<void> {
    const { file, version, store } = this.options;
    let saved: Saved;
    try {
      saved = JSON.parse(await readFile(file, 'utf8')) as Saved;
    } catch (error) {
      const isFirst = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isFirst) this.#logger.warn({ err: error }, 'what is due is read from the log anew');
      return;
    }
    if (saved.version !== version || saved.logId !== store.logId) return;
    // A log that was put back to an earlier state has not happened beyond it.
    const head = await store.head();
    if (head === undefined || head < BigInt(saved.position)) return;
    this.#position = BigInt(saved.position);
    for (const [key, dueAt] of saved.due) this.#due.set(key, dueAt);
  }

  #from(): { readonly after?: bigint } {
    return this.#position === undefined ? {} : { after: this.#position };
  }

  #note(event: RecordedEvent): readonly DueChange[] {
    const changes = this.options.changes(event);
    for (const { key, dueAt } of changes) {
      // As long as `waiting` is not made yet, there is nothing of it to be removed.
      if (this.#waiting.length > 0) this.#remove(key);
      if (dueAt === undefined) this.#due.delete(key);
      else this.#due.set(key, dueAt);
    }
    this.#position = event.position;
    this.#unsaved++;
    return changes;
  }

  #insert(key: string, dueAt: number): void {
    const entry = [dueAt, key] as const;
    this.#waiting.splice(this.#placeOf(entry), 0, entry);
  }

  #remove(key: string): void {
    const index = this.#find(key);
    if (index !== undefined) this.#waiting.splice(index, 1);
  }

  /** Where it stands among those that nobody has taken. */
  #find(key: string): number | undefined {
    const dueAt = this.#due.get(key);
    if (dueAt === undefined) return undefined;
    const index = this.#placeOf([dueAt, key]);
    return this.#waiting[index]?.[1] === key ? index : undefined;
  }

  /** By halving: where it stands, or would. */
  #placeOf(entry: readonly [number, string]): number {
    let [low, high] = [0, this.#waiting.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (byTime(this.#waiting[middle]!, entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function byTime([a, key]: readonly [number, string], [b, other]: readonly [number, string]): number {
  return a - b || (key < other ? -1 : Number(key > other));
}
