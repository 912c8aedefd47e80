import { Overloaded, StoreFailure } from '@shelfmark/event-sourcing';

const maxUnderWay = 1_024;
const maxWaiting = 16_384;

/**
 * Lets so many appends be under way at once; the others wait, in their order. Sent all at once, thousands would wait for each other
 * until none is answered in time, and then all be sent again.
 */
export class Turns {
  #underWay = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param waitingMs longer than this nobody waits. @throws Overloaded, StoreFailure, and what the work throws */
  async take<Result>(waitingMs: number, work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting.length >= maxWaiting) throw new Overloaded("the event store's server", this.#waiting.length);
    const givesUpAt = performance.now() + waitingMs;
    if (this.#underWay < maxUnderWay) this.#underWay++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      if (performance.now() > givesUpAt) {
        const cause = new Error(`no turn within ${waitingMs} ms`);
        throw new StoreFailure("the event store's server was busy with other appends", { cause });
      }
      return await work();
    } finally {
      // A turn is handed on, so nobody who comes just now is before those who wait.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#underWay--;
    }
  }
}
