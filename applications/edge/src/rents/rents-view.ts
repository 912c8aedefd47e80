import { Inject, Injectable } from '@nestjs/common';
import type { RentRow } from '@shelfmark/contracts';
import { books } from '../books/books.js';
import { idParameter, rentIdPattern } from '../http/entity-id.js';
import { type HalDocument, dateOrNull, linkTo } from '../http/hal.js';
import { type QueryOf, oneOf } from '../http/query.js';
import type { Representation } from '../openapi/operation.js';
import { users } from '../users/users.js';
import { ofWhom, pageParameters } from '../views/list-query.js';
import type { Sort } from '../views/page.js';
import { ListReader } from '../views/row-reader.js';
import type { SqlValues } from '../views/sql-values.js';
import { ViewReader } from '../views/view-reader.js';
import { TODAY, type Today } from './today.js';
import { rents } from './rents.js';

/** A rent with what depends on the day. */
export type ShownRent = RentRow & { readonly overdue: boolean };

const latestFirst: Sort = { name: 'latest', column: 'rented_at', kind: 'time', direction: 'DESC' };

const state = oneOf('open', 'overdue', 'returned', 'lost');
export const rentQuery = { user: idParameter, book: idParameter, state, ...pageParameters };
export const rentsOfUserQuery = { book: idParameter, state, ...pageParameters };
export const rentsOfBookQuery = { user: idParameter, state, ...pageParameters };

/** The rents, as the view shows them. */
@Injectable()
export class RentsView extends ListReader<ShownRent, QueryOf<typeof rentQuery>> {
  constructor(@Inject(ViewReader) reader: ViewReader, @Inject(TODAY) today: Today) {
    super(reader, {
      views: ['rents'],
      table: 'rents.rent',
      idPattern: rentIdPattern,
      sort: latestFirst,
      condition: 'true',
      conditions: ({ user, book, state }, values) => [
        ...ofWhom({ user, book }, values),
        ...(state === undefined
          ? []
          : [state === 'overdue' ? isOverdue(values, today) : `state = ${values.add(state)}`]),
      ],
      columns: (values) => `
        id, book_id AS "bookId", user_id AS "userId", state, rented_at AS "rentedAt", due_on::text AS "dueOn", renewals,
        returned_at AS "returnedAt", lost_at AS "lostAt", ${isOverdue(values, today)} AS overdue,
        EXISTS (SELECT FROM rents.dead_letter WHERE entity = rent.book_id::text) AS parked`,
    });
  }
}

/** Due through the end of the day. */
export function isOverdue(values: SqlValues, today: Today): string {
  return `(state = 'open' AND due_on < ${values.add(today())}::date)`;
}

/** What {@link representRent} makes. */
export const rentRepresentation: Representation = {
  name: 'Rent',
  row: 'RentRow',
  of: rents,
  adds: { overdue: { type: 'boolean', description: 'Whether it is out past its day.' } },
  links: ['self', 'book', 'user', 'history'],
};

export function representRent(row: ShownRent): HalDocument {
  const { id, bookId, userId, state, overdue, rentedAt, dueOn, renewals, returnedAt, lostAt, parked } = row;
  const self = linkTo(rents.path, id);
  return {
    id,
    bookId,
    userId,
    state,
    overdue,
    rentedAt: new Date(rentedAt),
    dueOn,
    renewals,
    returnedAt: dateOrNull(returnedAt),
    lostAt: dateOrNull(lostAt),
    ...(parked ? { parked } : {}),
    _links: { self, ...linksOfRent(row), history: linkTo(self.href, 'history') },
  };
}

export function linksOfRent({ bookId, userId }: Pick<RentRow, 'bookId' | 'userId'>) {
  return { book: linkTo(books.path, bookId), user: linkTo(users.path, userId) };
}
