import type { ViewRows } from '@shelfmark/contracts';

/** A view whose rows are entities, each of which can be looked at. */
export type EntityView = keyof ViewRows;

/** A view, which has a Postgres schema of its own that bears its name. */
export type View = EntityView | 'statistics' | 'queue';
