import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const beatMs = 20;

/**
 * Notices when the machine stands still, processors or disk: it wants to write a few bytes to the disk all the time. What takes it long
 * takes everybody long, and nobody can be blamed for it who waits for an answer meanwhile.
 */
export class Stalls {
  #longestMs = 0;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  /** @param directory on the disk that is meant */
  constructor(directory: string) {
    this.#done = this.#beat(join(directory, `beat-${randomUUID()}`));
  }

  /** How long nothing went on, at most. */
  get longestMs(): number {
    return this.#longestMs;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #beat(path: string): Promise<void> {
    const file = await open(path, 'w');
    try {
      while (!this.#stop.signal.aborted) await this.#time(file);
    } finally {
      await file.close();
      await rm(path);
    }
  }

  async #time(file: FileHandle): Promise<void> {
    const begun = performance.now();
    await delay(beatMs);
    await file.write('beat', 0);
    await file.datasync();
    this.#longestMs = Math.max(this.#longestMs, performance.now() - begun - beatMs);
  }
}
