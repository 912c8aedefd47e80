import type { Clock } from '../clock.js';

/** A clock that a test sets: nobody waits for its time, which passes at once. */
export class TestClock implements Clock {
  #now: number;
  #sleepers: { readonly instant: number; readonly wake: () => void }[] = [];

  constructor(now: string) {
    this.#now = Date.parse(now);
  }

  now(): Date {
    return new Date(this.#now);
  }

  async until(instant: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || instant <= this.#now) return;
    await new Promise<void>((wake) => {
      this.#sleepers.push({ instant, wake });
      signal.addEventListener('abort', () => wake(), { once: true });
    });
  }

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#sleepers.filter(({ instant }) => instant <= this.#now);
    this.#sleepers = this.#sleepers.filter(({ instant }) => instant > this.#now);
    for (const { wake } of due) wake();
  }
}
