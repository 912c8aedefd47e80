interface Lock {
  /** How many share it; an exclusive holder is one that shares it with nobody. */
  holders: number;
  exclusive: boolean;
  readonly waiting: { readonly exclusive: boolean; readonly grant: () => void }[];
}

/**
 * A lock for each stream, shared by many or held alone, in the order in which it was asked for. A lock that nobody holds
 * takes no memory.
 */
export class StreamLocks {
  readonly #locks = new Map<string, Lock>();

  /**
   * Waits for the locks of all the streams, taking them in the order of their names, so that two who want the same streams
   * cannot block each other.
   * @returns lets go of them all
   */
  async hold(streams: Iterable<string>, { exclusive }: { exclusive: boolean }): Promise<() => void> {
    const names = [...new Set(streams)].sort();
    for (const name of names) await this.#take(name, exclusive);
    return () => {
      for (const name of names) this.#release(name);
    };
  }

  #take(name: string, exclusive: boolean): Promise<void> | undefined {
    const lock = this.#locks.get(name);
    if (lock === undefined) {
      this.#locks.set(name, { holders: 1, exclusive, waiting: [] });
      return undefined;
    }
    // Not past those who wait already, or they might wait for ever.
    if (!exclusive && !lock.exclusive && lock.waiting.length === 0) {
      lock.holders++;
      return undefined;
    }
    return new Promise((grant) => lock.waiting.push({ exclusive, grant }));
  }

  #release(name: string): void {
    const lock = this.#locks.get(name)!;
    if (--lock.holders > 0) return;
    const next = lock.waiting.findIndex(({ exclusive }, index) => exclusive && index > 0);
    const first = lock.waiting[0];
    if (first === undefined) {
      this.#locks.delete(name);
      return;
    }
    // Those who share come in together, up to the next who wants to be alone.
    const granted = lock.waiting.splice(0, first.exclusive ? 1 : next < 0 ? lock.waiting.length : next);
    lock.exclusive = first.exclusive;
    lock.holders = granted.length;
    for (const { grant } of granted) grant();
  }
}
