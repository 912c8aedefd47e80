import { Problem } from '../http/problem.js';
import type { SqlValues } from './sql-values.js';

/** What a list is sorted by; the id decides between equal keys, so that every row has a place of its own. */
export interface Sort {
  /** Stands in cursors, so that a cursor of one order is not taken for one of another. */
  readonly name: string;
  readonly column: string;
  readonly kind: keyof typeof keyKinds;
  readonly direction: 'ASC' | 'DESC';
}

/** A place in a list: the row that it is next to, and the way to go from there. */
export interface Cursor {
  readonly towards: 'next' | 'prev';
  readonly key: string;
  readonly id: string;
}

export interface PageRequest {
  readonly sort: Sort;
  readonly cursor: Cursor | undefined;
  readonly limit: number;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** How many rows the whole list has, as far as it was counted. */
  readonly total: number;
  readonly next: string | undefined;
  readonly prev: string | undefined;
}

/** What {@link selectPage} finds. */
export interface FoundPage<Row> {
  readonly total: number;
  readonly rows: readonly (Row & Anchored)[];
}

interface Anchored {
  readonly id: string;
  readonly sortKey: string;
}

export const defaultPageRows = 20;
export const maxPageRows = 100;

/** Lists are counted up to here; counting on would cost more than anybody's interest in the number. */
export const maxCountedRows = 10_000;

/** How a sort key becomes text and back; an instant in microseconds, for that is how exactly Postgres compares. */
const keyKinds = {
  text: {
    isKey: (key: string) => key.length <= 1_000 && key.isWellFormed() && !key.includes('\0'),
    select: (column: string) => column,
    compare: (placeholder: string) => `${placeholder}::text`,
  },
  time: {
    isKey: (key: string) => /^\d{1,16}$/.test(key),
    select: (column: string) => `(extract(epoch FROM ${column}) * 1000000)::bigint::text`,
    compare: (placeholder: string) => `timestamptz 'epoch' + ${placeholder}::bigint * interval '1 microsecond'`,
  },
};

export function formatCursor({ name }: Sort, { towards, key, id }: Cursor): string {
  return Buffer.from(JSON.stringify([name, towards, key, id])).toString('base64url');
}

/** @throws Problem for anything that {@link formatCursor} did not make for this order and kind of id */
export function parseCursor(text: string, sort: Sort, idPattern: RegExp): Cursor {
  const [name, towards, key, id, ...more] = parseArray(text);
  if (
    name === sort.name &&
    (towards === 'next' || towards === 'prev') &&
    typeof key === 'string' &&
    keyKinds[sort.kind].isKey(key) &&
    typeof id === 'string' &&
    idPattern.test(id) &&
    more.length === 0
  ) {
    return { towards, key, id };
  }
  throw Problem.parameters([{ parameter: 'cursor', detail: 'must come from a page of this list in this order' }]);
}

/**
 * The columns `total` and `rows` of one page: one row more than asked for where there is one, in the order of reading (which
 * is backwards towards the previous page).
 */
export function selectPage(
  table: string,
  columns: string,
  conditions: readonly string[],
  { sort, cursor, limit }: PageRequest,
  values: SqlValues,
): string {
  const backwards = cursor?.towards === 'prev';
  const direction = (sort.direction === 'ASC') === backwards ? 'DESC' : 'ASC';
  const kind = keyKinds[sort.kind];
  const where = conditions.join(' AND ');
  const after = cursor
    ? `AND (${sort.column}, id) ${direction === 'ASC' ? '>' : '<'} (${kind.compare(values.add(cursor.key))}, ${values.add(cursor.id)})`
    : '';
  return `
    (SELECT count(*)::int FROM (SELECT FROM ${table} WHERE ${where} LIMIT ${maxCountedRows + 1}) AS counted) AS total,
    (SELECT coalesce(json_agg(page), '[]') FROM (
      SELECT ${columns}, ${kind.select(sort.column)} AS "sortKey" FROM ${table}
      WHERE ${where} ${after}
      ORDER BY ${sort.column} ${direction}, id ${direction}
      LIMIT ${limit + 1}
    ) AS page) AS rows`;
}

/** Cuts what {@link selectPage} found to the page, in the list's own order, and says where its neighbours begin. */
export function cutPage<Row>({ total, rows }: FoundPage<Row>, { sort, cursor, limit }: PageRequest): Page<Row> {
  const cursorAt = (towards: Cursor['towards'], { id, sortKey: key }: Anchored): string =>
    formatCursor(sort, { towards, key, id });
  return { ...cut(rows, cursor?.towards, limit, cursorAt), total };
}

/**
 * Cuts rows to a page, in the list's own order, and says where its neighbours begin.
 * @param rows one more than the page has where there is one, in the order of reading
 * @param towards the way that the cursor went which led here
 */
export function cut<Row>(
  rows: readonly Row[],
  towards: Cursor['towards'] | undefined,
  limit: number,
  cursorAt: (towards: Cursor['towards'], row: Row) => string,
): Omit<Page<Row>, 'total'> {
  const backwards = towards === 'prev';
  const hasMore = rows.length > limit;
  const page = rows.slice(0, limit);
  if (backwards) page.reverse();
  const [first, last] = [page[0], page.at(-1)];
  return {
    rows: page,
    next: (backwards || hasMore) && last ? cursorAt('next', last) : undefined,
    // Who came here by a cursor came from somewhere.
    prev: (backwards ? hasMore : towards !== undefined) && first ? cursorAt('prev', first) : undefined,
  };
}

function parseArray(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
