import { describe, expect, it } from 'vitest';
import { readRow } from '@shelfmark/imports';
import { bookTable } from './book-row.js';
import { mapColumns } from './columns.js';

/** A row of a file with these columns. */
function row(cells: Readonly<Record<string, string>>) {
  const columns = mapColumns(Object.keys(cells))!;
  const read = readRow({ line: 7, fields: Object.values(cells) }, bookTable, columns, Object.keys(cells).length);
  if (!read || 'reason' in read) return read;
  const { item, ...rest } = read;
  return { ...rest, ...item };
}

describe('a row', () => {
  it('is a book', () => {
    const cells = {
      gutenberg_id: '200',
      title: ' The  Project\nGutenberg Encyclopedia ',
      author: 'Hart, Michael; Newby, Gregory B.',
      isbn: '0-8044-2957-X',
      language: 'de/en',
      subjects: 'Encyclopedias and dictionaries; Reference -- Handbooks, manuals, etc.',
      year: '1995',
      copies: '3',
    };
    expect(row(cells)).toEqual({
      line: 7,
      externalId: { column: 'gutenbergid', value: '200' },
      content: {
        title: 'The Project Gutenberg Encyclopedia',
        authors: ['Hart, Michael', 'Newby, Gregory B.'],
        isbn: '9780804429573',
        languages: ['de', 'en'],
        subjects: ['Encyclopedias and dictionaries', 'Reference -- Handbooks, manuals, etc.'],
        year: 1995,
        amount: 3,
      },
    });
  });

  it('that tells only a title is one copy', () => {
    expect(row({ title: 'Emma', author: '', language: '', copies: '' })).toEqual({
      line: 7,
      content: { title: 'Emma', authors: [], languages: [], subjects: [], amount: 1 },
    });
  });

  it('that is blank is none', () => {
    expect(row({ title: ' ', author: '' })).toBeUndefined();
  });

  it('may be shorter than the first row, and longer by nothing', () => {
    const columns = mapColumns(['title', 'author'])!;
    expect(readRow({ line: 2, fields: ['Emma'] }, bookTable, columns, 2)).toHaveProperty('item');
    expect(readRow({ line: 2, fields: ['Emma', 'x', '', ' '] }, bookTable, columns, 2)).toHaveProperty('item');
    expect(readRow({ line: 2, fields: ['Emma', 'Austen', ' Jane'] }, bookTable, columns, 2)).toEqual({
      line: 2,
      reason: 'the row has 3 columns, more than the first row',
    });
  });

  it.each([
    ['de;en', ['de', 'en']],
    ['en_US', ['en-US']],
    ['en, fr|it', ['en', 'fr', 'it']],
    ['en/en', ['en']],
  ])('has in %j the languages %j', (language, languages) => {
    expect(row({ title: 'Emma', language })).toMatchObject({ content: { languages } });
  });

  it.each([
    ['2008', 2008],
    ['2008.0', 2008],
    ['-750', -750],
    ['2008-09-14', 2008],
    ['9/14/2008', 2008],
    ['14.9.2008', 2008],
  ])('has in %j the year %j', (year, expected) => {
    expect(row({ title: 'Emma', year })).toMatchObject({ content: { year: expected } });
  });

  it('has the ISBN of the column that did not lose it', () => {
    const isbn = '9780439023481';
    const spared = row({ title: 'x', isbn: '0439023483', isbn13: '9.78043902348e+12' });
    expect(spared).toMatchObject({ content: { isbn } });
    expect(spared).not.toHaveProperty('repair');
    for (const cell of ['="0439023483"', 'x; 0439023483', '9780439023481, 0439023483 (pbk.)'])
      expect(row({ title: 'x', isbn: cell })).toMatchObject({ content: { isbn } });
    expect(row({ title: 'x', isbn: '=""' })).not.toHaveProperty('content.isbn');
  });
});

it('a row whose ISBN was damaged is that book, and says what it was', () => {
  expect(row({ title: 'x', 'ISBN-10': '439023483', isbn13: '9,78043902348E+12' })).toMatchObject({
    content: { isbn: '9780439023481' },
    repair: {
      column: 'isbn13',
      reason: 'a spreadsheet had rounded it',
      repaired: { from: '9,78043902348E+12', to: '9780439023481' },
    },
  });
});

describe('a row is refused, and says which column is at fault, for', () => {
  it.each([
    [{ Title: '', author: 'Austen' }, 'Title', 'is missing'],
    [{ title: 'x'.repeat(2_001) }, 'title', /2000/],
    [{ title: 'x\0' }, 'title', /NUL/],
    [{ title: 'x', isbn: '978-0-306-40615-8' }, 'isbn', 'the check digit of the ISBN-13 is wrong'],
    [{ title: 'x', ISBN13: '9.78044E+12' }, 'ISBN13', 'a spreadsheet has rounded it, and 7 digits are lost'],
    [{ title: 'x', isbn: '439023484' }, 'isbn', 'an ISBN has 10 or 13 digits, not 9'],
    [{ title: 'x', Language: 'English (UK)' }, 'Language', /pattern/],
    [{ title: 'x', year: 'unknown' }, 'year', /integer/],
    [{ title: 'x', copies: '-1' }, 'copies', />= 0/],
    [{ title: 'x', copies: 'some' }, 'copies', /integer/],
    [{ title: 'Caf\ufffd' }, 'title', /encoding/],
  ])('%j', (cells, column, reason) => {
    const { reason: said, ...refused } = row(cells) as { reason: string };
    expect(refused).toEqual({ line: 7, column });
    expect(said).toMatch(reason);
  });
});
