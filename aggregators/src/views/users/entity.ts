import { EntitySchema } from 'typeorm';

/** A person as the desk sees them; the one view in which names and addresses lie. */
export interface Person {
  id: string;
  revision: number | null;
  name: string | null;
  nameKey: string | null;
  email: string | null;
  rentLimit: number;
  createdAt: string | null;
  updatedAt: string | null;
  deletedAt: string | null;
}

const shown = 'created_at IS NOT NULL AND deleted_at IS NULL';

export const personEntity = new EntitySchema<Person & { search: string }>({
  name: 'Person',
  tableName: 'person',
  columns: {
    id: { type: 'uuid', primary: true },
    revision: { type: 'integer', nullable: true },
    name: { type: 'text', nullable: true },
    nameKey: { name: 'name_key', type: 'text', collation: 'C', nullable: true },
    email: { type: 'text', nullable: true },
    rentLimit: { name: 'rent_limit', type: 'integer', default: 0 },
    createdAt: { name: 'created_at', type: 'timestamptz', nullable: true },
    updatedAt: { name: 'updated_at', type: 'timestamptz', nullable: true },
    deletedAt: { name: 'deleted_at', type: 'timestamptz', nullable: true },
    search: {
      type: 'tsvector',
      nullable: true,
      generatedType: 'STORED',
      asExpression: `to_tsvector('simple'::regconfig, regexp_replace(coalesce(name, '') || ' ' || coalesce(email, ''), '[!-/:-@[-\`{-~]+', ' ', 'g'))`,
    },
  },
  indices: [
    { name: 'person_by_name', columns: ['nameKey', 'id'], where: shown },
    { name: 'person_by_email', columns: ['email'] },
    // GIN, which an entity cannot say: made by the migration alone.
    { name: 'person_by_search', columns: ['search'], synchronize: false },
  ],
});
