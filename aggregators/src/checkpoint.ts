import pg from 'pg';
import type { Query } from './view-session.js';

/** Up to where a view has read a source: everything up to `position` is in the rows, and nothing after it. */
export interface Checkpoint {
  readonly logId: string;
  readonly generation: number;
  readonly position: bigint;
  /** Where the event lay in that generation of the mirror; only a hint. */
  readonly sequence: number;
}

/**
 * The checkpoint is not what this process left there: another process writes the view, or somebody has dropped, emptied or
 * restored its tables. The process ends; what starts in its place looks anew.
 */
export class CheckpointLost extends Error {
  override readonly name = 'CheckpointLost';
  constructor(
    readonly source: string,
    options?: ErrorOptions,
  ) {
    super(`the checkpoint of source ${source} is not as this process left it`, options);
  }
}

/**
 * The view was built anew, and this build has taken the place of the one that this process wrote. What it knows of the view (how
 * far it is, what is parked) is of the old one; it opens the view again.
 */
export class ViewReplaced extends Error {
  override readonly name = 'ViewReplaced';
  constructor(readonly source: string) {
    super(`source ${source} has the checkpoint of another build of the view`);
  }
}

/** A checkpoint, and the build of the view that it belongs to. */
export interface BuildCheckpoint {
  readonly build: string;
  readonly at: Checkpoint | undefined;
}

/**
 * Makes sure that there is a checkpoint. Where there was none, the rows cannot be trusted, whatever is in them.
 * @returns whether it was made now
 */
export async function createCheckpoint(query: Query, source: string): Promise<boolean> {
  const { rowCount } = await query('INSERT INTO checkpoint (source) VALUES ($1) ON CONFLICT DO NOTHING', [source]);
  return rowCount === 1;
}

/** @throws CheckpointLost when there is none */
export async function readCheckpoint(query: Query, source: string): Promise<BuildCheckpoint> {
  const { rows } = await unlessGone(
    source,
    query<CheckpointRow>('SELECT * FROM checkpoint WHERE source = $1', [source]),
  );
  const [row] = rows;
  if (row === undefined) throw new CheckpointLost(source);
  return { build: row.build, at: toCheckpoint(row) };
}

/** How far each source is, of a view in whatever schema; those that are at the beginning are left out. */
export async function readCheckpoints(query: Query, schema: string): Promise<ReadonlyMap<string, Checkpoint>> {
  const { rows } = await query<CheckpointRow>(`SELECT * FROM ${pg.escapeIdentifier(schema)}.checkpoint`);
  return new Map(
    rows.flatMap((row) => {
      const at = toCheckpoint(row);
      return at === undefined ? [] : [[row.source, at] as const];
    }),
  );
}

/** A bigint comes as its decimal digits. All are null until the first event, or all are not. */
type CheckpointRow = { readonly source: string; readonly build: string } & (
  | { readonly log_id: string; readonly generation: string; readonly position: string; readonly sequence: string }
  | { readonly position: null }
);

function toCheckpoint(row: CheckpointRow): Checkpoint | undefined {
  if (row.position === null) return undefined;
  return {
    logId: row.log_id,
    generation: Number(row.generation),
    position: BigInt(row.position),
    sequence: Number(row.sequence),
  };
}

/**
 * Moves the checkpoint on. It is the first statement of every transaction that writes rows: it locks the checkpoint's row, and
 * finds it only if nobody else has moved it, so that no event is ever applied twice, whatever happened to the lock.
 * The build is part of what it must find: one that was swapped in may well be at the same position.
 * Those who listen on the channel are notified when the transaction commits.
 * @throws CheckpointLost, ViewReplaced
 */
export async function advanceCheckpoint(
  query: Query,
  source: string,
  { build, at: from }: BuildCheckpoint,
  to: Checkpoint | undefined,
  channel: string,
): Promise<void> {
  const { rowCount } = await unlessGone(
    source,
    query(
      `UPDATE checkpoint
       SET log_id = $5, generation = $6, position = $7, sequence = $8, updated_at = now()
       WHERE source = $1
         AND log_id IS NOT DISTINCT FROM $2
         AND generation IS NOT DISTINCT FROM $3
         AND position IS NOT DISTINCT FROM $4
         AND build = $10
       RETURNING pg_notify($9, source || '@' || coalesce(position::text, ''))`,
      [source, ...fence(from), ...fence(to), to?.sequence ?? null, channel, build],
    ),
  );
  if (rowCount === 1) return;
  const found = await readCheckpoint(query, source);
  throw found.build === build ? new CheckpointLost(source) : new ViewReplaced(source);
}

function fence(checkpoint: Checkpoint | undefined): readonly [string | null, number | null, bigint | null] {
  return checkpoint === undefined ? [null, null, null] : [checkpoint.logId, checkpoint.generation, checkpoint.position];
}

/** A checkpoint's statement never fails because of an event. What it refuses means that the tables are gone. */
async function unlessGone<Result>(source: string, answer: Promise<Result>): Promise<Result> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof pg.DatabaseError ? new CheckpointLost(source, { cause: error }) : error;
  }
}
