import pg from 'pg';
import { nextSchema, rebuildLock } from './view-schema.js';
import { tablesOf, type View } from './view.js';
import { DatabaseUnavailable } from './view-session.js';

/** What is to be seen of a view in its database, without asking its process. */
export interface ViewStatus {
  /** By source, the position of the last event in the rows. */
  readonly sources: ReadonlyMap<string, string | undefined>;
  /** As Postgres estimates them. */
  readonly rows: number | undefined;
  /** Of the tables with their indexes; undefined where there are none. */
  readonly bytes: number | undefined;
  readonly deadLetters: number;
  readonly rebuild: 'none' | 'under way' | 'left unfinished';
}

export interface FoundDeadLetter {
  readonly source: string;
  readonly stream: string;
  readonly entity: string;
  readonly position: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly errorName: string;
  readonly errorDetail: string;
  readonly skippedEvents: string;
  readonly recordedAt: Date;
}

/** @throws DatabaseUnavailable */
export async function readViewStatus(databaseUrl: string, view: View): Promise<ViewStatus> {
  return withClient(databaseUrl, async (client) => {
    const tables = tablesOf(view).map(({ options }) => options.tableName!);
    const { rows: relations } = await client.query<{ name: string; rows: number; bytes: string }>(
      `SELECT relname AS name, reltuples::float8 AS rows, pg_total_relation_size(oid) AS bytes
       FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relkind = 'r'`,
      [view.name],
    );
    const names = relations.map(({ name }) => name);
    const checkpoints = names.includes('checkpoint')
      ? (
          await client.query<{ source: string; position: string | null }>(
            `SELECT source, position FROM ${pg.escapeIdentifier(view.name)}.checkpoint`,
          )
        ).rows
      : [];
    const rebuilding = await client.query<{ locked: boolean; next: boolean }>(
      `SELECT to_regnamespace(quote_ident($1)) IS NOT NULL AS next, EXISTS (
         SELECT FROM pg_locks
         WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND (classid::bigint << 32) + objid::bigint = hashtextextended($2, 0)
       ) AS locked`,
      [nextSchema(view), rebuildLock(view)],
    );
    const { locked, next } = rebuilding.rows[0]!;
    const own = relations.filter(({ name }) => tables.includes(name));
    // Negative where Postgres has not looked yet.
    const isCounted = own.length > 0 && own.every(({ rows }) => rows >= 0);
    return {
      sources: new Map(
        Object.keys(view.sources).map((name) => {
          const position = checkpoints.find(({ source }) => source === name)?.position;
          return [name, position ?? undefined];
        }),
      ),
      rows: isCounted ? own.reduce((sum, { rows }) => sum + rows, 0) : undefined,
      bytes: own.length === 0 ? undefined : relations.reduce((sum, { bytes }) => sum + Number(bytes), 0),
      deadLetters: names.includes('dead_letter') ? (await deadLetters(client, view)).length : 0,
      rebuild: locked ? 'under way' : next ? 'left unfinished' : 'none',
    };
  });
}

/** @param eventId of the one that is asked for, instead of all. @throws DatabaseUnavailable */
export async function listDeadLetters(
  databaseUrl: string,
  view: View,
  eventId?: string,
): Promise<readonly FoundDeadLetter[]> {
  const found = await withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ exists: boolean }>(
      `SELECT to_regclass(format('%I.dead_letter', $1::text)) IS NOT NULL AS exists`,
      [view.name],
    );
    return rows[0]!.exists ? deadLetters(client, view) : [];
  });
  return eventId === undefined ? found : found.filter((letter) => letter.eventId === eventId);
}

async function deadLetters(client: pg.Client, view: View): Promise<FoundDeadLetter[]> {
  const { rows } = await client.query<FoundDeadLetter>(
    `SELECT source, stream, entity, position, event_id AS "eventId", event_type AS "eventType", error_name AS "errorName",
       error_detail AS "errorDetail", skipped_events AS "skippedEvents", recorded_at AS "recordedAt"
     FROM ${pg.escapeIdentifier(view.name)}.dead_letter ORDER BY recorded_at, source, position`,
  );
  return rows;
}

async function withClient<Result>(databaseUrl: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'shelfmark views',
    connectionTimeoutMillis: 5_000,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    throw new DatabaseUnavailable(error);
  }
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
