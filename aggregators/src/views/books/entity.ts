import { EntitySchema } from 'typeorm';

/** A book as the books view holds it: from its owner everything but `inUse`, which the lending desk's events count. */
export interface Book {
  id: string;
  revision: number | null;
  title: string | null;
  titleKey: string | null;
  titleWords: string | null;
  authors: string[];
  authorWords: string | null;
  isbn: string | null;
  languages: string[];
  subjects: string[];
  subjectWords: string | null;
  year: number | null;
  amount: number;
  createdAt: string | null;
  updatedAt: string | null;
  deletedAt: string | null;
  inUse: number;
}

// A hidden book need not be in the indexes that lists are read through.
const shown = 'created_at IS NOT NULL AND deleted_at IS NULL';

export const bookEntity = new EntitySchema<Book>({
  name: 'Book',
  tableName: 'book',
  columns: {
    id: { type: 'uuid', primary: true },
    revision: { type: 'integer', nullable: true },
    title: { type: 'text', nullable: true },
    titleKey: { name: 'title_key', type: 'text', collation: 'C', nullable: true },
    titleWords: { name: 'title_words', type: 'tsvector', nullable: true },
    authors: { type: 'jsonb', default: [] },
    authorWords: { name: 'author_words', type: 'tsvector', nullable: true },
    isbn: { type: 'text', nullable: true },
    languages: { type: 'jsonb', default: [] },
    subjects: { type: 'jsonb', default: [] },
    subjectWords: { name: 'subject_words', type: 'tsvector', nullable: true },
    year: { type: 'integer', nullable: true },
    amount: { type: 'integer', default: 0 },
    createdAt: { name: 'created_at', type: 'timestamptz', nullable: true },
    updatedAt: { name: 'updated_at', type: 'timestamptz', nullable: true },
    deletedAt: { name: 'deleted_at', type: 'timestamptz', nullable: true },
    inUse: { name: 'in_use', type: 'integer', default: 0 },
  },
  indices: [
    { name: 'book_by_title', columns: ['titleKey', 'id'], where: shown },
    { name: 'book_by_created', columns: ['createdAt', 'id'], where: shown },
    { name: 'book_by_isbn', columns: ['isbn'] },
    // GIN, which an entity cannot say: made by the migration alone.
    { name: 'book_by_language', columns: ['languages'], synchronize: false },
    { name: 'book_by_words', columns: ['titleWords', 'authorWords', 'subjectWords'], synchronize: false },
  ],
});
