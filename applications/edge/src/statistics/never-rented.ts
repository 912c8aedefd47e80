import { Inject, Injectable } from '@nestjs/common';
import type { BookRow } from '@shelfmark/contracts';
import { bookColumns } from '../books/books-view.js';
import { uuid } from '../http/entity-id.js';
import type { QueryOf } from '../http/query.js';
import { type pageParameters, shown } from '../views/list-query.js';
import { ListReader } from '../views/row-reader.js';
import { ViewReader } from '../views/view-reader.js';

/** The titles of the catalogue of which no copy ever went out, by title. */
@Injectable()
export class NeverRented extends ListReader<BookRow, QueryOf<typeof pageParameters>> {
  constructor(@Inject(ViewReader) reader: ViewReader) {
    super(reader, {
      views: ['statistics', 'books'],
      // The id and the key are those of the one table, whose index has them in this order.
      table: `(
        SELECT id, title_key AS listed_under FROM statistics.title WHERE ${shown} AND rents = 0
      ) AS title JOIN books.book USING (id)`,
      idPattern: uuid,
      sort: { name: 'title', column: 'listed_under', kind: 'text', direction: 'ASC' },
      condition: shown,
      conditions: () => [],
      columns: () => bookColumns,
    });
  }
}
