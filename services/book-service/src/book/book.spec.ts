import { schema } from '@shelfmark/contracts';
import { SchemaValidator } from '@shelfmark/event-sourcing';
import { specification } from '@shelfmark/event-sourcing/testing';
import { describe, it } from 'vitest';
import { book } from './book.js';

const given = specification(book, new SchemaValidator(schema));
const bookId = '0190163d-8694-739b-aea5-966c26f8ad90';
const dune = {
  title: 'Dune',
  authors: ['Herbert, Frank'],
  languages: ['en'],
  subjects: ['Science fiction'],
  amount: 2,
};
const created = { type: 'BookCreated', data: dune } as const;
const deletionRequested = { type: 'BookDeletionRequested', data: {} } as const;
const deleted = { type: 'BookDeleted', data: {} } as const;

describe('CreateBook', () => {
  it('puts a title into the catalogue, once', () => {
    given()
      .when('CreateBook', { bookId, ...dune })
      .then([created])
      .again()
      .then([]);
  });

  it('trims what was typed and takes what was left out for nothing', () => {
    given()
      .when('CreateBook', { bookId, title: ' Emma ', authors: [' Austen, Jane '], amount: 1 })
      .then([
        {
          type: 'BookCreated',
          data: { title: 'Emma', authors: ['Austen, Jane'], languages: [], subjects: [], amount: 1 },
        },
      ]);
  });

  it('stores an ISBN-10 as ISBN-13 without hyphens', () => {
    given()
      .when('CreateBook', { bookId, ...dune, isbn: '0-8044-2957-X' })
      .then([{ type: 'BookCreated', data: { ...dune, isbn: '9780804429573' } }]);
  });

  it('refuses an ISBN whose check digit is wrong, and says which', () => {
    given()
      .when('CreateBook', { bookId, ...dune, isbn: '978-0-306-40615-8' })
      .thenRejects('InvalidIsbn', 'the check digit of the ISBN-13 is wrong');
  });

  it('does not bring a deleted book back', () => {
    given([created, deletionRequested, deleted])
      .when('CreateBook', { bookId, ...dune })
      .then([]);
  });
});

describe('UpdateBook', () => {
  it('records only what differs, once', () => {
    given([created])
      .when('UpdateBook', { bookId, title: 'Dune', amount: 3 })
      .then([{ type: 'BookUpdated', data: { amount: 3 } }])
      .again()
      .then([]);
  });

  it('takes a field away with null', () => {
    given([{ type: 'BookCreated', data: { ...dune, year: 1965 } }])
      .when('UpdateBook', { bookId, year: null })
      .then([{ type: 'BookUpdated', data: { year: null } }])
      .again()
      .then([]);
  });

  it('finds nothing new in the same ISBN written otherwise', () => {
    given([{ type: 'BookCreated', data: { ...dune, isbn: '9780804429573' } }])
      .when('UpdateBook', { bookId, isbn: '0-8044-2957-X' })
      .then([]);
  });

  it('refuses a bad ISBN', () => {
    given([created])
      .when('UpdateBook', { bookId, isbn: '12' })
      .thenRejects('InvalidIsbn', /10 or 13 digits/);
  });

  it('refuses a book that does not exist', () => {
    given().when('UpdateBook', { bookId, amount: 3 }).thenRejects('BookNotFound');
    given([created, deletionRequested, deleted]).when('UpdateBook', { bookId, amount: 3 }).thenRejects('BookNotFound');
  });
});

describe('DeleteBook', () => {
  it('asks first, once', () => {
    given([created]).when('DeleteBook', { bookId }).then([deletionRequested]).again().then([]);
  });

  it('asks again after a refusal', () => {
    given([created, deletionRequested, { type: 'BookDeletionRefused', data: { code: 'BookHasOpenRents' } }])
      .when('DeleteBook', { bookId })
      .then([deletionRequested]);
  });

  it('has nothing to do for a deleted book', () => {
    given([created, deletionRequested, deleted]).when('DeleteBook', { bookId }).then([]);
  });

  it('refuses a book that never was', () => {
    given().when('DeleteBook', { bookId }).thenRejects('BookNotFound');
  });
});

describe('ConfirmBookDeletion', () => {
  it('deletes what was to be deleted, once', () => {
    given([created, deletionRequested]).when('ConfirmBookDeletion', { bookId }).then([deleted]).again().then([]);
  });

  it('deletes also when the request was refused meanwhile, for the desk has closed the book for good', () => {
    given([created, deletionRequested, { type: 'BookDeletionRefused', data: { code: 'BookHasOpenRents' } }])
      .when('ConfirmBookDeletion', { bookId })
      .then([deleted]);
  });

  it('does nothing about a book that never was', () => {
    given().when('ConfirmBookDeletion', { bookId }).then([]);
  });
});

describe('RefuseBookDeletion', () => {
  it('keeps the book and says why, once', () => {
    given([created, deletionRequested])
      .when('RefuseBookDeletion', { bookId, code: 'BookHasOpenRents' })
      .then([{ type: 'BookDeletionRefused', data: { code: 'BookHasOpenRents' } }])
      .again()
      .then([]);
  });

  it('comes too late for a deleted book', () => {
    given([created, deletionRequested, deleted])
      .when('RefuseBookDeletion', { bookId, code: 'BookHasOpenRents' })
      .then([]);
  });
});
