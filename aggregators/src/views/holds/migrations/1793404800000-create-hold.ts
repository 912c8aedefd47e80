import type { MigrationInterface, QueryRunner } from 'typeorm';
import { rebuildWhenTruncated } from '../../../bookkeeping.js';

export class CreateHold1793404800000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE hold (
        id text COLLATE "C" PRIMARY KEY,
        book_id uuid,
        user_id uuid,
        number bigint,
        state text,
        placed_at timestamptz,
        ready_at timestamptz,
        pickup_by date,
        ended_at timestamptz,
        rent_id text
      );
      CREATE INDEX hold_by_time ON hold (placed_at, id);
      CREATE INDEX hold_by_user ON hold (user_id, placed_at, id);
      CREATE INDEX hold_by_book ON hold (book_id, placed_at, id);
      CREATE INDEX hold_by_state ON hold (state, placed_at, id) WHERE state IN ('waiting', 'ready');
      CREATE INDEX hold_in_queue ON hold (book_id, number) WHERE state = 'waiting'`);
    await rebuildWhenTruncated(queryRunner, 'hold');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE hold');
  }
}
