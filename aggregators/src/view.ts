import type { RecordedEvent, RowChange } from '@shelfmark/event-sourcing';
import type { EntitySchema, MigrationInterface } from 'typeorm';

/** One view: tables whose rows are derived from the logs of one or more services. */
export interface View {
  /** Also the name of its Postgres schema and, with a prefix, of the channel that is notified. */
  readonly name: string;
  /** What feeds the view, by the service's word (`book`): that service's mirror is read in order. */
  readonly sources: Readonly<Record<string, Source>>;
  readonly migrations: readonly (new () => MigrationInterface)[];
}

/** What one service's events do to a view: a projection for each table that they write to. */
export type Source = readonly TableProjection[];

/** What events do to one table. */
export interface TableProjection {
  readonly table: Table;
  /**
   * The columns that these events write. No other source writes them, for there is no order between two mirrors; when this
   * source is read anew from the beginning, exactly these go back to their defaults first.
   */
  readonly owns: readonly string[];
  readonly handlers: ReadonlyMap<string, Handler>;
  /** What the keys of its rows begin with, where several sources fill the same columns, each in rows of its own. */
  readonly keyPrefix?: string;
}

/** A table as the runner sees it, which knows no column by name. It has one key. */
export type Table = EntitySchema<Record<string, unknown>>;

/** Throws where it meets an event that it cannot show. */
export type Handler = (event: RecordedEvent) => readonly RowChange<Record<string, unknown>>[];

/** Pairs a table and the columns of it that a source owns with the projection, which is typed to write no others. */
export function onto<Row>(
  table: EntitySchema<Row>,
  owns: readonly (keyof Row & string)[],
  projection: Readonly<
    Record<string, (data: never, event: RecordedEvent) => RowChange<Row> | readonly RowChange<Row>[]>
  >,
  keyPrefix?: string,
): TableProjection {
  const handlers = Object.entries(projection).map(
    // The owner validated the payload against its type before the event was written; it is not done again here.
    ([type, handle]) => [type, (event: RecordedEvent) => [handle(event.data as never, event)].flat()] as const,
  );
  return { table, owns, handlers: new Map(handlers), ...(keyPrefix !== undefined && { keyPrefix }) };
}

/** The tables of a view, each once. */
export function tablesOf({ sources }: View): readonly Table[] {
  return [...new Set(Object.values(sources).flatMap((source) => source.map(({ table }) => table)))];
}

/** The name in SQL of the column that is a table's key. */
export function keyOf({ options: { name, columns } }: Table): string {
  const found = Object.entries(columns).find(([, column]) => column!.primary);
  if (found === undefined) throw new TypeError(`${name} has no primary key`);
  const [property, column] = found;
  return column!.name ?? property;
}
