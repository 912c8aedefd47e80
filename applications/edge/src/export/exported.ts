import type { BookRow, UserRow } from '@shelfmark/contracts';
import { representBook } from '../books/books-view.js';
import { type ShownHold, representHold } from '../holds/holds-view.js';
import { type HalDocument, dateOrNull } from '../http/hal.js';
import { type ShownRent, representRent } from '../rents/rents-view.js';
import { representUser } from '../users/users-view.js';
import type { EntityView } from '../views/view.js';
import type { Cell } from './csv.js';
import { marc, marcRecord, marcXml, marcXmlFrame, marcXmlRecord } from './marc.js';

/** The rows of each view, as they are read. */
export interface ExportedRows {
  books: BookRow;
  users: UserRow;
  rents: ShownRent;
  holds: ShownHold;
}

/** How the rows of a view are written. */
export interface Exported<Row> {
  readonly represent: (row: Row) => HalDocument;
  /** The columns of the CSV file by their headings. */
  readonly columns: Readonly<Record<string, (row: Row) => Cell>>;
  /** The forms that only rows of this kind have, by their media types. */
  readonly records: Readonly<Record<string, Records<Row>>>;
}

/** Rows as records, one by one, and what is around them. */
export interface Records<Row> {
  readonly record: (row: Row) => string;
  readonly heading: string;
  readonly ending: string;
  /** What files are called at their end. */
  readonly suffix: string;
}

export const exported: { readonly [V in EntityView]: Exported<ExportedRows[V]> } = {
  // These are the columns, and these the ways to write several values in one cell, that POST /imports reads.
  books: {
    represent: representBook,
    columns: {
      id: ({ id }) => id,
      title: ({ title }) => title,
      authors: ({ authors }) => authors.join('; '),
      isbn: ({ isbn }) => isbn,
      languages: ({ languages }) => languages.join('/'),
      subjects: ({ subjects }) => subjects.join('; '),
      year: ({ year }) => year,
      amount: ({ amount }) => amount,
    },
    records: {
      [marc]: { record: marcRecord, heading: '', ending: '', suffix: 'mrc' },
      [marcXml]: { record: marcXmlRecord, ...marcXmlFrame, suffix: 'xml' },
    },
  },
  users: {
    represent: representUser,
    columns: {
      id: ({ id }) => id,
      name: ({ name }) => name,
      email: ({ email }) => email,
      rentLimit: ({ rentLimit }) => rentLimit,
      createdAt: ({ createdAt }) => new Date(createdAt),
      updatedAt: ({ updatedAt }) => new Date(updatedAt),
    },
    records: {},
  },
  rents: {
    represent: representRent,
    columns: {
      id: ({ id }) => id,
      bookId: ({ bookId }) => bookId,
      userId: ({ userId }) => userId,
      state: ({ state }) => state,
      overdue: ({ overdue }) => overdue,
      rentedAt: ({ rentedAt }) => new Date(rentedAt),
      dueOn: ({ dueOn }) => dueOn,
      renewals: ({ renewals }) => renewals,
      returnedAt: ({ returnedAt }) => dateOrNull(returnedAt),
      lostAt: ({ lostAt }) => dateOrNull(lostAt),
    },
    records: {},
  },
  holds: {
    represent: representHold,
    columns: {
      id: ({ id }) => id,
      bookId: ({ bookId }) => bookId,
      userId: ({ userId }) => userId,
      state: ({ state }) => state,
      place: ({ place }) => place,
      placedAt: ({ placedAt }) => new Date(placedAt),
      readyAt: ({ readyAt }) => dateOrNull(readyAt),
      pickupBy: ({ pickupBy }) => pickupBy,
      endedAt: ({ endedAt }) => dateOrNull(endedAt),
      rentId: ({ rentId }) => rentId,
    },
    records: {},
  },
};
