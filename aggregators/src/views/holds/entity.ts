import type { HoldState } from '@shelfmark/contracts';
import { EntitySchema } from 'typeorm';

/** Somebody's wish for a book of which no copy is free, and what became of it: ids only, no title and no name. */
export interface Hold {
  id: string;
  bookId: string | null;
  userId: string | null;
  /** Who came first is served first: the holds of a book are numbered in the order in which they were placed. */
  number: number | null;
  state: HoldState | null;
  placedAt: string | null;
  readyAt: string | null;
  pickupBy: string | null;
  endedAt: string | null;
  rentId: string | null;
}

export const holdEntity = new EntitySchema<Hold>({
  name: 'Hold',
  tableName: 'hold',
  columns: {
    id: { type: 'text', collation: 'C', primary: true },
    // Nullable, though no hold lacks some of them: what comes later upserts its own columns alone.
    bookId: { name: 'book_id', type: 'uuid', nullable: true },
    userId: { name: 'user_id', type: 'uuid', nullable: true },
    number: { type: 'bigint', nullable: true },
    state: { type: 'text', nullable: true },
    placedAt: { name: 'placed_at', type: 'timestamptz', nullable: true },
    readyAt: { name: 'ready_at', type: 'timestamptz', nullable: true },
    pickupBy: { name: 'pickup_by', type: 'date', nullable: true },
    endedAt: { name: 'ended_at', type: 'timestamptz', nullable: true },
    rentId: { name: 'rent_id', type: 'text', nullable: true },
  },
  indices: [
    { name: 'hold_by_time', columns: ['placedAt', 'id'] },
    { name: 'hold_by_user', columns: ['userId', 'placedAt', 'id'] },
    { name: 'hold_by_book', columns: ['bookId', 'placedAt', 'id'] },
    { name: 'hold_by_state', columns: ['state', 'placedAt', 'id'], where: `state IN ('waiting', 'ready')` },
    { name: 'hold_in_queue', columns: ['bookId', 'number'], where: `state = 'waiting'` },
  ],
});
