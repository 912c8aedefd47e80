import type { FastifyRequest } from 'fastify';
import { type Page, maxCountedRows } from '../views/page.js';
import type { HalDocument } from './hal.js';

/** One page of a list; `_embedded` holds an array, also of one or none. */
export function listDocument<Row>(
  { url }: FastifyRequest,
  name: string,
  { rows, total, next, prev }: Page<Row>,
  represent: (row: Row) => HalDocument,
): HalDocument {
  return {
    count: rows.length,
    total: Math.min(total, maxCountedRows),
    ...(total > maxCountedRows ? { totalIsAtLeast: true } : {}),
    _embedded: { [name]: rows.map(represent) },
    _links: {
      self: { href: url },
      ...(next === undefined ? {} : { next: { href: withCursor(url, next) } }),
      ...(prev === undefined ? {} : { prev: { href: withCursor(url, prev) } }),
    },
  };
}

/** The same list from another place. */
function withCursor(url: string, cursor: string): string {
  const [path, query] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `${path}?${parameters.toString()}`;
}
