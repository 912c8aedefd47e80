import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { readCheckpoints, type Checkpoint } from './checkpoint.js';
import { compareBuilds, type Comparison } from './compare.js';
import type { FollowMirror } from './follow-mirror.js';
import { LogReplaced, Replay } from './replay.js';
import { Snapshot } from './snapshot.js';
import { channelOf, SourceWriter } from './source-writer.js';
import {
  isLocked,
  nextSchema,
  oldSchema,
  openSchema,
  rebuildLock,
  removeLeftovers,
  schemaLock,
} from './view-schema.js';
import { tablesOf, type View } from './view.js';
import { DatabaseUnavailable, ViewSession, type Query } from './view-session.js';

/** Another process builds the view anew, or compares it, at this moment. */
export class RebuildUnderWay extends Error {
  override readonly name = 'RebuildUnderWay';
  constructor(readonly view: string) {
    super(`view ${view} is being rebuilt or compared by another process`);
  }
}

/** There is nothing to compare with: the view has no tables, or no event in them. */
export class NoLiveView extends Error {
  override readonly name = 'NoLiveView';
  constructor(readonly view: string) {
    super(`view ${view} has not been built yet`);
  }
}

/** The tables that a former rebuild swapped out are still being read. */
export class StillRead extends Error {
  override readonly name = 'StillRead';
  constructor(readonly view: string) {
    super(`somebody still reads the tables of ${view} that were swapped out`);
  }
}

/** Some row has a value that an index cannot hold. Only where rows are written one by one is it found out which event it is of. */
class IndexRefused extends Error {
  override readonly name = 'IndexRefused';
  constructor(cause: pg.DatabaseError) {
    super(`an index refuses a row (SQLSTATE ${cause.code}), so they are kept while the rows are written`, { cause });
  }
}

/** What a rebuild tells while it works. */
export type RebuildNews =
  | { readonly kind: 'filling'; readonly source: string; readonly written: number; readonly behind: number | undefined }
  | { readonly kind: 'waitingForMirror'; readonly source: string }
  | { readonly kind: 'indexing' }
  | { readonly kind: 'comparing' }
  | { readonly kind: 'compared'; readonly comparison: Comparison }
  | { readonly kind: 'swapped'; readonly deadLetters: number }
  /** Something happened after which what was built so far is of no use. */
  | { readonly kind: 'startingOver'; readonly reason: string };

export interface RebuildOptions {
  readonly view: View;
  readonly databaseUrl: string;
  readonly follow: FollowMirror;
  readonly report: (news: RebuildNews) => void;
  /** Ends it; what was built is removed. */
  readonly signal: AbortSignal;
}

const reportEveryMs = 200;
// The session of one that was killed is noticed by Postgres within this time.
const lockPatienceMs = 4_000;
const retryMs = 1_000;
const leftoversPatienceMs = 20_000;

// While the swap has the live checkpoints nobody writes to the view, so it gives up rather than to take longer.
const swapPatienceMs = 1_000;
const swapRetryMs = 50;
const indexTimeoutMs = 60 * 60 * 1_000;

/**
 * Builds the view in a schema beside the live one from the beginning of its mirrors, and swaps the two. Readers and the
 * process that keeps the view go on meanwhile; whenever this ends too early, the live view is as if nothing had been.
 * @returns whether the tables that were swapped out are gone; otherwise somebody reads them still, and the view's next start
 *   removes them
 * @throws RebuildUnderWay, StillRead
 */
export function rebuildView(options: RebuildOptions): Promise<boolean> {
  return beside(options, async (build) => {
    await build.fillIndexAndCompare();
    await build.swap();
    return build.removeOld();
  });
}

/**
 * As {@link rebuildView}, where the live view is another version's: nothing is compared, and nobody waits until the tables that
 * were swapped out are gone.
 * @throws RebuildUnderWay, StillRead
 */
