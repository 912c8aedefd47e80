import type { RowChange } from '@shelfmark/event-sourcing';

/** What several events together do to one row. A column is in `set` or in `add`, never in both. */
export interface FoldedRow {
  readonly key: string;
  readonly set: Record<string, unknown>;
  readonly add: Record<string, number>;
}

/** Row changes in the order of their events, folded so that each row is written once. */
export class Fold {
  readonly #rows = new Map<string, FoldedRow>();

  get rows(): Iterable<FoldedRow> {
    return this.#rows.values();
  }

  apply(change: RowChange<Record<string, unknown>>): void {
    let row = this.#rows.get(change.key);
    if (row === undefined) this.#rows.set(change.key, (row = { key: change.key, set: {}, add: {} }));
    for (const column in change.set) {
      row.set[column] = change.set[column];
      delete row.add[column];
    }
    const add = change.add as Record<string, number> | undefined;
    for (const column in add) {
      const amount = add[column]!;
      if (column in row.set) row.set[column] = (row.set[column] as number) + amount;
      else row.add[column] = (row.add[column] ?? 0) + amount;
    }
  }
}
