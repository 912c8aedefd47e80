import type { MirroredEvent } from '@shelfmark/messaging';
import {
  advanceCheckpoint,
  CheckpointLost,
  createCheckpoint,
  readCheckpoint,
  ViewReplaced,
  type BuildCheckpoint,
  type Checkpoint,
} from './checkpoint.js';
import {
  deadLetter,
  forgetDeadLetters,
  readParkedStreams,
  recordDeadLetters,
  recordSkipped,
  type DeadLetter,
} from './dead-letters.js';
import { Fold } from './fold.js';
import { RowsRefused, RowWriter } from './row-writer.js';
import { tablesOf, type TableProjection, type View } from './view.js';
import type { Query, ViewSession } from './view-session.js';

/** What a run of events comes to. */
interface Outcome {
  readonly deadLetters: DeadLetter[];
  /** How many events of each parked stream were not applied. */
  readonly skipped: Map<string, number>;
  /** How many events have no handler. */
  unhandled: number;
}

/** What the source does to one table. */
interface TableWriter {
  readonly projection: TableProjection;
  readonly rows: RowWriter;
  /** Whether nothing is in the table but what this source has written. */
  readonly isSole: boolean;
}

/** Writes the events of one source into a view: the rows and the checkpoint in one transaction, so each event counts once. */
export class SourceWriter {
  readonly #session: ViewSession;
  readonly #name: string;
  readonly #tables: readonly TableWriter[];
  #checkpoint!: BuildCheckpoint;
  #parkedStreams: ReadonlySet<string> = new Set();
  #unhandled = 0;

