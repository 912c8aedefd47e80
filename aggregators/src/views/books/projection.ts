import { indexedWords, type BookEvents, type BookRentEvents } from '@shelfmark/contracts';
import { parseStreamName, type Projection, type RecordedEvent, type RowChange } from '@shelfmark/event-sourcing';
import { titleKey } from '../../sort-key.js';
import type { Book } from './entity.js';

export const ownedByBook = [
  'revision',
  'title',
  'titleKey',
  'titleWords',
  'authors',
  'authorWords',
  'isbn',
  'languages',
  'subjects',
  'subjectWords',
  'year',
  'amount',
  'createdAt',
  'updatedAt',
  'deletedAt',
] as const;

/** Every event of a book is here, because each raises the revision that `If-Match` is compared with. */
export const fromBook: Required<Projection<BookEvents, Pick<Book, (typeof ownedByBook)[number]>>> = {
  BookCreated: ({ title, authors, isbn = null, languages, subjects, year = null, amount }, event) => ({
    key: parseStreamName(event.stream).id,
    set: {
      revision: event.revision,
      ...titleColumns(title),
      ...authorColumns(authors),
      isbn,
      languages,
      ...subjectColumns(subjects),
      year,
      amount,
      createdAt: event.metadata.time,
      updatedAt: event.metadata.time,
    },
  }),
  BookUpdated: ({ title, authors, isbn, languages, subjects, year, amount }, event) => ({
    key: parseStreamName(event.stream).id,
    set: {
      revision: event.revision,
      ...(title !== undefined && titleColumns(title)),
      ...(authors !== undefined && authorColumns(authors)),
      ...(isbn !== undefined && { isbn }),
      ...(languages !== undefined && { languages }),
      ...(subjects !== undefined && subjectColumns(subjects)),
      ...(year !== undefined && { year }),
      ...(amount !== undefined && { amount }),
      updatedAt: event.metadata.time,
    },
  }),
  BookDeletionRequested: (_data, event) => ({
    key: parseStreamName(event.stream).id,
    set: { revision: event.revision },
  }),
  BookDeletionRefused: (_data, event) => ({
    key: parseStreamName(event.stream).id,
    set: { revision: event.revision },
  }),
  BookDeleted: (_data, event) => ({
    key: parseStreamName(event.stream).id,
    set: { revision: event.revision, deletedAt: event.metadata.time },
  }),
};

export const ownedByRent = ['inUse'] as const;

/** A copy that is lost is as much in use as it was when it was out. */
export const fromRent: Projection<BookRentEvents, Pick<Book, (typeof ownedByRent)[number]>> = {
  // With a hold it is the copy that has been in use since it was set aside.
  BookRented: ({ holdId }, event) => (holdId === undefined ? inUse(1, event) : []),
  BookReturned: (_data, event) => inUse(-1, event),
  RentReopened: (_data, event) => inUse(1, event),
  CopyFound: (_data, event) => inUse(-1, event),
  HoldReady: (_data, event) => inUse(1, event),
  HoldCancelled: ({ wasReady }, event) => (wasReady ? inUse(-1, event) : []),
  HoldExpired: (_data, event) => inUse(-1, event),
};

function inUse(more: number, event: RecordedEvent): RowChange<Pick<Book, 'inUse'>> {
  return { key: parseStreamName(event.stream).id, add: { inUse: more } };
}

function titleColumns(title: string): Pick<Book, 'title' | 'titleKey' | 'titleWords'> {
  return { title, titleKey: titleKey(title), titleWords: lexemes('t', [title]) };
}

function authorColumns(authors: string[]): Pick<Book, 'authors' | 'authorWords'> {
  return { authors, authorWords: lexemes('a', authors) };
}

function subjectColumns(subjects: string[]): Pick<Book, 'subjects' | 'subjectWords'> {
  return { subjects, subjectWords: lexemes('s', subjects) };
}

/**
 * Words as Postgres reads a tsvector, each after a letter for the field that it is in. With the field in the word the index itself can
 * tell a title's words from a subject's; Postgres' weights are no part of it, and every row with the word would be looked at.
 */
function lexemes(field: 't' | 'a' | 's', texts: readonly string[]): string {
  return indexedWords(texts.join('\n'))
    .map((word) => field + word)
    .join(' ');
}
