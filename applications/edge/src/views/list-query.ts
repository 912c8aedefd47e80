import { wholeNumber, words } from '../http/query.js';
import { type PageRequest, type Sort, defaultPageRows, maxPageRows, parseCursor } from './page.js';
import type { SqlValues } from './sql-values.js';

/** The parameters that every list has. */
export const pageParameters = { cursor: words(4_000), limit: wholeNumber(1, maxPageRows) };

export function pageRequest(
  { cursor, limit = defaultPageRows }: { readonly cursor?: string; readonly limit?: number },
  sort: Sort,
  idPattern: RegExp,
): PageRequest {
  return { sort, limit, cursor: cursor === undefined ? undefined : parseCursor(cursor, sort, idPattern) };
}

/**
 * The condition that a row holds beginnings of all the words of a search, in any order and case.
 * @param add gives the placeholder of a value
 */
export function searchCondition(q: string, add: (value: unknown) => string): string {
  const found = q.split(/[^\p{L}\p{M}\p{N}]+/u).filter((word) => word !== '');
  if (found.length === 0) return 'false';
  return `search @@ to_tsquery('simple', ${add(found.map((word) => `'${word}':*`).join(' & '))})`;
}

/** The conditions that a row is about a person, and about a book. */
export function ofWhom(
  { user, book }: { readonly user?: string | undefined; readonly book?: string | undefined },
  values: SqlValues,
): string[] {
  return [
    ...(user === undefined ? [] : [`user_id = ${values.add(user)}`]),
    ...(book === undefined ? [] : [`book_id = ${values.add(book)}`]),
  ];
}

/** A row shows once its owner created it, and until its owner deletes it. */
export const shown = 'created_at IS NOT NULL AND deleted_at IS NULL';
