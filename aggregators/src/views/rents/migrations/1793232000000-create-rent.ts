import type { MigrationInterface, QueryRunner } from 'typeorm';
import { rebuildWhenTruncated } from '../../../bookkeeping.js';

export class CreateRent1793232000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE rent (
        id text COLLATE "C" PRIMARY KEY,
        book_id uuid,
        user_id uuid,
        state text,
        rented_at timestamptz,
        due_on date,
        returned_at timestamptz
      );
      CREATE INDEX rent_by_time ON rent (rented_at, id);
      CREATE INDEX rent_by_user ON rent (user_id, rented_at, id);
      CREATE INDEX rent_by_book ON rent (book_id, rented_at, id);
      CREATE INDEX rent_open_by_due ON rent (due_on) WHERE state = 'open'`);
    await rebuildWhenTruncated(queryRunner, 'rent');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE rent');
  }
}
