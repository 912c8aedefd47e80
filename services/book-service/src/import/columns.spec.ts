import { describe, expect, it } from 'vitest';
import { mapColumns } from './columns.js';

function fields(...names: string[]): Record<string, string> {
  return Object.fromEntries(mapColumns(names)!.mapped.map(({ name, field }) => [name, field]));
}

describe('columns', () => {
  it('are known by their usual names, however they are spelt', () => {
    expect(
      fields('Book ID', 'TITLE', 'Author_Name', 'ISBN-13', 'isbn10', 'Language Code', 'Subject', 'copies'),
    ).toEqual({
      'Book ID': 'externalId',
      TITLE: 'title',
      Author_Name: 'authors',
      'ISBN-13': 'isbn',
      isbn10: 'isbn',
      'Language Code': 'languages',
      Subject: 'subjects',
      copies: 'amount',
    });
  });

  it('are those of the catalogue that the project ships', () => {
    expect(fields('gutenberg_id', 'title', 'author', 'language', 'subjects')).toMatchObject({
      gutenberg_id: 'externalId',
      author: 'authors',
    });
  });

  it('that mean nothing, or say a second time what another one says, are told', () => {
    expect(mapColumns(['id', 'title', 'book_id', 'shelf', 'Title'])!.ignored).toEqual(['id', 'shelf', 'Title']);
  });

  it('without one of titles are no books', () => {
    expect(mapColumns(['id', 'author', ''])).toBeUndefined();
  });
});
