import type { History, HistoryDirection } from '@shelfmark/contracts';
import { Problem } from '../http/problem.js';
import type { Page } from '../views/page.js';

/** The orders that a history is shown in. */
export const historyOrders = ['newest', 'oldest'] as const;
export type HistoryOrder = (typeof historyOrders)[number];

/** A place in a history: the revision that it is next to, and the way to go from there. */
export interface HistoryCursor {
  readonly towards: 'next' | 'prev';
  readonly revision: number;
}

export function formatHistoryCursor(order: HistoryOrder, { towards, revision }: HistoryCursor): string {
  return Buffer.from(`${order} ${towards} ${revision}`).toString('base64url');
}

/** @throws Problem for anything that {@link formatHistoryCursor} did not make for this order */
export function parseHistoryCursor(text: string, order: HistoryOrder): HistoryCursor {
  const [, named, towards, revision] =
    /^(newest|oldest) (next|prev) (0|[1-9]\d{0,14})$/.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (named !== order) {
    throw Problem.parameters([{ parameter: 'cursor', detail: 'must come from a page of this list in this order' }]);
  }
  return { towards: towards as HistoryCursor['towards'], revision: Number(revision) };
}

/** Which way the stream is read for a page. */
export function directionOf(order: HistoryOrder, cursor: HistoryCursor | undefined): HistoryDirection {
  return (order === 'newest') === (cursor?.towards !== 'prev') ? 'backwards' : 'forwards';
}

/** Puts what was read into the order of the list, and says where its neighbours begin. */
export function historyPage(
  { entries, total, more }: History,
  order: HistoryOrder,
  cursor: HistoryCursor | undefined,
): Page<History['entries'][number]> {
  const backwards = cursor?.towards === 'prev';
  const rows = backwards ? entries.toReversed() : entries;
  const place = (towards: HistoryCursor['towards'], entry: (typeof rows)[number] | undefined): string | undefined =>
    entry && formatHistoryCursor(order, { towards, revision: entry.revision });
  return {
    rows,
    total,
    next: backwards || more ? place('next', rows.at(-1)) : undefined,
    // Who came here by a cursor came from somewhere.
    prev: (backwards ? more : cursor !== undefined) ? place('prev', rows[0]) : undefined,
  };
}
