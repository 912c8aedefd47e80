import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** The database is away, or could not do just now what it was asked to: worth trying again, for ever. */
export class DatabaseUnavailable extends Error {
  override readonly name = 'DatabaseUnavailable';
  constructor(cause: unknown) {
    super(`the database is unavailable: ${reason(cause)}`, { cause });
  }
}

function reason(cause: unknown): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'the connection is lost';
  return cause instanceof pg.DatabaseError ? `SQLSTATE ${code}` : code;
}

/** Runs one statement of a transaction. */
export type Query = <Row extends pg.QueryResultRow = Record<string, never>>(
  sql: string,
  values?: readonly unknown[],
  timeoutMs?: number,
) => Promise<pg.QueryResult<Row>>;

// A statement of ours takes milliseconds. One that gets no answer for so long has lost its server, which TCP alone would
// notice after a quarter of an hour.
const statementTimeoutMs = 60_000;

// How long a process that says nothing may keep the view: Postgres ends its session then, so that another takes over. One that
// lives says something much more often, even while it has nothing to write or waits for a migration.
const silenceTimeoutMs = 10_000;
const pulseMs = 2_000;
/** How often a lock is asked for that another session has. */
export const lockPollMs = 100;

/**
 * The one connection through which a view's process holds the view's lock and writes the view. They are one on purpose: a
 * process whose lock is gone has no connection to commit through. There must be no pooler between, which would give the lock
 * to whoever comes next.
 */
export class ViewSession {
  readonly #client: pg.Client;
  /** The last transaction in line; each waits for the one before, because they share the connection. */
  #tail: Promise<unknown> = Promise.resolve();

  readonly #pulse: NodeJS.Timeout;

  private constructor(
    client: pg.Client,
    /** The schema that unqualified names mean. */
    readonly schema: string,
  ) {
    this.#client = client;
    // When it fails, so does the next transaction, and that one is waited for.
    const pulse = () => void this.transaction((query) => query('SELECT')).catch(() => undefined);
    this.#pulse = setInterval(pulse, pulseMs);
  }

  /** @throws DatabaseUnavailable */
  static async open(databaseUrl: string, schema: string): Promise<ViewSession> {
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: `shelfmark ${schema} view`,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      connectionTimeoutMillis: 5_000,
      query_timeout: statementTimeoutMs,
    });
    // The statement under way, or the next one, fails too; without a listener the process would end here.
    client.on('error', () => undefined);
    const session = new ViewSession(client, schema);
    try {
      await client.connect();
      // Rows and checkpoint commit together, so a server that crashes loses the last transactions whole and they are read from
      // the mirror again: no need to wait for its disk.
      await client.query(`
        SET search_path = ${pg.escapeIdentifier(schema)};
        SET synchronous_commit = off;
        SET idle_session_timeout = ${silenceTimeoutMs};
        SET idle_in_transaction_session_timeout = ${silenceTimeoutMs};
        SET client_connection_check_interval = ${pulseMs};
        SET tcp_keepalives_idle = 5;
        SET tcp_keepalives_interval = 2;
        SET tcp_keepalives_count = 3;
        SET tcp_user_timeout = ${silenceTimeoutMs}`);
      return session;
    } catch (error) {
      await session.close();
      throw new DatabaseUnavailable(error);
    }
  }

  /** Waits until no other session has the lock of that name; it is this session's until the session ends. */
  async lock(name: string, signal: AbortSignal): Promise<void> {
    // Asked again and again: a statement that waits for the lock would be an open transaction, for which Postgres keeps every
    // dead row of the whole database.
    while (!signal.aborted) {
      if (await this.tryLock(name)) return;
      await sleep(lockPollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** @returns whether the lock of that name is this session's now */
  async tryLock(name: string): Promise<boolean> {
    const { rows } = await this.transaction((query) =>
      query<{ locked: boolean }>('SELECT pg_try_advisory_lock(hashtextextended($1, 0)) AS locked', [name]),
    );
    return rows[0]!.locked;
  }

  async unlock(name: string): Promise<void> {
    await this.transaction((query) => query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [name]));
  }

  /**
   * Runs the work in a transaction, after those that were asked for before it. What the work throws rolls it back.
   * @throws DatabaseUnavailable when the connection is lost (a commit may have happened all the same) or a statement was refused
   *   for a reason that passes; a statement's other errors as they are
   */
  async transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result> {
    const turn = this.#tail.then(async () => {
      await this.#query('BEGIN');
      try {
        const result = await work(this.#query);
        await this.#query('COMMIT');
        return result;
      } catch (error) {
        await this.#query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Ends the session, and with it the lock and a transaction under way. */
  async close(): Promise<void> {
    clearInterval(this.#pulse);
    // A server that is unreachable does not say goodbye.
    await Promise.race([this.#client.end().catch(() => undefined), sleep(1_000, undefined, { ref: false })]);
  }

  readonly #query: Query = async <Row extends pg.QueryResultRow>(
    sql: string,
    values: readonly unknown[] = [],
    timeoutMs = statementTimeoutMs,
  ) => {
    try {
      const config: pg.QueryConfig & { query_timeout: number } = {
        text: sql,
        values: [...values],
        query_timeout: timeoutMs,
      };
      return await this.#client.query<Row>(config);
    } catch (error) {
      throw databaseError(error);
    }
  };
}

/** What a driver's failure means: a statement that will never be accepted is thrown as it is, all else passes. */
export function databaseError(error: unknown): pg.DatabaseError | DatabaseUnavailable {
  return error instanceof pg.DatabaseError && !passes(error) ? error : new DatabaseUnavailable(error);
}

/** Whether the same statement may be accepted later: it was refused for the server's sake, not for its own. */
function passes({ code = '' }: pg.DatabaseError): boolean {
  const insufficientPrivilege = '42501';
  return !['21', '22', '23', '3F', '42', '54'].includes(code.slice(0, 2)) || code === insufficientPrivilege;
}
