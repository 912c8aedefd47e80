import { setTimeout } from 'node:timers/promises';

/** What time it is, and a way to wait for another time: the system's, unless a test has its own. */
export interface Clock {
  now(): Date;
  /**
   * Waits for an instant, or until the signal aborts; it may come back earlier.
   * @param instant milliseconds since the epoch
   */
  until(instant: number, signal: AbortSignal): Promise<void>;
}

/** A timer may be early where somebody sets the system's clock, so nobody waits for longer without a look at it. */
const longestWaitMs = 60_000;

export const systemClock: Clock = {
  now: () => new Date(),
  async until(instant, signal) {
    const ms = Math.min(Math.max(instant - Date.now(), 0), longestWaitMs);
    // Rejects only when it is aborted.
    await setTimeout(ms, undefined, { signal }).catch(() => undefined);
  },
};
