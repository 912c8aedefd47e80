import { type Checkpoint, type MirroredEvent, type NatsConnection, consumeMirror } from '@shelfmark/messaging';
import { Problem } from '../http/problem.js';
import type { ViewDatabase } from '../views/view-database.js';
import type { ViewProgress, Watch } from '../views/view-progress.js';
import type { EntityView } from '../views/view.js';
import { type Change, ChangeWindow } from './change-window.js';
import { type Place, logTag, placeOf } from './place.js';
import { linesFor } from './told.js';

/** So many of the latest changes are kept of a feed; who is further behind has to reload. */
export const maxChanges = 20_000;
/** What cannot be read back in this time is too old. */
const reachBackMs = 10_000;
/** A notification can be lost with its connection, so the view is looked at as often as this. */
const lookEveryMs = 1_000;

/** Where a reader begins. */
export interface Joined {
  readonly window: ChangeWindow;
  readonly place: Place | undefined;
  /** Whether changes may be missing between where the reader wanted to begin and here. */
  readonly isReset: boolean;
}

/** What a feed reads from. */
export interface FeedInputs {
  readonly connection: NatsConnection;
  readonly database: ViewDatabase;
  readonly progress: ViewProgress;
}

type ViewCheckpoint = Required<Checkpoint>;

/**
 * The changes that one source makes in one view. They are read from the source's mirror, and given out once the view's
 * checkpoint has passed them, so that whoever reads on hearing of a change finds it. There is no order between two feeds, and
 * a view that stands still holds up its own alone.
 */
export class Feed {
  readonly name: string;
  readonly #opened: Promise<void>;
  #isOpened!: () => void;
  #window: ChangeWindow | undefined;
  #logId: string | undefined;
  #reachingBack: Promise<unknown> = Promise.resolve();

  /** @param onChange is called whenever there is more in the window, or another window */
  constructor(
    readonly view: EntityView,
    private readonly source: string,
    private readonly inputs: FeedInputs,
    private readonly onChange: () => void,
  ) {
    this.name = `${view}-${source}`;
    this.#opened = new Promise((resolve) => (this.#isOpened = resolve));
  }

  /** Another one than before where the view is made from another log now. */
  get window(): ChangeWindow | undefined {
    return this.#window;
  }

  /** Follows the view until the signal aborts, whatever is away meanwhile. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const checkpoint = await this.#look(signal);
      if (signal.aborted) return;
      this.#logId = checkpoint?.logId;
      this.#window = new ChangeWindow(checkpoint && placeOf(checkpoint), maxChanges);
      this.#isOpened();
      this.onChange();
      await this.#follow(this.#window, checkpoint, signal);
    }
  }

  /**
   * Finds the place of a reader in the window, which is made to reach back to it if need be.
   * @param since the last event that the reader was told of; `undefined` for none yet of any log
   */
  async join(since: Place | undefined | 'now', signal: AbortSignal): Promise<Joined> {
    await this.#opened;
    const window = this.#window!;
    if (since === 'now') return { window, place: window.end, isReset: false };
    // One after the other: they begin where the one before left the window.
    const reached = this.#reachingBack.then(() => this.#reachBack(window, since, signal));
    this.#reachingBack = reached;
    if ((await reached) && window === this.#window) return { window, place: since, isReset: false };
    return { window: this.#window!, place: this.#window!.end, isReset: true };
  }

  /** Ends when the view is made from another log, or the mirror is one of another log. */
  async #follow(window: ChangeWindow, checkpoint: ViewCheckpoint | undefined, signal: AbortSignal): Promise<void> {
    const left = new AbortController();
    const mirror = this.#mirrorAfter(checkpoint, AbortSignal.any([signal, left.signal]))[Symbol.asyncIterator]();
    let ahead: readonly MirroredEvent[] = [];
    try {
      for (;;) {
        const shown = await this.#shownBeyond(window.end, signal);
        if (shown === undefined) return;
        // Read as far as the view shows, and no further than the batch that this lies in: the rest waits in the mirror.
        while ((window.end?.position ?? -1n) < shown.position) {
          if (ahead.length === 0) {
            const next = await mirror.next();
            if (next.done || next.value.kind === 'newLog') return;
            if (next.value.kind === 'events') ahead = next.value.events;
            continue;
          }
          const visible = ahead.filter(({ position }) => position <= shown.position);
          ahead = ahead.slice(visible.length);
          this.#logId = shown.logId;
          window.extend(this.#changesOf(visible), placeOf(visible.at(-1) ?? shown));
          this.onChange();
        }
      }
    } finally {
      left.abort();
    }
  }

  /** Waits until the view shows more. @returns `undefined` when it is made from another log, or the signal aborts */
  async #shownBeyond(end: Place | undefined, signal: AbortSignal): Promise<ViewCheckpoint | undefined> {
    const wanted = end === undefined ? 0n : end.position + 1n;
    const watch = this.inputs.progress.watch([this.view], new Map([[this.source, wanted]]));
    try {
      while (!signal.aborted) {
        const shown = await this.#look(signal);
        // A view without a position is being made anew: what it shows next, readers may have been told of already.
        if (shown !== undefined) {
          if (end !== undefined && logTag(shown.logId) !== end.log) return undefined;
          if (shown.position >= wanted) return shown;
        }
        await heardOrAWhile(watch, signal);
      }
      return undefined;
    } finally {
      this.inputs.progress.unwatch(watch);
    }
  }

  /** Where the view is; waits while it cannot be read. @returns `undefined` before its first event */
  async #look(signal: AbortSignal): Promise<ViewCheckpoint | undefined> {
    while (!signal.aborted) {
      try {
        const [row] = await this.inputs.database.query<CheckpointRow>(
          `SELECT log_id AS "logId", generation, position, sequence FROM ${this.view}.checkpoint WHERE source = $1`,
          [this.source],
        );
        if (row === undefined || row.position === null) return undefined;
        const { logId, generation, position, sequence } = row;
        return { logId, generation: Number(generation), position: BigInt(position), sequence: Number(sequence) };
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        await heardOrAWhile(undefined, signal);
      }
    }
    return undefined;
  }

