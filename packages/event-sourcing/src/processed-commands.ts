import type { StreamEvent } from './event.js';

/** What is remembered of a command that a stream has events of: enough to answer it as the first time. */
export interface ProcessedCommand {
  readonly hash: string;
  /** The id that its answer gave. */
  readonly id: string;
  readonly revision: number;
  readonly position: bigint;
}

/** What is remembered of a stream's commands, in a form that can be stored. */
export interface RememberedCommands {
  readonly recent: ReadonlyMap<string, ProcessedCommand>;
  /** Fingerprints of all others, in ascending order. */
  readonly older: Float64Array;
}

/** So many commands of a stream are remembered in full; of older ones only a fingerprint, and the stream has the rest. */
const rememberedCommands = 1000;

/** Shared, for most streams never have one. */
const none = new Float64Array();

/** So many fingerprints are put in order at once. */
const addedAtMost = 10_000;

/**
 * The commands whose events a stream holds. Folded from the stream like its state, so that it cannot disagree with it.
 */
export class ProcessedCommands {
  /** In order of first appearance: the first key is the oldest. */
  readonly #recent: Map<string, ProcessedCommand>;
  /**
   * 48 bits of each older command's id, in ascending order: an array, because a set of them takes several times the room. A hit may be another
   * command's; a miss is certain.
   */
  #older: Float64Array;
  /** Those that are not in order yet. */
  readonly #added = new Set<number>();

  constructor(remembered?: RememberedCommands) {
    this.#recent = new Map(remembered?.recent);
    this.#older = remembered?.older ?? none;
  }

  remembered(): RememberedCommands {
    this.#order();
    return { recent: this.#recent, older: this.#older };
  }

  /** Takes note of the next event of the stream. */
  add(event: StreamEvent, position: bigint, resultId: string | undefined, entityId: string): void {
    const { commandId, commandHash } = event.metadata;
    const earlier = this.#recent.get(commandId);
    this.#recent.set(commandId, {
      hash: commandHash,
      id: resultId ?? earlier?.id ?? entityId,
      revision: event.revision,
      position,
    });
    if (this.#recent.size > rememberedCommands) {
      const [oldest] = this.#recent.keys() as Iterator<string> & Iterable<string>;
      this.#recent.delete(oldest!);
      this.#added.add(fingerprint(oldest!));
      if (this.#added.size >= addedAtMost) this.#order();
    }
  }

  /** The command, if it is remembered in full. */
  get(commandId: string): ProcessedCommand | undefined {
    return this.#recent.get(commandId);
  }

  /** Whether a command that is not remembered in full may be an older one, which only the stream can tell. */
  mayHoldOlder(commandId: string): boolean {
    const sought = fingerprint(commandId);
    return this.#added.has(sought) || includes(this.#older, sought);
  }

  #order(): void {
    const older = new Float64Array(this.#older.length + this.#added.size);
    older.set(this.#older);
    older.set([...this.#added], this.#older.length);
    this.#older = older.sort();
    this.#added.clear();
  }
}

function includes(ascending: Float64Array, sought: number): boolean {
  let [from, to] = [0, ascending.length];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (ascending[middle]! < sought) from = middle + 1;
    else to = middle;
  }
  return ascending[from] === sought;
}

/** The last 48 bits of a UUID: random in every version, where the first 48 of version 7 are a clock. */
function fingerprint(uuid: string): number {
  return Number.parseInt(uuid.slice(-12), 16);
}
