import assert from 'node:assert/strict';
import {
  type BookCommands,
  type BookDeletionObstacle,
  type BookEvents,
  type BookRejection,
  type UpdateBook,
  parseIsbn,
} from '@shelfmark/contracts';
import { type Decider, reject } from '@shelfmark/event-sourcing';

export type Book =
  | { readonly status: 'absent' | 'deleted' }
  | {
      readonly status: 'present' | 'deleting';
      readonly createdAt: string;
      readonly updatedAt: string;
      readonly details: BookDetails;
      /** The revision of the event that last set the amount, by which others tell which amount is newer. */
      readonly amountRevision: number;
      /** Why its last deletion was refused. */
      readonly obstacle?: BookDeletionObstacle;
    };

interface BookDetails {
  readonly title: string;
  readonly authors: readonly string[];
  readonly isbn: string | null;
  readonly languages: readonly string[];
  readonly subjects: readonly string[];
  readonly year: number | null;
  readonly amount: number;
}

export const book: Decider<Book, BookCommands, BookEvents, BookRejection> = {
  category: 'Book',
  initial: { status: 'absent' },
  entityId: ({ bookId }) => bookId,

  decide: {
    CreateBook: (state, { title, authors = [], isbn, languages = [], subjects = [], year, amount }) => {
      if (state.status !== 'absent') return [];
      const parsed = isbn === undefined ? undefined : parseIsbn(isbn);
      if (parsed && 'fault' in parsed) return reject('InvalidIsbn', parsed.fault);
      return [
        {
          type: 'BookCreated',
          data: {
            title: title.trim(),
            authors: trimmed(authors),
            ...(parsed && { isbn: parsed.isbn }),
            languages,
            subjects: trimmed(subjects),
            ...(year !== undefined && { year }),
            amount,
          },
        },
      ];
    },

    UpdateBook: (state, { bookId: _, ...asked }) => {
      if (!isThere(state)) return reject('BookNotFound');
      const isbn = typeof asked.isbn === 'string' ? parseIsbn(asked.isbn) : undefined;
      if (isbn && 'fault' in isbn) return reject('InvalidIsbn', isbn.fault);
      const changes = changed(state.details, {
        ...asked,
        ...(asked.title !== undefined && { title: asked.title.trim() }),
        ...(asked.authors && { authors: trimmed(asked.authors) }),
        ...(asked.subjects && { subjects: trimmed(asked.subjects) }),
        ...(isbn && { isbn: isbn.isbn }),
      });
      return Object.keys(changes).length === 0 ? [] : [{ type: 'BookUpdated', data: changes }];
    },

    DeleteBook: (state) => {
      switch (state.status) {
        case 'absent':
          return reject('BookNotFound');
        case 'present':
          return [{ type: 'BookDeletionRequested', data: {} }];
        case 'deleting':
        case 'deleted':
          return [];
      }
    },

    // Also when the request was refused meanwhile: whoever confirms knows that the lending desk has closed the book for good.
    ConfirmBookDeletion: (state) => (isThere(state) ? [{ type: 'BookDeleted', data: {} }] : []),

    RefuseBookDeletion: (state, { code }) =>
      state.status === 'deleting' ? [{ type: 'BookDeletionRefused', data: { code } }] : [],
  },

  evolve: {
    BookCreated: (_state, { isbn = null, year = null, ...data }, { revision, metadata }) => ({
      status: 'present',
      createdAt: metadata.time,
      updatedAt: metadata.time,
      details: { ...data, isbn, year },
      amountRevision: revision,
    }),
    BookUpdated: (state, changes, { revision, metadata }) => {
      assert(isThere(state));
      return {
        ...state,
        updatedAt: metadata.time,
        details: { ...state.details, ...changes },
        amountRevision: changes.amount === undefined ? state.amountRevision : revision,
      };
    },
    BookDeletionRequested: (state) => {
      assert(isThere(state));
      return { ...state, status: 'deleting' };
    },
    BookDeletionRefused: (state, { code }) => {
      assert(isThere(state));
      return { ...state, status: 'present', obstacle: code };
    },
    BookDeleted: () => ({ status: 'deleted' }),
  },
};

/** Whether the book is in the catalogue; one whose deletion is being asked about still is. */
export function isThere(state: Book): state is Extract<Book, { details: BookDetails }> {
  return state.status === 'present' || state.status === 'deleting';
}

function trimmed(texts: readonly string[]): string[] {
  return texts.map((text) => text.trim());
}

/** Those of the fields that differ from what is there. */
function changed(details: BookDetails, asked: Omit<UpdateBook, 'bookId'>): BookEvents['BookUpdated'] {
  return Object.fromEntries(
    Object.entries(asked).filter(
      ([field, value]) => JSON.stringify(value) !== JSON.stringify(details[field as keyof BookDetails]),
    ),
  );
}