export function replaceView(options: RebuildOptions): Promise<void> {
  return beside(options, async (build) => {
    await build.fillAndIndex();
    await build.swap();
  });
}

/**
 * Builds the view from its mirrors as far as the live view is, and compares the two. It changes nothing.
 * @throws RebuildUnderWay, NoLiveView, StillRead
 */
export function compareView(options: RebuildOptions): Promise<Comparison> {
  return beside(options, (build) => build.compare());
}

/** Does the work beside the live view, again from the beginning where something befell it that passes. */
async function beside<Result>(options: RebuildOptions, work: (build: Build) => Promise<Result>): Promise<Result> {
  const { view, report, signal } = options;
  let keepIndexes = false;
  for (;;) {
    signal.throwIfAborted();
    try {
      return await once(options, work);
    } catch (error) {
      if (error instanceof IndexRefused) keepIndexes = true;
      else if (!(error instanceof DatabaseUnavailable) && !(error instanceof LogReplaced)) throw error;
      report({ kind: 'startingOver', reason: error.message });
      await sleep(retryMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async function once({ databaseUrl }: RebuildOptions, run: typeof work): Promise<Result> {
    const session = await ViewSession.open(databaseUrl, nextSchema(view));
    const stop = new AbortController();
    try {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(lockPatienceMs)]);
      await session.lock(rebuildLock(view), patience);
      signal.throwIfAborted();
      if (patience.aborted && !(await session.tryLock(rebuildLock(view)))) throw new RebuildUnderWay(view.name);
      if (!(await removedInTime(view, session, signal))) throw new StillRead(view.name);
      try {
        return await run(await Build.open(options, session, keepIndexes, AbortSignal.any([signal, stop.signal])));
      } finally {
        await removeLeftovers(view, session).catch(() => undefined);
      }
    } finally {
      stop.abort();
      await session.close();
    }
  }
}

async function removedInTime(view: View, session: ViewSession, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + leftoversPatienceMs;
  while (!(await removeLeftovers(view, session))) {
    signal.throwIfAborted();
    if (performance.now() > deadline) return false;
    await sleep(100);
  }
  return true;
}

/** A view's schema that is filled beside the live one. */
class Build {
  readonly #replays: Replay[] = [];
  /** How its indexes are made, while it has none. */
  #indexes: readonly string[] = [];

  private constructor(
    private readonly options: RebuildOptions,
    private readonly session: ViewSession,
    private readonly signal: AbortSignal,
  ) {}

  /** Makes it new and empty; the session has the rebuild's lock. */
  static async open(
    options: RebuildOptions,
    session: ViewSession,
    keepIndexes: boolean,
    signal: AbortSignal,
  ): Promise<Build> {
    const { view, databaseUrl, follow } = options;
    await openSchema(view, databaseUrl, session);
    const build = new Build(options, session, signal);
    await session.transaction(async (query) => {
      await grantAsIn(query, view.name, session.schema);
      if (!keepIndexes) build.#indexes = await dropIndexes(query, session.schema);
    });
    for (const name of Object.keys(view.sources)) {
      build.#replays.push(new Replay(name, await SourceWriter.open(session, view, name), follow, signal));
    }
    return build;
  }

  async compare(): Promise<Comparison> {
    const checkpoints = await this.#liveCheckpoints();
    if (checkpoints === undefined || checkpoints.size === 0) throw new NoLiveView(this.options.view.name);
    await this.#fillTo(checkpoints);
    return this.#compareAsOfNow();
  }

  /** Leaves it near the end of its mirrors, with its indexes. */
  async fillAndIndex(): Promise<void> {
    await this.#fillToEnd();
    await this.#createIndexes();
    await this.#analyze();
  }

  /** The same, and tells in what it differs from the live view. */
  async fillIndexAndCompare(): Promise<void> {
    const checkpoints = await this.#liveCheckpoints();
    if (checkpoints === undefined) return this.fillAndIndex();
    // No further than the live view is, for only at the same place can they be compared.
    await this.#fillTo(checkpoints);
    await this.#createIndexes();
    this.options.report({ kind: 'compared', comparison: await this.#compareAsOfNow() });
    await this.#fillToEnd();
    await this.#analyze();
  }

  async swap(): Promise<void> {
    for (;;) {
      await this.#fillToEnd();
      this.signal.throwIfAborted();
      if (await this.#trySwap()) break;
      await sleep(swapRetryMs);
    }
    const deadLetters = this.#replays.reduce((sum, replay) => sum + replay.deadLetters, 0);
    this.options.report({ kind: 'swapped', deadLetters });
  }

  removeOld(): Promise<boolean> {
    return removedInTime(this.options.view, this.session, this.signal);
  }

  /** @returns whether the schemas were swapped; otherwise nothing is changed */
  async #trySwap(): Promise<boolean> {
    const { view } = this.options;
    const [live, old, next] = [view.name, oldSchema(view), this.session.schema].map(pg.escapeIdentifier);
    try {
      return await this.session.transaction(async (query) => {
        // Should this process stop here, it shall not keep the view from being written for long.
        await query(`SET LOCAL idle_in_transaction_session_timeout = ${2 * swapPatienceMs}`);
        await query(`SET LOCAL lock_timeout = ${swapPatienceMs}`);
        await query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [schemaLock(view)]);
        if (await exists(query, view.name)) {
          // From here on the live view stands still: whoever writes to it moves a checkpoint first. Readers do not notice.
          if (await exists(query, view.name, 'checkpoint')) {
            await query(`LOCK TABLE ${live}.checkpoint IN EXCLUSIVE MODE`);
            const checkpoints = await readCheckpoints(query, view.name);
            if (!(await this.#haveRead(checkpoints))) return false;
            for (const [replay, end] of this.#ends(checkpoints)) await replay.fillTo(end, query);
          }
          await query(`ALTER SCHEMA ${live} RENAME TO ${old}`);
        }
        await query(`ALTER SCHEMA ${next} RENAME TO ${live}`);
        // TypeORM finds the expressions of generated columns by the schema's name.
        if (await exists(query, view.name, 'typeorm_metadata')) {
          await query(`UPDATE ${live}.typeorm_metadata SET schema = $1 WHERE schema = $2`, [
            view.name,
            this.session.schema,
          ]);
        }
        await query(
          `SELECT pg_notify($1, source || '@' || position) FROM ${live}.checkpoint WHERE position IS NOT NULL`,
          [channelOf(view.name)],
        );
        return true;
      });
    } catch (error) {
      if (isLocked(error)) return false;
      throw error;
    }
  }

  /** Whether what the live view has and this one does not is at hand: it is little, if this one was at the end just now. */
  async #haveRead(checkpoints: ReadonlyMap<string, Checkpoint>): Promise<boolean> {
    const deadline = performance.now() + swapPatienceMs;
    for (const [replay, end] of this.#ends(checkpoints)) {
      if (!(await replay.hasRead(end, deadline))) return false;
    }
    return true;
  }

  #ends(checkpoints: ReadonlyMap<string, Checkpoint>): [Replay, Checkpoint][] {
    return this.#replays.flatMap((replay) => {
      const end = checkpoints.get(replay.source);
      return end === undefined ? [] : [[replay, end] as [Replay, Checkpoint]];
    });
  }

  async #liveCheckpoints(): Promise<ReadonlyMap<string, Checkpoint> | undefined> {
    const { view } = this.options;
    return this.session.transaction(async (query) =>
      (await exists(query, view.name, 'checkpoint')) ? readCheckpoints(query, view.name) : undefined,
    );
  }

  /** Takes a picture of the live view, reads on to just there, and compares; both may be written to meanwhile. */
  async #compareAsOfNow(): Promise<Comparison> {
    const { view, databaseUrl, report } = this.options;
    const live = await Snapshot.open(databaseUrl, view.name);
    try {
      await this.#fillTo(await live.checkpoints());
      report({ kind: 'comparing' });
      const built = await Snapshot.open(databaseUrl, this.session.schema);
      try {
        return await compareBuilds(view, live, built);
      } finally {
        await built.close();
      }
    } finally {
      await live.close();
    }
  }

  async #fillTo(checkpoints: ReadonlyMap<string, Checkpoint>): Promise<void> {
    for (const [replay, end] of this.#ends(checkpoints)) await this.#reporting(replay, replay.fillTo(end));
  }

  async #fillToEnd(): Promise<void> {
    for (const replay of this.#replays) await this.#reporting(replay, replay.fillToEnd());
  }

  async #reporting(replay: Replay, done: Promise<void>): Promise<void> {
    const { report } = this.options;
    const { source } = replay;
    const timer = setInterval(() => {
      const { written, behind, mirror } = replay;
      report(
        mirror === 'reading' ? { kind: 'filling', source, written, behind } : { kind: 'waitingForMirror', source },
      );
    }, reportEveryMs);
    try {
      await done;
      this.signal.throwIfAborted();
    } finally {
      clearInterval(timer);
    }
  }

  /** Else the planner would know nothing of the tables that readers are about to be given. */
  async #analyze(): Promise<void> {
    const tables = tablesOf(this.options.view).map(({ options }) => pg.escapeIdentifier(options.tableName!));
    await this.session.transaction((query) => query(`ANALYZE ${tables.join(', ')}`, [], indexTimeoutMs));
  }

  async #createIndexes(): Promise<void> {
    this.options.report({ kind: 'indexing' });
    try {
      await this.session.transaction(async (query) => {
        for (const index of this.#indexes) await query(index, [], indexTimeoutMs);
      });
    } catch (error) {
      throw error instanceof pg.DatabaseError ? new IndexRefused(error) : error;
    }
    this.#indexes = [];
  }
}