  private constructor(session: ViewSession, view: View, name: string) {
    this.#session = session;
    this.#name = name;
    const ofOthers = new Set(tablesOf({ ...view, sources: { ...view.sources, [name]: [] } }));
    this.#tables = view.sources[name]!.map((projection) => ({
      projection,
      rows: new RowWriter(projection.table),
      isSole: !ofOthers.has(projection.table),
    }));
  }

  /** Takes up the source where its checkpoint is; from the beginning where there is none. */
  static async open(session: ViewSession, view: View, name: string): Promise<SourceWriter> {
    const writer = new SourceWriter(session, view, name);
    await session.transaction(async (query) => {
      if (await createCheckpoint(query, name)) await writer.#forget(query);
      writer.#checkpoint = await readCheckpoint(query, name);
      writer.#parkedStreams = await readParkedStreams(query, name);
    });
    return writer;
  }

  get checkpoint(): Checkpoint | undefined {
    return this.#checkpoint.at;
  }

  /** How many streams have an event that could not be shown. */
  get deadLetters(): number {
    return this.#parkedStreams.size;
  }

  /** How many events were passed over since the start because the view has no handler for their type. */
  get unhandledEvents(): number {
    return this.#unhandled;
  }

  /**
   * Starts the source over, for a log that is not the one that was read: what came from the other is taken back.
   * @throws CheckpointLost, ViewReplaced, DatabaseUnavailable
   */
  async restart(): Promise<void> {
    if (this.checkpoint === undefined) return;
    await this.#session.transaction(async (query) => {
      await advanceCheckpoint(query, this.#name, this.#checkpoint, undefined, channelOf(this.#session.schema));
      await this.#forget(query);
    });
    this.#checkpoint = { ...this.#checkpoint, at: undefined };
    this.#parkedStreams = new Set();
  }

  /**
   * Applies the events that follow the checkpoint, in their order.
   * @throws CheckpointLost, ViewReplaced, TableGone, DatabaseUnavailable; then nothing was applied, or (only with the last) it
   *   is not known
   */
  async write(events: readonly MirroredEvent[]): Promise<void> {
    if (events.length === 0) return;
    let outcome: Outcome;
    try {
      outcome = await this.#session.transaction((query) =>
        this.#advance(query, events, () => this.#apply(query, events, emptyOutcome())),
      );
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error;
      outcome = await this.#session.transaction((query) => this.#advanceBySlices(query, events));
    }
    this.#remember(events, outcome);
  }

  /**
   * Applies events as {@link write} does, in a transaction that the caller has begun. If that does not commit, this writer knows
   * of a checkpoint that was never there, and must not be used any more.
   */
  async writeWithin(query: Query, events: readonly MirroredEvent[]): Promise<void> {
    if (events.length > 0) this.#remember(events, await this.#advanceBySlices(query, events));
  }

  #remember(events: readonly MirroredEvent[], outcome: Outcome): void {
    this.#checkpoint = { ...this.#checkpoint, at: lastOf(events) };
    this.#unhandled += outcome.unhandled;
    if (outcome.deadLetters.length > 0) {
      this.#parkedStreams = new Set([...this.#parkedStreams, ...outcome.deadLetters.map(({ event }) => event.stream)]);
    }
  }

  /**
   * Looks whether the checkpoint is as this process left it, so that tables which vanish are noticed without an event.
   * @throws CheckpointLost, ViewReplaced, DatabaseUnavailable
   */
  async verify(): Promise<void> {
    await this.#session.transaction(async (query) => {
      const { build, at } = await readCheckpoint(query, this.#name);
      if (build !== this.#checkpoint.build) throw new ViewReplaced(this.#name);
      if (at?.logId !== this.checkpoint?.logId || at?.position !== this.checkpoint?.position) {
        throw new CheckpointLost(this.#name);
      }
    });
  }

  async #advance(query: Query, events: readonly MirroredEvent[], apply: () => Promise<Outcome>): Promise<Outcome> {
    await advanceCheckpoint(query, this.#name, this.#checkpoint, lastOf(events), channelOf(this.#session.schema));
    const outcome = await apply();
    await recordDeadLetters(query, this.#name, outcome.deadLetters);
    await recordSkipped(query, this.#name, outcome.skipped);
    return outcome;
  }

  #advanceBySlices(query: Query, events: readonly MirroredEvent[]): Promise<Outcome> {
    return this.#advance(query, events, async () => {
      const accepted = emptyOutcome();
      await this.#bisect(query, events, accepted);
      return accepted;
    });
  }

  /** Folds the events and writes the rows; adds to the outcome once Postgres has taken them. */
  async #apply(query: Query, events: readonly MirroredEvent[], outcome: Outcome): Promise<Outcome> {
    const folded = this.#fold(events, new Set(outcome.deadLetters.map(({ event }) => event.stream)));
    for (const [index, { rows }] of this.#tables.entries()) await rows.write(query, folded.folds[index]!.rows);
    outcome.deadLetters.push(...folded.deadLetters);
    for (const [stream, count] of folded.skipped)
      outcome.skipped.set(stream, (outcome.skipped.get(stream) ?? 0) + count);
    outcome.unhandled += folded.unhandled;
    return outcome;
  }

  /** Finds the events that Postgres refuses by halving, and applies all others in their order. */
  async #bisect(query: Query, events: readonly MirroredEvent[], outcome: Outcome): Promise<void> {
    await query('SAVEPOINT slice');
    try {
      await this.#apply(query, events, outcome);
      await query('RELEASE slice');
      return;
    } catch (error) {
      if (!(error instanceof RowsRefused)) throw error;
      await query('ROLLBACK TO slice');
      await query('RELEASE slice');
      if (events.length === 1) {
        outcome.deadLetters.push(deadLetter(events[0]!, error.cause));
        return;
      }
    }
    const middle = Math.ceil(events.length / 2);
    await this.#bisect(query, events.slice(0, middle), outcome);
    await this.#bisect(query, events.slice(middle), outcome);
  }

  #fold(
    events: readonly MirroredEvent[],
    parkedNow: ReadonlySet<string>,
  ): Outcome & { readonly folds: readonly Fold[] } {
    const folds = this.#tables.map(() => new Fold());
    const outcome = emptyOutcome();
    const parkedHere = new Set<string>();
    for (const event of events) {
      const handlers = this.#tables.map(({ projection }) => projection.handlers.get(event.type));
      if (handlers.every((handle) => handle === undefined)) {
        outcome.unhandled += 1;
        continue;
      }
      const { stream } = event;
      if (this.#parkedStreams.has(stream) || parkedNow.has(stream) || parkedHere.has(stream)) {
        outcome.skipped.set(stream, (outcome.skipped.get(stream) ?? 0) + 1);
        continue;
      }
      try {
        // All of them, before any is applied: an event that cannot be shown changes no table.
        const changes = handlers.map((handle) => handle?.(event) ?? []);
        for (const [index, fold] of folds.entries()) for (const change of changes[index]!) fold.apply(change);
      } catch (error) {
        outcome.deadLetters.push(deadLetter(event, error));
        parkedHere.add(stream);
      }
    }
    return { ...outcome, folds };
  }

  async #forget(query: Query): Promise<void> {
    for (const { projection, rows, isSole } of this.#tables) {
      const { keyPrefix, owns } = projection;
      await (isSole || keyPrefix !== undefined ? rows.clear(query, keyPrefix) : rows.reset(query, owns));
    }
    await forgetDeadLetters(query, this.#name);
  }
}

/** Where readers who wait for a view listen. A schema that is filled beside the live one has a channel on which nobody does. */
export function channelOf(schema: string): string {
  return `shelfmark_${schema}`;
}

/** @param events at least one */
function lastOf(events: readonly MirroredEvent[]): Checkpoint {
  const { logId, generation, position, sequence } = events.at(-1)!;
  return { logId, generation, position, sequence };
}

function emptyOutcome(): Outcome {
  return { deadLetters: [], skipped: new Map(), unhandled: 0 };
}
