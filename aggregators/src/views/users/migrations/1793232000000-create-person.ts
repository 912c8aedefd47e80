import type { MigrationInterface, QueryRunner } from 'typeorm';
import { recordGeneratedColumn, rebuildWhenTruncated } from '../../../bookkeeping.js';

const search = `to_tsvector('simple'::regconfig, regexp_replace(coalesce(name, '') || ' ' || coalesce(email, ''), '[!-/:-@[-\`{-~]+', ' ', 'g'))`;

export class CreatePerson1793232000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE person (
        id uuid PRIMARY KEY,
        revision integer,
        name text,
        name_key text COLLATE "C",
        email text,
        rent_limit integer NOT NULL DEFAULT 0,
        created_at timestamptz,
        updated_at timestamptz,
        deleted_at timestamptz,
        search tsvector GENERATED ALWAYS AS (${search}) STORED
      )`);
    await recordGeneratedColumn(queryRunner, 'person', 'search', search);
    await queryRunner.query(`
      CREATE INDEX person_by_name ON person (name_key, id) WHERE created_at IS NOT NULL AND deleted_at IS NULL;
      CREATE INDEX person_by_email ON person (email);
      CREATE INDEX person_by_search ON person USING gin (search)`);
    await rebuildWhenTruncated(queryRunner, 'person');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE person');
  }
}
