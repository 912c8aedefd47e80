import { rmSync } from 'node:fs';
import { openEnvironment } from '@shelfmark/event-store-embedded';
import type { Database, RootDatabase } from 'lmdb';

/** Something that falls due: at most one instant for each entity of a kind. */
export interface DueEntry {
  readonly kind: string;
  readonly entity: string;
}

/** What an event does to an entry: it is due then, or no more. */
export interface DueChange extends DueEntry {
  readonly at: Date | undefined;
}

type InstantKey = [instantMs: number, kind: string, entity: string];
type EntityKey = [kind: string, entity: string];

export interface DueIndexOptions {
  /** Where it lies: a directory of its own, which is made. */
  readonly directory: string;
  /** What it is made of, and by which rules. An index of anything else that is found there is thrown away. */
  readonly madeOf: string;
}

/**
 * What falls due when, on the disk beside the log that it is made of, with the position that it covers. So a start reads
 * the events after that position and no others. It holds nothing that the log does not: where it is missing, damaged, or of
 * another log, it begins empty, and covers nothing.
 */
export class DueIndex {
  readonly #root: RootDatabase;
  readonly #byInstant: Database<true, InstantKey>;
  readonly #byEntity: Database<number, EntityKey>;
  readonly #meta: Database<string, string>;
  readonly #madeOf: string;

  private constructor(root: RootDatabase, madeOf: string) {
    this.#root = root;
    this.#byInstant = root.openDB<true, InstantKey>('by-instant', {});
    this.#byEntity = root.openDB<number, EntityKey>('by-entity', {});
    this.#meta = root.openDB<string, string>('meta', {});
    this.#madeOf = madeOf;
    if (this.#meta.get('made-of') !== madeOf) this.clear();
  }

  static open({ directory, madeOf }: DueIndexOptions): DueIndex {
    let root: RootDatabase;
    try {
      root = openEnvironment(directory, {});
    } catch {
      rmSync(directory, { recursive: true });
      root = openEnvironment(directory, {});
    }
    return new DueIndex(root, madeOf);
  }

  /** The position of the last event that it knows of. */
  get covered(): bigint | undefined {
    const covered = this.#meta.get('covered');
    return covered === undefined ? undefined : BigInt(covered);
  }

  /** Takes in what events did, in their order, and the position of the last of them: all of it or nothing. */
  async apply(changes: readonly DueChange[], covered: bigint): Promise<void> {
    await this.#root.transaction(() => {
      for (const { kind, entity, at } of changes) {
        const before = this.#byEntity.get([kind, entity]);
        if (before !== undefined) this.#byInstant.removeSync([before, kind, entity]);
        if (at) {
          this.#byEntity.putSync([kind, entity], at.getTime());
          this.#byInstant.putSync([at.getTime(), kind, entity], true);
        } else if (before !== undefined) {
          this.#byEntity.removeSync([kind, entity]);
        }
      }
      this.#meta.putSync('covered', String(covered));
    });
  }

  /** What is due by an instant, the earliest first. */
  dueBy(instant: Date): readonly DueEntry[] {
    const end: InstantKey = [instant.getTime() + 1, '', ''];
    return [...this.#byInstant.getKeys({ end })].map(([, kind, entity]) => ({ kind, entity }));
  }

  /** Begins anew, with nothing covered. */
  clear(): void {
    this.#root.transactionSync(() => {
      this.#byInstant.clearSync();
      this.#byEntity.clearSync();
      this.#meta.removeSync('covered');
      this.#meta.putSync('made-of', this.#madeOf);
    });
  }

  async close(): Promise<void> {
    await this.#root.close();
  }
}
