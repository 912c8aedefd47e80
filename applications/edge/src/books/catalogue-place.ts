import { uuid } from '../http/entity-id.js';
import { Problem } from '../http/problem.js';
import { type Spellings, formatSpellings, parseSpellings } from './spellings.js';

export type CatalogueSort = 'relevance' | 'title' | 'newest';

/** A place in a list of titles: the row that it is next to, and the way to go from there. */
export interface CataloguePlace {
  readonly towards: 'next' | 'prev';
  /** How well the row answers the query, the best being 0. */
  readonly tier: number;
  readonly key: string;
  readonly id: string;
}

const lastTier = 4;

/** The spellings go along, for they decide what is in the list: another page must not look for other words. */
export function formatPlace(sort: CatalogueSort, place: CataloguePlace, spellings: Spellings): string {
  const { towards, tier, key, id } = place;
  return Buffer.from(JSON.stringify([sort, towards, tier, key, id, formatSpellings(spellings)])).toString('base64url');
}

/** @throws Problem for anything that {@link formatPlace} did not make for a list in this order */
export function parsePlace(cursor: string, sort: CatalogueSort): CataloguePlace & { readonly spellings: Spellings } {
  const [name, towards, tier, key, id, ...rest] = parseArray(cursor);
  const spellings = parseSpellings(rest[0]);
  if (
    name === sort &&
    (towards === 'next' || towards === 'prev') &&
    typeof tier === 'number' &&
    Number.isInteger(tier) &&
    tier >= 0 &&
    tier <= (sort === 'relevance' ? lastTier : 0) &&
    typeof key === 'string' &&
    (sort === 'newest' ? /^\d{1,16}$/ : /^[^\0]{0,1000}$/su).test(key) &&
    key.isWellFormed() &&
    typeof id === 'string' &&
    uuid.test(id) &&
    rest.length === 1 &&
    spellings
  ) {
    return { towards, tier, key, id, spellings };
  }
  throw Problem.parameters([{ parameter: 'cursor', detail: 'must come from a page of this list in this order' }]);
}

function parseArray(text: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
