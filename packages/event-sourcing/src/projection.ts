import type { RecordedEvent } from './event.js';

type NumericColumns<Row> = { [Column in keyof Row]-?: Row[Column] extends number ? Column : never }[keyof Row];

/**
 * What one event does to one row of a view, which comes into being if it is not there. Two sources that write different
 * columns of a row, or add to one, may come in any order.
 */
export interface RowChange<Row> {
  /** The row's key. */
  readonly key: string;
  /** Columns that take these values. */
  readonly set?: Partial<Row>;
  /** Columns that these numbers are added to. */
  readonly add?: { readonly [Column in NumericColumns<Row>]?: number };
}

/**
 * A view of the events of one source: for each event type that it cares for, the rows that the event changes. Its keys are
 * the list of the events that it sees.
 */
export type Projection<Events, Row> = {
  readonly [Type in keyof Events & string]?: (
    data: Events[Type],
    event: RecordedEvent,
  ) => RowChange<Row> | readonly RowChange<Row>[];
};
