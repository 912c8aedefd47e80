import { setTimeout } from 'node:timers/promises';

/** Waits; at once when the signal aborts. Ask the signal afterwards. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** Pauses between attempts that double from `firstMs` to `maxMs`, each with up to a half taken off so that many do not retry in step. */
export class Backoff {
  #nextMs: number;

  constructor(
    private readonly firstMs: number,
    private readonly maxMs: number,
  ) {
    this.#nextMs = firstMs;
  }

  async pause(signal: AbortSignal): Promise<void> {
    const ms = this.#nextMs * (1 - Math.random() / 2);
    this.#nextMs = Math.min(this.#nextMs * 2, this.maxMs);
    await pause(ms, signal);
  }

  reset(): void {
    this.#nextMs = this.firstMs;
  }
}