  /** Makes the window begin no later than a place, from the mirror. @returns whether it does */
  async #reachBack(window: ChangeWindow, place: Place | undefined, signal: AbortSignal): Promise<boolean> {
    if (window.covers(place)) return true;
    const { start } = window;
    if (start === undefined || (place !== undefined && !isBefore(place, start))) return false;
    // What is further back than there is room for is not even read. In one generation, sequences are dense.
    const missing = start.sequence - (place?.sequence ?? 0);
    if (missing > maxChanges - window.size) return false;
    const checkpoint = place && { ...place, logId: this.#logId! };
    const stop = AbortSignal.any([signal, AbortSignal.timeout(reachBackMs)]);
    const changes: Change[] = [];
    for await (const delivery of this.#mirrorAfter(checkpoint, stop)) {
      if (delivery.kind !== 'events') return false;
      changes.push(...this.#changesOf(delivery.events.filter(({ position }) => position <= start.position)));
      if (changes.length > missing) return false;
      if (delivery.events.at(-1)!.position >= start.position) return window.prepend(place, changes, start);
    }
    return false;
  }

  #mirrorAfter(checkpoint: Checkpoint | undefined, signal: AbortSignal) {
    return consumeMirror(this.inputs.connection, {
      service: this.source,
      signal,
      ...(checkpoint && { checkpoint }),
    });
  }

  #changesOf(events: readonly MirroredEvent[]): Change[] {
    return events.flatMap((event) => {
      const lines = linesFor(this.view, this.source, event);
      return lines === undefined ? [] : [{ place: placeOf(event), lines }];
    });
  }
}

/** A bigint comes as its decimal digits. All are null until the first event, or none is. */
type CheckpointRow =
  | { readonly logId: string; readonly generation: string; readonly position: string; readonly sequence: string }
  | { readonly position: null };

/** Whether a place can be one before another in the same mirror: positions rise at least as fast as sequences. */
function isBefore(place: Place, other: Place): boolean {
  if (place.log !== other.log || place.generation !== other.generation) return false;
  const missing = other.sequence - place.sequence;
  return missing > 0 && place.sequence > 0 && other.position - place.position >= BigInt(missing);
}

/** Sleeps until what is watched is heard of; but not for ever. */
async function heardOrAWhile(watch: Watch | undefined, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const wake = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, lookEveryMs);
    signal.addEventListener('abort', wake);
    if (watch) watch.wake = wake;
    if (watch?.heard || signal.aborted) wake();
  });
  if (!watch) return;
  delete watch.wake;
  watch.heard = false;
}
