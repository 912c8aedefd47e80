import { statfsSync } from 'node:fs';
import { StoreFull } from '@shelfmark/event-sourcing';

const checkIntervalMs = 250;

/**
 * Keeps a reserve of the disk: a write that LMDB cannot finish for lack of room ends the process, so one is refused while
 * there is still room to spare.
 */
export class FreeSpace {
  readonly #directory: string;
  readonly #reserveBytes: number;
  #checkedAtMs = -Infinity;
  #bytesSince = 0;
  #freeBytes = 0;

  constructor(directory: string, reserveBytes: number) {
    this.#directory = directory;
    this.#reserveBytes = reserveBytes;
  }

  /** Why so many more bytes may not be written, if they may not. */
  refusal(bytes: number): StoreFull | undefined {
    const nowMs = performance.now();
    this.#bytesSince += bytes;
    // Between two looks at the disk no more than a part of the reserve can be used up, by this process at least.
    if (nowMs - this.#checkedAtMs >= checkIntervalMs || this.#bytesSince >= this.#reserveBytes / 8) {
      const { bavail, bsize } = statfsSync(this.#directory);
      this.#freeBytes = bavail * bsize;
      this.#checkedAtMs = nowMs;
      this.#bytesSince = bytes;
    }
    const requiredBytes = this.#reserveBytes;
    return this.#freeBytes - bytes < requiredBytes ? new StoreFull(this.#freeBytes, requiredBytes) : undefined;
  }
}
