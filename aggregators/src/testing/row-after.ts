import { Fold } from '../fold.js';
import type { TableProjection } from '../view.js';
import type { Log } from './events.js';

/** What a log makes of one row, without a database; columns that no event mentions are absent. */
export function rowAfter({ handlers }: TableProjection, log: Log, key: string): Record<string, unknown> | undefined {
  const fold = new Fold();
  for (const event of log.events) {
    for (const change of handlers.get(event.type)?.(event) ?? []) fold.apply(change);
  }
  const row = [...fold.rows].find((folded) => folded.key === key);
  return row && { ...row.set, ...row.add };
}
