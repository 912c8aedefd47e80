import type { Place } from './place.js';

/** That something a view shows has changed. */
export interface Change {
  readonly place: Place;
  /** What readers are told of it: the lines of a message, but for its id. */
  readonly lines: string;
}

/**
 * The latest changes of a feed, without a gap, for all readers together. Each reader keeps a place in it and takes the next
 * change when it is ready for one, so a slow reader costs no memory, and nothing is ever held for it alone.
 */
export class ChangeWindow {
  readonly #changes: Change[] = [];
  #start: Place | undefined;
  #end: Place | undefined;

  /** @param start after which it begins; `undefined` for the first event of a log */
  constructor(
    start: Place | undefined,
    private readonly capacity: number,
  ) {
    this.#start = start;
    this.#end = start;
  }

  /** All changes after this place are here. */
  get start(): Place | undefined {
    return this.#start;
  }

  /** No change after this place is here yet. */
  get end(): Place | undefined {
    return this.#end;
  }

  get size(): number {
    return this.#changes.length;
  }

  /** Adds the changes that follow, up to a place; the oldest fall out where there is no room. */
  extend(changes: readonly Change[], end: Place): void {
    this.#changes.push(...changes);
    this.#end = end;
    const excess = this.#changes.length - this.capacity;
    if (excess > 0) this.#start = this.#changes.splice(0, excess).at(-1)!.place;
  }

  /**
   * Adds the changes that come before, from after a place up to what was the start when they were asked for.
   * @returns whether that is still the start and there is room; otherwise nothing is added
   */
  prepend(from: Place | undefined, changes: readonly Change[], upTo: Place): boolean {
    if (upTo !== this.#start || this.#changes.length + changes.length > this.capacity) return false;
    this.#changes.unshift(...changes);
    this.#start = from;
    return true;
  }

  /** Whether a reader who was told everything up to a place can be told all that came after it. */
  covers(place: Place | undefined): boolean {
    if (place === undefined) return this.#start === undefined;
    return place.log === this.#end?.log && (this.#start === undefined || place.position >= this.#start.position);
  }

  /** The first change after a place that is covered. */
  after(place: Place | undefined): Change | undefined {
    let from = 0;
    let to = this.#changes.length;
    while (place !== undefined && from < to) {
      const middle = (from + to) >> 1;
      if (this.#changes[middle]!.place.position > place.position) to = middle;
      else from = middle + 1;
    }
    return this.#changes[from];
  }
}
