import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import type { Gauge, HealthCheck } from '@shelfmark/service-kit';
import pg from 'pg';
import { Problem } from '../http/problem.js';

export const DATABASE_URL = Symbol('DATABASE_URL');

/** Nothing that a reader asks takes this long; what does is ended by Postgres. */
const statementTimeoutMs = 5_000;
const connectTimeoutMs = 2_000;
/** A connection that is half open answers nothing, not even that the time is over. */
const answerTimeoutMs = statementTimeoutMs + 1_000;
const maxConnections = 10;
/** Reads that wait for a connection; more would only wait in vain. */
const maxWaitingReads = 500;

/** So alike are words that one may be a slip in the other, as pg_trgm counts: `whale` and `wahle`, say. */
const spellingSimilarity = 0.2;

/** How the edge connects: it can only read, and every session answers in UTC. */
export function connectionConfig(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    application_name: 'shelfmark-edge',
    options: `-c default_transaction_read_only=on -c statement_timeout=${statementTimeoutMs} -c TimeZone=UTC -c pg_trgm.similarity_threshold=${spellingSimilarity}`,
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
  };
}

/** The view data in Postgres, for reading. */
@Injectable()
export class ViewDatabase implements BeforeApplicationShutdown {
  readonly #pool: pg.Pool;
  readonly #logger = new Logger('ViewDatabase');

  constructor(@Inject(DATABASE_URL) url: string) {
    this.#pool = new pg.Pool({ ...connectionConfig(url), max: maxConnections, query_timeout: answerTimeoutMs });
    // A connection that breaks is replaced when it is needed. Without a listener it would end the process: the pool listens while
    // it is idle, and nobody does while it is read from; the read that it was for hears of it anyway.
    this.#pool.on('error', () => undefined);
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /**
   * Runs one statement.
   * @throws Problem ViewUnavailable where the database is away, overloaded or not set up yet
   */
  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    if (this.#pool.waitingCount >= maxWaitingReads) throw new Problem('ViewUnavailable');
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (cause) {
      throw this.#unavailable(cause);
    }
    let failure: Error | undefined;
    try {
      const { rows } = await client.query<Row>(text, values);
      return rows;
    } catch (error) {
      // After FATAL the server has hung up, though the connection may not know yet.
      if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR') failure = error as Error;
      if (isMistakeOfOurs(error)) throw error;
      throw this.#unavailable(error);
    } finally {
      // What did not end with Postgres' own word may still be running: that connection is no good for the next read.
      client.release(failure);
    }
  }

  health(): HealthCheck {
    return {
      name: 'postgres',
      check: async () => {
        await this.query('SELECT 1');
        return { up: true };
      },
    };
  }

  gauges(): Gauge[] {
    return [
      {
        name: 'shelfmark_postgres_connections',
        help: 'Connections of the pool that reads use, by whether they are in use.',
        labelNames: ['state'],
        read: () => {
          const { idleCount, totalCount } = this.#pool;
          return [
            { labels: { state: 'idle' }, value: idleCount },
            { labels: { state: 'used' }, value: totalCount - idleCount },
          ];
        },
      },
      {
        name: 'shelfmark_postgres_waiting_reads',
        help: 'Reads that wait for a connection.',
        read: () => this.#pool.waitingCount,
      },
    ];
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#pool.end();
  }

  #unavailable(cause: unknown): Problem {
    const { name, code } = cause as { name?: string; code?: string };
    this.#logger.warn('the view data cannot be read', { error: name, code });
    return new Problem('ViewUnavailable', { detail: 'The view data cannot be read now.', cause });
  }
}

/**
 * What an aggregator has yet to make, to add to an earlier version's tables, or to let this role read: undefined table, schema,
 * column, function or operator, insufficient privilege.
 */
const notSetUpYet: ReadonlySet<string | undefined> = new Set(['42P01', '3F000', '42703', '42883', '42501']);

/** Postgres refuses the statement or a value in it: data exception, integrity, syntax, program limit, or an attempt to write. */
function isMistakeOfOurs(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError) || notSetUpYet.has(error.code)) return false;
  return /^(?:22|23|25006|42|54)/.test(error.code ?? '');
}
