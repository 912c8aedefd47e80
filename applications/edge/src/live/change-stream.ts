import { Readable } from 'node:stream';
import type { EntityView } from '../views/view.js';
import type { ChangeWindow } from './change-window.js';
import { type Places, formatEventId, formatPlace } from './event-id.js';
import type { Feed } from './feed.js';
import type { Place } from './place.js';

/** A browser that lost its connection comes back after this time. */
const retryMs = 2_000;
/** How many messages' worth of bytes wait here for a connection that is busy. */
const bufferBytes = 16 * 1024;
/** Who has not taken what is buffered for so many beats is cut off. */
const maxBeatsWithoutRead = 2;
const endWithinMs = 1_000;

/** How far the reader was told of a feed. */
interface Told {
  readonly feed: Feed;
  window: ChangeWindow;
  place: Place | undefined;
  /** The place as it stands in ids. */
  text: string;
}

/**
 * What one reader is told, as `text/event-stream`. It takes the next change from a feed's window when the connection takes
 * more, so that it holds no changes of its own; a reader who has fallen out of a window, or takes nothing, is cut off, and
 * comes back with its last id.
 */
export class ChangeStream extends Readable {
  readonly #gone = new AbortController();
  #told: readonly Told[] = [];
  #turn = 0;
  #isWanted = false;
  #beatsWithoutRead = 0;

  /** @param since how far the reader was told before; `undefined` for a new one */
  constructor(feeds: readonly Feed[], since: Places | undefined) {
    super({ highWaterMark: bufferBytes });
    this.push(`retry: ${retryMs}\n\n`);
    void this.#join(feeds, since);
  }

  override _read(): void {
    this.#isWanted = true;
    this.#beatsWithoutRead = 0;
    this.wake();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#gone.abort();
    done(error);
  }

  /** Goes on where there may be more to tell. */
  wake(): void {
    while (this.#isWanted && !this.#gone.signal.aborted) {
      const message = this.#next();
      if (message === undefined) return;
      this.#isWanted = this.push(message);
    }
  }

  /** Shows the reader that the connection stands, and how far it was told; or finds that nobody reads. */
  beat(): void {
    if (this.#gone.signal.aborted) return;
    if (this.#isWanted) this.#isWanted = this.push(`:\n${this.#told.length > 0 ? this.#id() : ''}\n`);
    else if (++this.#beatsWithoutRead >= maxBeatsWithoutRead) this.destroy();
  }

  /** Ends in order. */
  end(): void {
    this.#gone.abort();
    this.push(null);
    // Who does not read does not see the end either.
    setTimeout(() => this.destroy(), endWithinMs).unref();
  }

  async #join(feeds: readonly Feed[], since: Places | undefined): Promise<void> {
    const joined = await Promise.all(
      feeds.map(async (feed) => {
        const isKnown = since === undefined || since.has(feed.name);
        const from = since === undefined || !isKnown ? 'now' : since.get(feed.name);
        const { window, place, isReset } = await feed.join(from, this.#gone.signal);
        const told = { feed, window, place, text: formatPlace(feed.name, place) };
        return { told, isReset: isReset || !isKnown };
      }),
    );
    if (this.#gone.signal.aborted) return;
    this.#told = joined.map(({ told }) => told);
    const reset = new Set(joined.filter(({ isReset }) => isReset).map(({ told }) => told.feed.view));
    // An id alone is no message, but it is remembered: also a reader who hears of nothing knows where to go on.
    this.push(reset.size > 0 ? this.#reset([...reset]) : `${this.#id()}\n`);
    this.wake();
  }

  #next(): string | undefined {
    for (let tried = 0; tried < this.#told.length; tried++) {
      // Taking turns, so that a busy feed does not hold up the others.
      const told = this.#told[this.#turn++ % this.#told.length]!;
      if (told.window !== told.feed.window) {
        told.window = told.feed.window!;
        moveTo(told, told.window.end);
        return this.#reset([told.feed.view]);
      }
      if (!told.window.covers(told.place)) return void this.destroy();
      const change = told.window.after(told.place);
      if (change) {
        moveTo(told, change.place);
        return `${this.#id()}${change.lines}\n`;
      }
      const { end } = told.window;
      if (end && (told.place === undefined || end.position > told.place.position)) moveTo(told, end);
    }
    return undefined;
  }

  /** Whatever the reader has of these views, it must load again. */
  #reset(views: readonly EntityView[]): string {
    return `${this.#id()}event: reset\ndata: ${JSON.stringify({ views })}\n\n`;
  }

  #id(): string {
    return `id: ${formatEventId(this.#told.map(({ text }) => text))}\n`;
  }
}

function moveTo(told: Told, place: Place | undefined): void {
  told.place = place;
  told.text = formatPlace(told.feed.name, place);
}
