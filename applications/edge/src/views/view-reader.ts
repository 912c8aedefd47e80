import { Inject, Injectable } from '@nestjs/common';
import type { QueryResultRow } from 'pg';
import { Problem } from '../http/problem.js';
import type { Positions } from '../http/positions.js';
import type { SqlValues } from './sql-values.js';
import type { View } from './view.js';
import { ViewDatabase } from './view-database.js';
import { ViewProgress } from './view-progress.js';

/** A read that must see a position waits so long for it. */
export const patienceMs = 2_000;
export const PATIENCE_MS = Symbol('PATIENCE_MS');

/** Reads view data as it was at one moment, and not before the reader's own writes are in it. */
@Injectable()
export class ViewReader {
  constructor(
    @Inject(ViewDatabase) private readonly database: ViewDatabase,
    @Inject(ViewProgress) private readonly progress: ViewProgress,
    @Inject(PATIENCE_MS) private readonly withinMs: number,
  ) {}

  /**
   * @param views those that are read from
   * @param columns the read, as columns of one row
   * @throws Problem ViewBehind where the views did not get to the positions in time
   */
  async read<Found extends object>(
    positions: Positions,
    views: readonly View[],
    columns: string,
    values: SqlValues,
  ): Promise<Found> {
    if (positions.size === 0) return (await this.#select<Found & QueryResultRow>(columns, values))!;
    const deadline = performance.now() + this.withinMs;
    // A statement sees one snapshot throughout, so these are the checkpoints of the very rows that are read with them. They come
    // first: Postgres looks names up in their order, and a view that is rebuilt may be swapped in between two names. Then the
    // checkpoints are the old ones, which is cautious; the other way round, old rows would pass for new ones.
    const checkpoints = views.map((view) => `(SELECT json_object_agg(source, position::text) FROM ${view}.checkpoint)`);
    const withCheckpoints = `json_build_array(${checkpoints.join(', ')}) AS checkpoints, ${columns}`;
    const watch = this.progress.watch(views, positions);
    try {
      do {
        const found = await this.#select<Found & CheckpointColumn & QueryResultRow>(withCheckpoints, values);
        if (found!.checkpoints.every((checkpoint) => hasPassed(checkpoint, positions))) return found!;
      } while (await this.progress.heard(watch, deadline));
    } finally {
      this.progress.unwatch(watch);
    }
    throw new Problem('ViewBehind', { detail: 'What is shown here has not got as far as Shelfmark-Position says.' });
  }

  async #select<Found extends QueryResultRow>(columns: string, values: SqlValues): Promise<Found | undefined> {
    return (await this.database.query<Found>(`SELECT ${columns}`, values.list()))[0];
  }
}

/** By view, and in it by source, how far it is; a source that does not feed a view has no entry there. */
interface CheckpointColumn {
  readonly checkpoints: readonly (Readonly<Record<string, string | null>> | null)[];
}

function hasPassed(checkpoint: CheckpointColumn['checkpoints'][number], positions: Positions): boolean {
  // A view without any checkpoint was emptied, and has yet to begin.
  if (checkpoint === null) return false;
  return Object.entries(checkpoint).every(([source, position]) => {
    const wanted = positions.get(source);
    return wanted === undefined || (position !== null && BigInt(position) >= wanted);
  });
}
