import pg from 'pg';
import type { Checkpoint } from './checkpoint.js';
import { readCheckpoints } from './checkpoint.js';
import { databaseError, DatabaseUnavailable, type Query } from './view-session.js';

const fetchedRows = 5_000;

/** A schema as it was at one moment, however long it is read and whatever is written meanwhile. */
export class Snapshot {
  readonly #client: pg.Client;

  private constructor(
    client: pg.Client,
    readonly schema: string,
  ) {
    this.#client = client;
  }

  /** @throws DatabaseUnavailable */
  static async open(databaseUrl: string, schema: string): Promise<Snapshot> {
    const client = new pg.Client({
      connectionString: databaseUrl,
      application_name: `shelfmark ${schema} snapshot`,
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      // Rows are compared as texts, so both sides have to write times alike.
      await client.query(`
        SET TimeZone = UTC;
        SET client_connection_check_interval = 2000;
        BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`);
      // The snapshot is taken by the first statement that needs one.
      await client.query('SELECT txid_current_snapshot()');
    } catch (error) {
      await client.end().catch(() => undefined);
      throw new DatabaseUnavailable(error);
    }
    return new Snapshot(client, schema);
  }

  checkpoints(): Promise<ReadonlyMap<string, Checkpoint>> {
    return readCheckpoints(this.query, this.schema);
  }

  /** The rows of one statement, a few thousand at a time. */
  async *rows<Row extends pg.QueryResultRow>(sql: string): AsyncGenerator<Row, void, undefined> {
    await this.query(`DECLARE rows NO SCROLL CURSOR FOR ${sql}`);
    try {
      for (;;) {
        const { rows } = await this.query<Row>(`FETCH ${fetchedRows} FROM rows`);
        if (rows.length === 0) return;
        yield* rows;
      }
    } finally {
      await this.query('CLOSE rows').catch(() => undefined);
    }
  }

  readonly query: Query = async <Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []) => {
    try {
      return await this.#client.query<Row>(sql, [...values]);
    } catch (error) {
      throw databaseError(error);
    }
  };

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}
