import pg from 'pg';
import { DataSource, QueryFailedError, QueryRunnerAlreadyReleasedError, TypeORMError } from 'typeorm';
import {
  AddBuildToCheckpoint1793100000000,
  checkpointEntity,
  CreateBookkeeping1793000000000,
  deadLetterEntity,
} from './bookkeeping.js';
import { tablesOf, type View } from './view.js';
import { databaseError, DatabaseUnavailable, type ViewSession } from './view-session.js';

/** Where a view is built anew, beside the schema that bears its name and is read. */
export function nextSchema(view: View): string {
  return `${view.name}_next`;
}

/** Where the tables that were swapped out lie until nobody reads them any more. */
export function oldSchema(view: View): string {
  return `${view.name}_old`;
}

/**
 * Who holds it may change what a schema's name means and which tables are in it: the migrations of the active process, and the
 * swap. Else a migration could begin in one build and end in the other.
 */
export function schemaLock(view: View): string {
  return `shelfmark schema ${view.name}`;
}

/** Who holds it builds the view anew, beside the live one. */
export function rebuildLock(view: View): string {
  return `shelfmark rebuild ${view.name}`;
}

/** The migrations that make the tables of this version of a view, in their order. */
function migrationsOf(view: View): View['migrations'] {
  return [CreateBookkeeping1793000000000, AddBuildToCheckpoint1793100000000, ...view.migrations];
}

/** TypeORM's view of a schema, which must exist; the unqualified names in migrations mean it. */
export function viewDataSource(view: View, databaseUrl: string, schema = view.name): DataSource {
  return new DataSource({
    type: 'postgres',
    url: databaseUrl,
    schema,
    entities: [...tablesOf(view), checkpointEntity, deadLetterEntity],
    migrations: [...migrationsOf(view)],
    migrationsTableName: 'migration',
    migrationsTransactionMode: 'all',
    synchronize: false,
    logging: false,
    // None is needed, and TypeORM would install one that makes UUIDs.
    installExtensions: false,
    extra: { options: `-c search_path=${schema}`, max: 1 },
  });
}

/**
 * Whose the tables in a schema are: `own` of this version of the view, or of an `older` one, which lacks some of its migrations, or of a
 * `newer` one, which has some that it does not know.
 */
export type SchemaVersion = 'absent' | 'own' | 'older' | 'newer';

/** @throws DatabaseUnavailable */
export async function schemaVersion(view: View, session: ViewSession): Promise<SchemaVersion> {
  const found = await session.transaction(async (query) => {
    const { rows } = await query<{ exists: boolean }>(`SELECT to_regclass('migration') IS NOT NULL AS exists`);
    if (!rows[0]!.exists) return [];
    return (await query<{ name: string }>('SELECT name FROM migration')).rows.map(({ name }) => name);
  });
  const expected = migrationsOf(view).map(({ name }) => name);
  if (found.length === 0) return 'absent';
  if (found.some((name) => !expected.includes(name))) return 'newer';
  return found.length < expected.length ? 'older' : 'own';
}

/**
 * Makes the tables in the session's schema where there are none. Those of another version are left as they are: its process and its readers
 * live on them. Whoever calls it holds a lock that keeps others from making them too.
 * @returns whose tables there are now
 * @throws DatabaseUnavailable
 */
export async function openSchema(view: View, databaseUrl: string, session: ViewSession): Promise<SchemaVersion> {
  const version = await schemaVersion(view, session);
  if (version === 'older' || version === 'newer') return version;
  if (version === 'own') {
    if (await hasTables(view, session)) return version;
    // Somebody dropped a table and left the list of migrations, which says that it is there. All of it can be derived again.
    await session.transaction((query) => query(`DROP SCHEMA ${pg.escapeIdentifier(session.schema)} CASCADE`));
  }
  await createSchema(session);
  await migrate(view, databaseUrl, session.schema);
  return 'own';
}

/**
 * Removes what a rebuild left. Whoever calls it holds the rebuild's lock in that session.
 * @returns whether nothing is left; what is still being read is kept, for nobody shall wait for this
 */
export async function removeLeftovers(view: View, session: ViewSession): Promise<boolean> {
  try {
    for (const schema of [nextSchema(view), oldSchema(view)]) {
      await session.transaction(async (query) => {
        // Shorter than Postgres takes to look for a deadlock, in which a reader could be the one that is ended.
        await query(`SET LOCAL lock_timeout = '200ms'`);
        await query(`DROP SCHEMA IF EXISTS ${pg.escapeIdentifier(schema)} CASCADE`);
      });
    }
    return true;
  } catch (error) {
    if (isLocked(error)) return false;
    throw error;
  }
}

/** Whether a statement was refused because somebody else had the lock for longer than it was willing to wait. */
export function isLocked(error: unknown): boolean {
  const lockNotAvailable = '55P03';
  const cause = error instanceof DatabaseUnavailable ? error.cause : error;
  return cause instanceof pg.DatabaseError && cause.code === lockNotAvailable;
}

async function createSchema(session: ViewSession): Promise<void> {
  const { schema } = session;
  await session.transaction(async (query) => {
    const { rows } = await query<{ exists: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS exists', [schema]);
    // IF NOT EXISTS would need the right to create schemas also where there is nothing to create.
    if (!rows[0]!.exists) await query(`CREATE SCHEMA ${pg.escapeIdentifier(schema)}`);
  });
}

async function hasTables(view: View, session: ViewSession): Promise<boolean> {
  const tables = [...tablesOf(view), checkpointEntity, deadLetterEntity].map(({ options }) => options.tableName!);
  const { rows } = await session.transaction((query) =>
    query<{ complete: boolean }>(
      'SELECT bool_and(to_regclass(name) IS NOT NULL) AS complete FROM unnest($1::text[]) AS name',
      [tables],
    ),
  );
  return rows[0]!.complete;
}

async function migrate(view: View, databaseUrl: string, schema: string): Promise<void> {
  const dataSource = viewDataSource(view, databaseUrl, schema);
  try {
    await dataSource.initialize();
    await dataSource.runMigrations();
  } catch (error) {
    if (error instanceof QueryFailedError) throw databaseError(error.driverError);
    // The connection broke between two statements of a migration.
    if (error instanceof QueryRunnerAlreadyReleasedError) throw new DatabaseUnavailable(error);
    if (error instanceof TypeORMError || error instanceof TypeError) throw error;
    throw databaseError(error);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy().catch(() => undefined);
  }
}
