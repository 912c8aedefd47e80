import pg from 'pg';
import { openSchema } from '../view-schema.js';
import { keyOf, tablesOf, type View } from '../view.js';
import { ViewSession } from '../view-session.js';

/** The tables of a view, new and empty, with a session that could write to them. */
export async function openView(databaseUrl: string, view: View): Promise<ViewSession> {
  const session = await ViewSession.open(databaseUrl, view.name);
  await openSchema(view, databaseUrl, session);
  return session;
}

/** Everything that readers can see of a view, without what may differ between two builds of the same events. */
export async function readView(databaseUrl: string, view: View): Promise<Record<string, unknown>[]> {
  const tables = tablesOf(view).map((table) =>
    readAll(databaseUrl, `SELECT * FROM ${view.name}.${table.options.tableName} ORDER BY ${keyOf(table)}`),
  );
  return (await Promise.all(tables)).flat();
}

/** The rows of one query, through a connection of its own. */
export async function readAll(databaseUrl: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
