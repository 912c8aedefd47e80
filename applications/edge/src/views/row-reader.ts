import type { Positions } from '../http/positions.js';
import { pageRequest, shown } from './list-query.js';
import { type FoundPage, type Page, type Sort, cutPage, selectPage } from './page.js';
import { SqlValues } from './sql-values.js';
import type { View } from './view.js';
import type { ViewReader } from './view-reader.js';

/** The rows that readers are shown. */
export interface ShownRows {
  /** What readers wait for. */
  readonly views: readonly View[];
  /** What they are read from, as SQL has it after FROM; one of the columns is `id`. */
  readonly table: string;
  /** Which of them are shown. */
  readonly condition: string;
  readonly columns: (values: SqlValues) => string;
}

/** The same, in an order, and with what can be asked of them. */
export interface ListedRows<Query> extends ShownRows {
  readonly idPattern: RegExp;
  readonly sort: Sort;
  /** Which rows a query asks for. */
  readonly conditions: (query: Query, values: SqlValues) => readonly string[];
}

interface PageQuery {
  readonly cursor?: string;
  readonly limit?: number;
}

/** Whose rows can be asked for under their own address, and which parameter means the same. */
const owners = {
  users: { table: 'users.person', parameter: 'user' },
  books: { table: 'books.book', parameter: 'book' },
} as const;

export type Owner = keyof typeof owners;

/** Reads rows: one of them, or all. */
export class RowReader<Row> {
  constructor(
    protected readonly reader: ViewReader,
    private readonly rows: ShownRows,
  ) {}

  async get(id: string, positions: Positions): Promise<Row | undefined> {
    const { views, table, condition, columns } = this.rows;
    const values = new SqlValues();
    const select = `(SELECT to_json(found) FROM (
      SELECT ${columns(values)} FROM ${table} WHERE id = ${values.add(id)} AND ${condition}) AS found) AS row`;
    const { row } = await this.reader.read<{ row: Row | null }>(positions, views, select, values);
    return row ?? undefined;
  }

  /** The statement that reads all rows, in the order of their ids. */
  selectAll(values: SqlValues): string {
    const { table, condition, columns } = this.rows;
    return `SELECT ${columns(values)} FROM ${table} WHERE ${condition} ORDER BY id`;
  }
}

/** Reads rows: one of them, a page, or all. */
export class ListReader<Row, Query extends PageQuery> extends RowReader<Row> {
  constructor(
    reader: ViewReader,
    private readonly listed: ListedRows<Query>,
  ) {
    super(reader, listed);
  }

  async list(query: Query, positions: Positions): Promise<Page<Row>> {
    const { request, values, select } = this.#select(query);
    return cutPage(await this.reader.read<FoundPage<Row>>(positions, this.listed.views, select, values), request);
  }

  /** What belongs to one person or to one book; `undefined` where that one is not there. */
  async listOf(owner: Owner, id: string, query: Query, positions: Positions): Promise<Page<Row> | undefined> {
    const { table, parameter } = owners[owner];
    const { request, values, select } = this.#select({ ...query, [parameter]: id });
    const found = await this.reader.read<FoundPage<Row> & { exists: boolean }>(
      positions,
      [...this.listed.views, owner],
      `${select}, EXISTS (SELECT FROM ${table} WHERE id = ${values.add(id)} AND ${shown}) AS exists`,
      values,
    );
    return found.exists ? cutPage(found, request) : undefined;
  }

  #select(query: Query) {
    const { table, idPattern, sort, condition, conditions, columns } = this.listed;
    const request = pageRequest(query, sort, idPattern);
    const values = new SqlValues();
    const where = [condition, ...conditions(query, values)];
    return { request, values, select: selectPage(table, columns(values), where, request, values) };
  }
}
