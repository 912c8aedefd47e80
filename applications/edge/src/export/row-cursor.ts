import pg from 'pg';
import { connectionConfig } from '../views/view-database.js';

/** Rows that are read at once; more of them would be no faster. */
const batchRows = 500;
/** Longer than Postgres itself takes to give up a statement: the connection is half open. */
const answerTimeoutMs = 10_000;

/** Reads the rows of a statement batch by batch, on a connection of its own, as they all were when it began. */
export class RowCursor<Row> {
  readonly #client: pg.Client;

  private constructor(url: string) {
    this.#client = new pg.Client({ ...connectionConfig(url), query_timeout: answerTimeoutMs });
    // What is under way fails, or what comes next; without a listener it would end the process.
    this.#client.on('error', () => undefined);
  }

  static async open<Row>(url: string, select: string, values: unknown[]): Promise<RowCursor<Row>> {
    const cursor = new RowCursor<Row>(url);
    const client = cursor.#client;
    try {
      await client.connect();
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
      await client.query(`DECLARE exported NO SCROLL CURSOR FOR ${select}`, values);
    } catch (error) {
      await cursor.close();
      throw error;
    }
    return cursor;
  }

  /** The next rows; none at the end. */
  async next(): Promise<readonly Row[]> {
    const { rows } = await this.#client.query(`FETCH ${batchRows} FROM exported`);
    return rows as readonly Row[];
  }

  /** Ends what is under way, and with the connection the transaction. */
  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
  }
}
