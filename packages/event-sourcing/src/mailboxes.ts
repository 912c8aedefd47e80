import { Overloaded } from './command.js';

/**
 * A mailbox for each stream: whoever holds it is alone with the stream, and those who wait get it in the order in which they
 * came. An empty mailbox takes no memory.
 */
export class Mailboxes {
  readonly #waiting = new Map<string, (() => void)[]>();
  #waiters = 0;

  /** @param capacity so many may wait for one stream; the next is turned away */
  constructor(private readonly capacity: number) {}

  /** How many wait, for all streams together. */
  get waiting(): number {
    return this.#waiters;
  }

  /**
   * Waits for all the streams' mailboxes, taking them in the order of their names, so that two who want the same streams
   * cannot block each other.
   * @returns lets go of them all
   * @throws Overloaded when too many wait already; none is held then
   */
  async hold(streams: readonly string[]): Promise<() => void> {
    const held: string[] = [];
    const release = () => {
      for (const stream of held) this.#release(stream);
    };
    try {
      for (const stream of [...streams].sort()) {
        const queue = this.#waiting.get(stream);
        if (!queue) {
          this.#waiting.set(stream, []);
        } else {
          if (queue.length >= this.capacity) throw new Overloaded(stream, queue.length);
          this.#waiters++;
          await new Promise<void>((turn) => queue.push(turn));
          this.#waiters--;
        }
        held.push(stream);
      }
    } catch (error) {
      release();
      throw error;
    }
    return release;
  }

  #release(stream: string): void {
    const next = this.#waiting.get(stream)!.shift();
    if (next) next();
    else this.#waiting.delete(stream);
  }
}
