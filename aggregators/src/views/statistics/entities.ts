import { EntitySchema } from 'typeorm';

/** How often a title was rented. Apart from the books view, where a count with an index would make every rent write all of a book's indexes. */
export interface Title {
  id: string;
  titleKey: string | null;
  createdAt: string | null;
  deletedAt: string | null;
  rents: number;
}

const shown = 'created_at IS NOT NULL AND deleted_at IS NULL';

export const titleEntity = new EntitySchema<Title>({
  name: 'Title',
  tableName: 'title',
  columns: {
    id: { type: 'uuid', primary: true },
    titleKey: { name: 'title_key', type: 'text', collation: 'C', nullable: true },
    createdAt: { name: 'created_at', type: 'timestamptz', nullable: true },
    deletedAt: { name: 'deleted_at', type: 'timestamptz', nullable: true },
    rents: { type: 'integer', default: 0 },
  },
  indices: [
    { name: 'title_most_rented', columns: ['rents', 'id'], where: `${shown} AND rents > 0` },
    { name: 'title_never_rented', columns: ['titleKey', 'id'], where: `${shown} AND rents = 0` },
  ],
});

/** What happened at the desk within a quarter of an hour: in every time zone, days are made of these. */
export interface QuarterHour {
  /** When it begins. */
  id: string;
  rents: number;
  renewals: number;
}

export const quarterHourEntity = new EntitySchema<QuarterHour>({
  name: 'QuarterHour',
  tableName: 'quarter_hour',
  columns: {
    id: { type: 'timestamptz', primary: true },
    rents: { type: 'integer', default: 0 },
    renewals: { type: 'integer', default: 0 },
  },
});

/** Somebody who has rents, or had. */
export interface Borrower {
  id: string;
  /** How many of them are open. */
  open: number;
}

export const borrowerEntity = new EntitySchema<Borrower>({
  name: 'Borrower',
  tableName: 'borrower',
  columns: {
    id: { type: 'uuid', primary: true },
    open: { type: 'integer', default: 0 },
  },
  indices: [{ name: 'borrower_active', columns: ['open'], where: 'open > 0' }],
});
