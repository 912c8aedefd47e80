import { Logger } from '@nestjs/common';
import type { Clock } from './clock.js';
import type { DueIndex } from './due-index.js';

export interface DueWorkOptions {
  readonly index: DueIndex;
  readonly clock: Clock;
  /** So many things are under way at once. */
  readonly atOnce: number;
  /**
   * Does what is due. Whatever it does ends in an event, by which the index knows that it is done.
   * @returns when it is to be looked at again, in milliseconds since the epoch, where no event will say so
   */
  readonly perform: (key: string) => Promise<number | undefined>;
}

/** What failed, by an error that says nothing of when to try again, is tried again after this. */
const retryMs = 5_000;

/** Does what is due, when it is due, each thing once at a time. */
export class DueWork {
  readonly #logger = new Logger(DueWork.name);
  readonly #stopping = new AbortController();
  readonly #underWay = new Map<string, Promise<void>>();
  /** Those that became due again while they were under way. */
  readonly #again = new Set<string>();
  #running: Promise<unknown> | undefined;
  #wake: (() => void) | undefined;
  #isWoken = false;

  constructor(private readonly options: DueWorkOptions) {}

  /** How many things are being done. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** Begins with what was left undone. What it throws is a failure of the store, and ends the process. */
  start(): void {
    this.#running = this.#run();
  }

  /** Begins nothing new, and resolves when what was under way is done. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wakeUp();
    await this.#running;
    await Promise.all(this.#underWay.values());
    await this.options.index.save();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const { index } = this.options;
    await index.open(signal);
    if (signal.aborted) return;
    await Promise.all([index.follow(signal, () => this.#wakeUp()), this.#work(signal)]);
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { index, clock, atOnce } = this.options;
    while (!signal.aborted) {
      while (this.#underWay.size < atOnce) {
        const key = index.take(clock.now().getTime());
        if (key === undefined) break;
        if (this.#underWay.has(key)) this.#again.add(key);
        else this.#underWay.set(key, this.#perform(key));
      }
      await this.#sleep(this.#underWay.size < atOnce ? index.nextDueAt : undefined);
    }
  }

  async #perform(key: string): Promise<void> {
    const { index, clock, perform } = this.options;
    let again: number | undefined;
    try {
      again = await perform(key);
    } catch (error) {
      this.#logger.error('what is due could not be done', error, { key });
      again = clock.now().getTime() + retryMs;
    }
    this.#underWay.delete(key);
    if (this.#again.delete(key)) again = clock.now().getTime();
    if (again !== undefined) index.putBack(key, again);
    this.#wakeUp();
  }

  /** Until something changes, or the instant has come. */
  async #sleep(instant: number | undefined): Promise<void> {
    const enough = new AbortController();
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#isWoken) resolve();
    });
    const due = instant === undefined ? [] : [this.options.clock.until(instant, enough.signal)];
    await Promise.race([woken, ...due]);
    enough.abort();
    this.#isWoken = false;
  }

  #wakeUp(): void {
    this.#isWoken = true;
    this.#wake?.();
  }
}
