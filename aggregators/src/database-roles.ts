import pg from 'pg';
import { scramVerifier } from './scram.js';

/** Reads all views and writes nothing. */
const reader = 'edge';

/** Two who prepare at once would make the same role twice. */
const lock = 'shelfmark roles';

/**
 * Gives each process a role of its own: a view's role owns the schemas that it makes, and the edge's reads whatever views' roles
 * make, now or at a later rebuild. What a former version made with another role is handed over.
 * @param ownerUrl of a role that may make others and owns the database
 * @param passwords by role: `edge`, and `view_<view>` of each view
 */
export async function prepareDatabase(ownerUrl: string, passwords: ReadonlyMap<string, string>): Promise<void> {
  const client = new pg.Client({ connectionString: ownerUrl, application_name: 'shelfmark prepare' });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [lock]);
    await makeRoles(client, passwords);
    for (const role of passwords.keys()) if (role !== reader) await prepareView(client, role);
    // It is the database's and no view's, and not every role may install it.
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public');
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}

async function makeRoles(client: pg.Client, passwords: ReadonlyMap<string, string>): Promise<void> {
  const { rows } = await client.query<{ database: string }>('SELECT quote_ident(current_database()) AS database');
  const { database } = rows[0]!;
  await client.query(`REVOKE ALL ON DATABASE ${database} FROM PUBLIC`);
  await client.query('REVOKE CREATE ON SCHEMA public FROM PUBLIC');
  for (const [name, password] of passwords) {
    const role = pg.escapeIdentifier(name);
    const found = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
    if (found.rowCount === 0) await client.query(`CREATE ROLE ${role}`);
    await client.query(
      `ALTER ROLE ${role} LOGIN NOCREATEROLE NOCREATEDB PASSWORD ${client.escapeLiteral(scramVerifier(password))}`,
    );
    // A view makes its schema, and another one beside it for a rebuild; which takes a right to make schemas of any name.
    await client.query(`GRANT CONNECT${name === reader ? '' : ', CREATE'} ON DATABASE ${database} TO ${role}`);
  }
}

async function prepareView(client: pg.Client, name: string): Promise<void> {
  const role = pg.escapeIdentifier(name);
  // Whose objects are handed over or given default privileges, of that role one has to be.
  await client.query(`GRANT ${role} TO CURRENT_USER`);
  await client.query(`ALTER DEFAULT PRIVILEGES FOR ROLE ${role} GRANT USAGE ON SCHEMAS TO ${reader}`);
  await client.query(`ALTER DEFAULT PRIVILEGES FOR ROLE ${role} GRANT SELECT ON TABLES TO ${reader}`);
  const view = name.replace(/^view_/, '');
  for (const schema of [view, `${view}_next`, `${view}_old`]) await handOver(client, schema, name);
}

/** What there is already of a view, which an earlier version made as another role. */
async function handOver(client: pg.Client, schema: string, role: string): Promise<void> {
  const { rows } = await client.query<{ statement: string }>(
    `SELECT statement FROM (
       SELECT 1 AS step, format('ALTER SCHEMA %I OWNER TO %I', nspname, $2::text) AS statement, nspowner AS owner
       FROM pg_namespace WHERE nspname = $1
       UNION ALL
       SELECT 2, format('ALTER TABLE %I.%I OWNER TO %I', $1::text, relname, $2::text), relowner
       FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident($1)) AND relkind IN ('r', 'p')
       UNION ALL
       SELECT 2, format('ALTER ROUTINE %s OWNER TO %I', oid::regprocedure, $2::text), proowner
       FROM pg_proc WHERE pronamespace = to_regnamespace(quote_ident($1))
       UNION ALL
       SELECT 3, format('GRANT USAGE ON SCHEMA %I TO %I', nspname, $3::text), nspowner
       FROM pg_namespace WHERE nspname = $1
       UNION ALL
       SELECT 3, format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO %I', nspname, $3::text), nspowner
       FROM pg_namespace WHERE nspname = $1
     ) AS change
     WHERE owner <> $2::regrole ORDER BY step`,
    [schema, role, reader],
  );
  for (const { statement } of rows) await client.query(statement);
}
