import type { MigrationInterface, QueryRunner } from 'typeorm';
import { rebuildWhenTruncated } from '../../../bookkeeping.js';

const search = `to_tsvector('simple'::regconfig, regexp_replace(coalesce(title, '') || ' ' || authors::text, '[!-/:-@[-\`{-~]+', ' ', 'g'))`;

export class CreateBook1793232000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE book (
        id uuid PRIMARY KEY,
        revision integer,
        title text,
        title_key text COLLATE "C",
        authors jsonb NOT NULL DEFAULT '[]',
        isbn text,
        languages jsonb NOT NULL DEFAULT '[]',
        subjects jsonb NOT NULL DEFAULT '[]',
        year integer,
        amount integer NOT NULL DEFAULT 0,
        created_at timestamptz,
        updated_at timestamptz,
        deleted_at timestamptz,
        in_use integer NOT NULL DEFAULT 0,
        search tsvector GENERATED ALWAYS AS (${search}) STORED
      )`);
    await queryRunner.query(`
      CREATE INDEX book_by_title ON book (title_key, id) WHERE created_at IS NOT NULL AND deleted_at IS NULL;
      CREATE INDEX book_by_created ON book (created_at, id) WHERE created_at IS NOT NULL AND deleted_at IS NULL;
      CREATE INDEX book_by_isbn ON book (isbn);
      CREATE INDEX book_by_language ON book USING gin (languages);
      CREATE INDEX book_by_search ON book USING gin (search)`);
    await rebuildWhenTruncated(queryRunner, 'book');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE book');
  }
}
