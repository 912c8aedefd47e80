import type { RentState } from '@shelfmark/contracts';
import { EntitySchema } from 'typeorm';

/** A rent, whatever became of it: ids only, no title and no name. */
export interface Rent {
  id: string;
  bookId: string | null;
  userId: string | null;
  state: RentState | null;
  rentedAt: string | null;
  dueOn: string | null;
  renewals: number;
  returnedAt: string | null;
  lostAt: string | null;
}

export const rentEntity = new EntitySchema<Rent>({
  name: 'Rent',
  tableName: 'rent',
  columns: {
    id: { type: 'text', collation: 'C', primary: true },
    // Nullable, though no rent lacks them: a return upserts its own columns alone, and Postgres looks for NULLs before conflicts.
    bookId: { name: 'book_id', type: 'uuid', nullable: true },
    userId: { name: 'user_id', type: 'uuid', nullable: true },
    state: { type: 'text', nullable: true },
    rentedAt: { name: 'rented_at', type: 'timestamptz', nullable: true },
    dueOn: { name: 'due_on', type: 'date', nullable: true },
    renewals: { type: 'integer', default: 0 },
    returnedAt: { name: 'returned_at', type: 'timestamptz', nullable: true },
    lostAt: { name: 'lost_at', type: 'timestamptz', nullable: true },
  },
  indices: [
    { name: 'rent_by_time', columns: ['rentedAt', 'id'] },
    { name: 'rent_by_user', columns: ['userId', 'rentedAt', 'id'] },
    { name: 'rent_by_book', columns: ['bookId', 'rentedAt', 'id'] },
    { name: 'rent_open_by_due', columns: ['dueOn'], where: `state = 'open'` },
    { name: 'rent_lost_by_book', columns: ['bookId'], where: `state = 'lost'` },
  ],
});
