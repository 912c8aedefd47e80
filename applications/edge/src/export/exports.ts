import type { Readable } from 'node:stream';
import { Inject, Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { BooksView } from '../books/books-view.js';
import { HoldsView } from '../holds/holds-view.js';
import type { Positions } from '../http/positions.js';
import { Problem } from '../http/problem.js';
import { RentsView } from '../rents/rents-view.js';
import { UsersView } from '../users/users-view.js';
import { SqlValues } from '../views/sql-values.js';
import { DATABASE_URL } from '../views/view-database.js';
import { ViewReader } from '../views/view-reader.js';
import type { EntityView } from '../views/view.js';
import { type CsvOptions, byteOrderMark, csvRecord } from './csv.js';
import { type Exported, type ExportedRows, exported } from './exported.js';
import { RowCursor } from './row-cursor.js';
import { type RowFormat, RowStream } from './row-stream.js';

/** Each has a connection to Postgres of its own. */
export const maxExports = 4;
/** Until an export ends, Postgres keeps every row that was replaced since it began. */
const maxExportMs = 15 * 60_000;
/** A process that ends waits no longer than this for exports; the rest is asked for again. */
const endWithinMs = 5_000;

/** A media type, and what else there is to know of CSV. */
export interface ExportFormat extends CsvOptions {
  readonly type: string;
}

export const [csv, ndjson] = ['text/csv', 'application/x-ndjson'];

/** Whole views, as they are at one moment. */
@Injectable()
export class Exports implements OnModuleDestroy {
  readonly #running = new Set<Readable>();
  readonly #logger = new Logger('Exports');
  #opening = 0;

  constructor(
    @Inject(DATABASE_URL) private readonly url: string,
    @Inject(ViewReader) private readonly reader: ViewReader,
    @Inject(BooksView) private readonly books: BooksView,
    @Inject(UsersView) private readonly users: UsersView,
    @Inject(RentsView) private readonly rents: RentsView,
    @Inject(HoldsView) private readonly holds: HoldsView,
    @Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost,
  ) {
    httpAdapter.getInstance<FastifyInstance>().addHook('preClose', (done) => {
      setTimeout(() => this.onModuleDestroy(), endWithinMs).unref();
      done();
    });
  }

  /**
   * The first rows are read before it resolves, so that what goes wrong until then can be answered.
   * @throws Problem ViewBehind, ViewUnavailable; Overloaded where others are under way
   */
  async open(view: EntityView, format: ExportFormat, positions: Positions): Promise<Readable> {
    if (this.#running.size + this.#opening >= maxExports) {
      throw new Problem('Overloaded', { detail: 'Other exports are under way.', retryAfterMs: endWithinMs });
    }
    this.#opening++;
    try {
      // What follows sees no less than what this has seen.
      await this.reader.read(positions, [view], 'true AS reached', new SqlValues());
      const stream = await this.#stream(view, format);
      this.#running.add(stream);
      const timer = setTimeout(() => stream.destroy(new ExportTooSlow()), maxExportMs).unref();
      stream.once('error', ({ name }) => this.#logger.warn('an export was cut off', { error: name, view }));
      stream.once('close', () => {
        clearTimeout(timer);
        this.#running.delete(stream);
      });
      return stream;
    } finally {
      this.#opening--;
    }
  }

  get running(): number {
    return this.#running.size;
  }

  onModuleDestroy(): void {
    for (const stream of this.#running) stream.destroy();
  }

  async #stream<V extends EntityView>(view: V, format: ExportFormat): Promise<Readable> {
    const values = new SqlValues();
    const select = this[view].selectAll(values);
    let cursor: RowCursor<ExportedRows[V]> | undefined;
    try {
      cursor = await RowCursor.open<ExportedRows[V]>(this.url, select, values.list());
      const first = await cursor.next();
      return new RowStream(cursor, first, writer(exported[view], format));
    } catch (cause) {
      await cursor?.close();
      throw new Problem('ViewUnavailable', { detail: 'The view data cannot be read now.', cause });
    }
  }
}

/** Its reader took so long that it held up Postgres. */
class ExportTooSlow extends Error {
  override readonly name = 'ExportTooSlow';
}

/** What becomes of rows in a form. */
function writer<Row>({ represent, columns, records }: Exported<Row>, format: ExportFormat): RowFormat<Row> {
  const form = records[format.type];
  if (form) return each(form.record, form);
  if (format.type === ndjson) return each((row) => `${JSON.stringify(represent(row))}\n`);
  const cells = Object.values(columns);
  const heading = csvRecord(Object.keys(columns), format);
  return each(
    (row) =>
      csvRecord(
        cells.map((cell) => cell(row)),
        format,
      ),
    { heading: format.forSpreadsheet ? byteOrderMark + heading : heading },
  );
}

function each<Row>(
  write: (row: Row) => string,
  { heading = '', ending = '' }: { readonly heading?: string; readonly ending?: string } = {},
): RowFormat<Row> {
  return { heading, write: (rows) => rows.map(write).join(''), ending };
}
