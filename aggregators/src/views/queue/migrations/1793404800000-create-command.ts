import type { MigrationInterface, QueryRunner } from 'typeorm';
import { rebuildWhenTruncated } from '../../../bookkeeping.js';

export class CreateCommand1793404800000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE command (
        id text COLLATE "C" PRIMARY KEY,
        command text,
        state text,
        queued_at timestamptz,
        attempts integer NOT NULL DEFAULT 0,
        error text,
        retry_at timestamptz
      );
      CREATE INDEX command_open ON command (queued_at, id) WHERE state IN ('queued', 'running', 'delayed', 'failed')`);
    await rebuildWhenTruncated(queryRunner, 'command');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE command');
  }
}
