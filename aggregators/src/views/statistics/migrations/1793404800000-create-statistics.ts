import type { MigrationInterface, QueryRunner } from 'typeorm';
import { rebuildWhenTruncated } from '../../../bookkeeping.js';

const shown = 'created_at IS NOT NULL AND deleted_at IS NULL';

export class CreateStatistics1793404800000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE title (
        id uuid PRIMARY KEY,
        title_key text COLLATE "C",
        created_at timestamptz,
        deleted_at timestamptz,
        rents integer NOT NULL DEFAULT 0
      );
      CREATE INDEX title_most_rented ON title (rents, id) WHERE ${shown} AND rents > 0;
      CREATE INDEX title_never_rented ON title (title_key, id) WHERE ${shown} AND rents = 0;
      CREATE TABLE quarter_hour (
        id timestamptz PRIMARY KEY,
        rents integer NOT NULL DEFAULT 0,
        renewals integer NOT NULL DEFAULT 0
      );
      CREATE TABLE borrower (
        id uuid PRIMARY KEY,
        open integer NOT NULL DEFAULT 0
      );
      CREATE INDEX borrower_active ON borrower (open) WHERE open > 0`);
    for (const table of ['title', 'quarter_hour', 'borrower']) await rebuildWhenTruncated(queryRunner, table);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE title, quarter_hour, borrower');
  }
}
