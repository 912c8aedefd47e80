import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rents that are renewed, and those whose copy is lost: the rows that are there are of neither kind, for there were no such events. */
export class RenewAndLose1793404800000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE rent
        ADD COLUMN renewals integer NOT NULL DEFAULT 0,
        ADD COLUMN lost_at timestamptz;
      CREATE INDEX rent_lost_by_book ON rent (book_id) WHERE state = 'lost'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      DROP INDEX rent_lost_by_book;
      ALTER TABLE rent DROP COLUMN renewals, DROP COLUMN lost_at`);
  }
}
