import { readRow } from '@shelfmark/imports';
import { describe, expect, it } from 'vitest';
import { rentTable } from './rent-row.js';

function row(cells: Readonly<Record<string, string>>) {
  const columns = rentTable.columns(Object.keys(cells));
  if ('code' in columns) return columns.code;
  return readRow({ line: 7, fields: Object.values(cells) }, rentTable, columns, Object.keys(cells).length);
}

describe('a row of rents', () => {
  it('says which book, who has it, and until when', () => {
    expect(
      row({ 'Book ID': '200', 'E-mail': 'ada@example.org', 'Due date': '31.1.2026', 'Rented on': '2026-01-05' }),
    ).toEqual({
      line: 7,
      item: {
        book: { column: 'bookid', value: '200' },
        person: { email: 'ada@example.org' },
        dueOn: '2026-01-31',
        rentedOn: '2026-01-05',
      },
    });
    expect(row({ gutenberg_id: '200', card_number: '17', due: '2026-01-31 23:59' })).toMatchObject({
      item: {
        book: { column: 'gutenbergid', value: '200' },
        person: { column: 'cardnumber', value: '17' },
        dueOn: '2026-01-31',
      },
    });
  });

  it('may be one of an export, as far as it is open', () => {
    const exported = { id: 'x.0', bookId: 'x', userId: 'y', state: 'open', overdue: 'true', dueOn: '2026-01-31' };
    expect(row(exported)).toMatchObject({ item: { book: { column: 'bookid', value: 'x' } } });
    expect(row({ ...exported, state: 'returned' })).toMatchObject({ column: 'state' });
  });

  it.each([
    [{ book_id: '', email: 'ada@example.org', due: '2026-01-31' }, 'book_id'],
    [{ book_id: '200', email: '', due: '2026-01-31' }, 'email'],
    [{ book_id: '200', email: 'ada@example.org', due: '1/2/2026' }, 'due'],
    [{ book_id: '200', email: 'ada@example.org', due: '2026-02-30' }, 'due'],
    [{ book_id: '200', email: 'ada@example.org', due: '2026-02-20', rented: 'ada' }, 'rented'],
  ])('is refused for %j, and the reason repeats nothing of it', (cells, column) => {
    const refused = row(cells);
    expect(refused).toEqual({ line: 7, column, reason: expect.any(String) });
    expect(JSON.stringify(refused)).not.toMatch(/ada|example/i);
  });

  it('needs columns of books, people and days', () => {
    for (const names of [
      ['id', 'email', 'due'],
      ['book_id', 'due'],
      ['book_id', 'email'],
    ]) {
      expect(row(Object.fromEntries(names.map((name) => [name, ''])))).toBe('MissingColumns');
    }
  });
});