async function exists(query: Query, schema: string, table?: string): Promise<boolean> {
  const { rows } = await query<{ exists: boolean }>(
    table === undefined
      ? 'SELECT to_regnamespace(quote_ident($1)) IS NOT NULL AS exists'
      : `SELECT to_regclass(format('%I.%I', $1::text, $2::text)) IS NOT NULL AS exists`,
    table === undefined ? [schema] : [schema, table],
  );
  return rows[0]!.exists;
}

/**
 * An index over rows that are all there is made in a fraction of the time that it takes to keep one up to date row by row. Those
 * that forbid equal keys stay, because the upsert needs them.
 * @returns the statements that make them again
 */
async function dropIndexes(query: Query, schema: string): Promise<string[]> {
  const { rows } = await query<{ name: string; statement: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS statement
     FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE relnamespace = to_regnamespace(quote_ident($1)) AND NOT indisunique`,
    [schema],
  );
  for (const { name } of rows) await query(`DROP INDEX ${name}`);
  return rows.map(({ statement }) => statement);
}

/** Who may read the live schema may read this one. */
async function grantAsIn(query: Query, from: string, to: string): Promise<void> {
  const { rows } = await query<{ statement: string }>(
    `SELECT format('GRANT %s ON %s TO %s', privilege_type, target, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END) AS statement
     FROM (
       SELECT (aclexplode(nspacl)).*, nspowner AS owner, format('SCHEMA %I', $2::text) AS target
       FROM pg_namespace WHERE nspname = $1
       UNION ALL
       SELECT (aclexplode(relacl)).*, relowner, format('%I.%I', $2::text, relname)
       FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relkind = 'r'
         AND to_regclass(format('%I.%I', $2::text, relname)) IS NOT NULL
     ) AS granted
     WHERE grantee <> owner`,
    [from, to],
  );
  for (const { statement } of rows) await query(statement);
}
