import pg from 'pg';
import type { FoldedRow } from './fold.js';
import { keyOf, type Table } from './view.js';
import type { Query } from './view-session.js';

/** A row that Postgres refuses for what is in it: the data is out of range, malformed, against a constraint, or too large. */
export class RowsRefused extends Error {
  override readonly name = 'RowsRefused';
  constructor(override readonly cause: pg.DatabaseError) {
    super(`SQLSTATE ${cause.code}`, { cause });
  }
}

/** A view's table is not there. */
export class TableGone extends Error {
  override readonly name = 'TableGone';
  constructor(table: string, cause: pg.DatabaseError) {
    super(`table ${table} is gone`, { cause });
  }
}

const wholeTableTimeoutMs = 60 * 60 * 1_000;

interface Column {
  /** As it is called in a row change. */
  readonly property: string;
  /** As it is called in the table, ready for SQL. */
  readonly name: string;
  readonly type: string;
}

/** One statement, and the columns whose values it takes, each as an array. */
interface Upsert {
  readonly statement: string;
  readonly columns: readonly Column[];
}

/** Writes rows in bulk: one statement for all rows of a batch in which the same columns change. */
export class RowWriter {
  readonly #table: string;
  readonly #key: Column;
  readonly #columns = new Map<string, Column>();
  /** By the columns that change; a view has a handful. */
  readonly #upserts = new Map<string, Upsert>();

  constructor(table: Table) {
    const { tableName, columns } = table.options;
    this.#table = pg.escapeIdentifier(tableName!);
    for (const [property, options] of Object.entries(columns)) {
      const column = { property, name: pg.escapeIdentifier(options!.name ?? property), type: String(options!.type) };
      this.#columns.set(property, column);
    }
    this.#key = [...this.#columns.values()].find(({ name }) => name === pg.escapeIdentifier(keyOf(table)))!;
  }

  /**
   * Inserts the rows or changes those that are there, each row at most once.
   * @throws RowsRefused, TableGone
   */
  async write(query: Query, rows: Iterable<FoldedRow>): Promise<void> {
    const batches = new Map<Upsert, FoldedRow[]>();
    for (const row of rows) {
      const upsert = this.#upsert(Object.keys(row.set).sort(), Object.keys(row.add).sort());
      const sameColumns = batches.get(upsert);
      if (sameColumns === undefined) batches.set(upsert, [row]);
      else sameColumns.push(row);
    }
    for (const [{ statement, columns }, sameColumns] of batches) {
      const keys = arrayLiteral(sameColumns, ({ key }) => key);
      const values = columns.map(({ property, type }) => {
        const asText = type === 'jsonb' ? jsonText : plainText;
        return arrayLiteral(sameColumns, ({ set, add }) => asText(property in set ? set[property] : add[property]));
      });
      try {
        await query(statement, [keys, ...values]);
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw error;
        throw isGone(error) ? new TableGone(this.#table, error) : new RowsRefused(error);
      }
    }
  }

  /** Removes every row whose key begins so. */
  async clear(query: Query, keyPrefix = ''): Promise<void> {
    // Not TRUNCATE: that would empty the table for readers whose snapshot is older.
    const rows = keyPrefix === '' ? '' : `WHERE starts_with(${this.#key.name}, ${pg.escapeLiteral(keyPrefix)})`;
    await query(`DELETE FROM ${this.#table} ${rows}`, [], wholeTableTimeoutMs);
  }

  /**
   * Puts the columns that a source owns back to their defaults, in every row. A row that only this source had written stays as
   * an empty row, which does not show, until its owner's events fill it again.
   */
  async reset(query: Query, owned: readonly string[]): Promise<void> {
    const defaults = owned.map((property) => `${this.#column(property).name} = DEFAULT`);
    await query(`UPDATE ${this.#table} SET ${defaults.join(', ')}`, [], wholeTableTimeoutMs);
  }

  #upsert(set: readonly string[], add: readonly string[]): Upsert {
    const signature = `${set.join()}+${add.join()}`;
    let upsert = this.#upserts.get(signature);
    if (upsert === undefined) {
      const columns = [...set, ...add].map((property) => this.#column(property));
      upsert = { statement: this.#statement(set, add), columns };
      this.#upserts.set(signature, upsert);
    }
    return upsert;
  }

  /**
   * The rows travel as an array of texts for each column, whatever its type is, which Postgres reads faster than JSON. A column that
   * is not named keeps its value, or gets its default in a new row; so a value that is NULL and a value that is not given cannot
   * be confused.
   */
  #statement(set: readonly string[], add: readonly string[]): string {
    const columns = [this.#key, ...set.map((name) => this.#column(name)), ...add.map((name) => this.#column(name))];
    const changes = [
      ...set.map((property) => this.#column(property)).map(({ name }) => `${name} = EXCLUDED.${name}`),
      ...add
        .map((property) => this.#column(property))
        .map(({ name }) => `${name} = ${this.#table}.${name} + EXCLUDED.${name}`),
    ];
    const names = columns.map(({ name }) => name).join(', ');
    return `
      INSERT INTO ${this.#table} (${names})
      SELECT ${columns.map(({ name, type }) => `${name}::${type}`).join(', ')}
      FROM unnest(${columns.map((_, index) => `$${index + 1}::text[]`).join(', ')}) AS given(${names})
      ON CONFLICT (${this.#key.name}) DO ${changes.length === 0 ? 'NOTHING' : `UPDATE SET ${changes.join(', ')}`}`;
  }

  #column(property: string): Column {
    const column = this.#columns.get(property);
    if (column === undefined) throw new TypeError(`no column ${property} in ${this.#table}`);
    return column;
  }
}

const needsEscape = /["\\]/;
const escaped = /["\\]/g;

/** An array of texts as Postgres reads it. The driver's own way to write one takes twice the time, being made for any values. */
function arrayLiteral(rows: readonly FoldedRow[], textOf: (row: FoldedRow) => string | null): string {
  let literal = '{';
  for (const row of rows) {
    const text = textOf(row);
    if (literal.length > 1) literal += ',';
    if (text === null) literal += 'NULL';
    else literal += `"${needsEscape.test(text) ? text.replace(escaped, '\\$&') : text}"`;
  }
  return literal + '}';
}

function jsonText(value: unknown): string | null {
  return value === undefined || value === null ? null : JSON.stringify(value);
}

/** What is no text, number or truth value has no place in such a column; Postgres refuses it, or keeps it as JSON in a text. */
function plainText(value: unknown): string | null {
  return typeof value === 'string' ? value : jsonText(value);
}

function isGone({ code }: pg.DatabaseError): boolean {
  const undefinedTable = '42P01';
  const undefinedSchema = '3F000';
  return code === undefinedTable || code === undefinedSchema;
}
