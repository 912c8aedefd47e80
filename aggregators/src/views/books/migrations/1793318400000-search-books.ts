import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Search by the words that the projection makes, instead of by those that Postgres' own parser found. What the new columns hold is
 * derived from events, so the table is emptied, which makes the view read its mirrors anew.
 */
export class SearchBooks1793318400000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      TRUNCATE book;
      ALTER TABLE book
        DROP COLUMN search,
        ADD COLUMN title_words tsvector,
        ADD COLUMN author_words tsvector,
        ADD COLUMN subject_words tsvector;
      CREATE INDEX book_by_words ON book USING gin ((title_words || author_words || subject_words))
        WITH (gin_pending_list_limit = 512)
        WHERE created_at IS NOT NULL AND deleted_at IS NULL`);
    // In the schema that every session finds, for it is the database's and not this view's.
    await queryRunner.query('CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public');
    await queryRunner.query(`
      CREATE TABLE word (word text COLLATE "C" PRIMARY KEY);
      CREATE INDEX word_by_trigrams ON word USING gin (word public.gin_trgm_ops);
      -- The schema is the trigger's own, because a schema that was filled under another name may take this one's place.
      CREATE FUNCTION collect_words() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        EXECUTE format(
          'INSERT INTO %I.word
           SELECT DISTINCT substr(lexeme, 2) FROM written, unnest(tsvector_to_array(title_words || author_words || subject_words)) AS lexeme
           WHERE length(lexeme) BETWEEN 5 AND 31
           ON CONFLICT DO NOTHING', TG_TABLE_SCHEMA);
        RETURN NULL;
      END $$;
      CREATE TRIGGER collect_words_of_new AFTER INSERT ON book
        REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION collect_words();
      CREATE TRIGGER collect_words_of_changed AFTER UPDATE ON book
        REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION collect_words()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE book, word; DROP FUNCTION collect_words');
  }
}
