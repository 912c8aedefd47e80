import pg from 'pg';
import { deadLetterEntity } from './bookkeeping.js';
import type { Snapshot } from './snapshot.js';
import { keyOf, tablesOf, type View } from './view.js';

/** A row that is not the same in the view and in what the mirrors make of it. */
export interface Difference {
  readonly table: string;
  readonly key: string;
  /** `missing`: the view lacks the row. `extra`: the mirrors know nothing of it. */
  readonly kind: 'missing' | 'extra' | 'changed';
  /** Which columns differ, where the row is in both. Not what is in them, which may be somebody's name. */
  readonly columns: readonly string[];
}

export interface Comparison {
  /** How many rows were looked at. */
  readonly rows: number;
  readonly differences: number;
  /** The first of them. */
  readonly examples: readonly Difference[];
}

const maxExamples = 20;

interface Compared {
  readonly table: string;
  /** An expression that is unique and the same in both. */
  readonly key: string;
  readonly leftOut: readonly string[];
}

/** Compares the rows and the dead letters of a view with those of another build of it, which must have read as far. */
export async function compareBuilds(view: View, live: Snapshot, built: Snapshot): Promise<Comparison> {
  const tables: Compared[] = [
    ...tablesOf(view).map((table) => ({
      table: table.options.tableName!,
      key: `${pg.escapeIdentifier(keyOf(table))}::text`,
      leftOut: [],
    })),
    {
      table: deadLetterEntity.options.tableName!,
      key: `source || ' ' || stream`,
      // Where in the code an error arose moves with the code; when it did, with each build.
      leftOut: ['error_detail', 'recorded_at'],
    },
  ];
  let rows = 0;
  let differences = 0;
  const examples: Difference[] = [];
  for (const compared of tables) {
    const columns = (await columnsOf(live, compared)).filter((column) => !compared.leftOut.includes(column));
    const builtColumns = new Set(await columnsOf(built, compared));
    const common = columns.filter((column) => builtColumns.has(column));
    for await (const pair of pairs(hashes(live, compared, common), hashes(built, compared, common))) {
      rows += 1;
      if (pair.left === pair.right) continue;
      differences += 1;
      if (examples.length >= maxExamples) continue;
      const { key, left, right } = pair;
      const kind = left === undefined ? 'missing' : right === undefined ? 'extra' : 'changed';
      examples.push({ table: compared.table, key, kind, columns: [] });
    }
    for (const [index, example] of examples.entries()) {
      if (example.table !== compared.table || example.kind !== 'changed') continue;
      examples[index] = { ...example, columns: await changedColumns(live, built, compared, common, example.key) };
    }
  }
  return { rows, differences, examples };
}

async function columnsOf({ query, schema }: Snapshot, { table }: Compared): Promise<string[]> {
  const { rows } = await query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = format('%I.%I', $1::text, $2::text)::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [schema, table],
  );
  return rows.map(({ name }) => name);
}

interface Hashed {
  readonly key: string;
  readonly hash: string;
}

function hashes(snapshot: Snapshot, { table, key }: Compared, columns: readonly string[]): AsyncIterable<Hashed> {
  const row = `ROW(${columns.map((column) => pg.escapeIdentifier(column)).join(', ')})`;
  return snapshot.rows<Hashed>(
    `SELECT ${key} AS key, md5(${row}::text) AS hash FROM ${tableIn(snapshot, table)} ORDER BY (${key}) COLLATE "C"`,
  );
}

async function changedColumns(
  live: Snapshot,
  built: Snapshot,
  { table, key }: Compared,
  columns: readonly string[],
  value: string,
): Promise<string[]> {
  const [left, right] = await Promise.all(
    [live, built].map(async (snapshot) => {
      const texts = columns.map((column) => `${pg.escapeIdentifier(column)}::text`).join(', ');
      const { rows } = await snapshot.query<{ texts: (string | null)[] }>(
        `SELECT ARRAY[${texts}] AS texts FROM ${tableIn(snapshot, table)} WHERE ${key} = $1`,
        [value],
      );
      return rows[0]!.texts;
    }),
  );
  return columns.filter((_column, index) => left![index] !== right![index]);
}

function tableIn({ schema }: Snapshot, table: string): string {
  return `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)}`;
}

/** Goes through two lists that are sorted by their keys' bytes, side by side. */
async function* pairs(
  left: AsyncIterable<Hashed>,
  right: AsyncIterable<Hashed>,
): AsyncGenerator<{ readonly key: string; readonly left: string | undefined; readonly right: string | undefined }> {
  const [lefts, rights] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  let [l, r] = [await lefts.next(), await rights.next()];
  while (l.done !== true || r.done !== true) {
    const order = l.done === true ? 1 : r.done === true ? -1 : byteOrder(l.value.key, r.value.key);
    const key = order <= 0 ? (l.value as Hashed).key : (r.value as Hashed).key;
    yield {
      key,
      left: order <= 0 ? (l.value as Hashed).hash : undefined,
      right: order >= 0 ? (r.value as Hashed).hash : undefined,
    };
    if (order <= 0) l = await lefts.next();
    if (order >= 0) r = await rights.next();
  }
}

/** As Postgres' collation "C" has it. */
function byteOrder(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
