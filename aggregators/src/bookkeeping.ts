import { EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm';

/** How far a view has read one source; the same table in every view's schema. */
export const checkpointEntity = new EntitySchema({
  name: 'Checkpoint',
  tableName: 'checkpoint',
  columns: {
    source: { type: 'text', primary: true },
    build: { type: 'text', default: () => '(gen_random_uuid())' },
    logId: { name: 'log_id', type: 'text', nullable: true },
    generation: { type: 'bigint', nullable: true },
    position: { type: 'bigint', nullable: true },
    sequence: { type: 'bigint', nullable: true },
    updatedAt: { name: 'updated_at', type: 'timestamptz', default: () => 'now()' },
  },
});

/** The events that could not be shown, one a stream: what comes after in that stream is counted and not applied. */
export const deadLetterEntity = new EntitySchema({
  name: 'DeadLetter',
  tableName: 'dead_letter',
  columns: {
    source: { type: 'text', primary: true },
    stream: { type: 'text', primary: true },
    entity: { type: 'text' },
    position: { type: 'bigint' },
    eventId: { name: 'event_id', type: 'text' },
    eventType: { name: 'event_type', type: 'text' },
    errorName: { name: 'error_name', type: 'text' },
    errorDetail: { name: 'error_detail', type: 'text' },
    skippedEvents: { name: 'skipped_events', type: 'bigint', default: 0 },
    recordedAt: { name: 'recorded_at', type: 'timestamptz', default: () => 'now()' },
  },
  indices: [{ name: 'dead_letter_by_entity', columns: ['entity'] }],
});

/** Runs before a view's own migrations, in every view's schema. */
export class CreateBookkeeping1793000000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE checkpoint (
        source text PRIMARY KEY,
        log_id text,
        generation bigint,
        position bigint,
        sequence bigint,
        updated_at timestamptz NOT NULL DEFAULT now()
      );
      CREATE TABLE dead_letter (
        source text,
        stream text,
        entity text NOT NULL,
        position bigint NOT NULL,
        event_id text NOT NULL,
        event_type text NOT NULL,
        error_name text NOT NULL,
        error_detail text NOT NULL,
        skipped_events bigint NOT NULL DEFAULT 0,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (source, stream)
      );
      CREATE INDEX dead_letter_by_entity ON dead_letter (entity);
      CREATE FUNCTION forget_checkpoints() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        EXECUTE format('DELETE FROM %I.checkpoint', TG_TABLE_SCHEMA);
        RETURN NULL;
      END $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE checkpoint, dead_letter; DROP FUNCTION forget_checkpoints CASCADE');
  }
}

/** Tells one build of a view from the next, which takes its place under the same name. */
export class AddBuildToCheckpoint1793100000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE checkpoint ADD COLUMN build text NOT NULL DEFAULT gen_random_uuid()::text');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE checkpoint DROP COLUMN build');
  }
}

/**
 * A table that somebody empties takes its checkpoints with it. Else the view would go on from where it was, without the
 * rows, and nobody would notice.
 */
export async function rebuildWhenTruncated(queryRunner: QueryRunner, table: string): Promise<void> {
  await queryRunner.query(
    `CREATE TRIGGER forget_checkpoints AFTER TRUNCATE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION forget_checkpoints()`,
  );
}

/** Tells TypeORM the expression of a generated column, which it cannot read back from Postgres as it was written. */
export async function recordGeneratedColumn(
  queryRunner: QueryRunner,
  table: string,
  column: string,
  expression: string,
): Promise<void> {
  await queryRunner.query(
    `INSERT INTO typeorm_metadata (database, schema, "table", type, name, value)
     VALUES (current_database(), current_schema(), $1, 'GENERATED_COLUMN', $2, $3)`,
    [table, column, expression],
  );
}
