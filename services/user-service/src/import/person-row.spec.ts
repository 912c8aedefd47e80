import { readRow, refusalOfCsv } from '@shelfmark/imports';
import { describe, expect, it } from 'vitest';
import { peopleTable } from './person-row.js';

function row(cells: Readonly<Record<string, string>>) {
  const columns = peopleTable.columns(Object.keys(cells));
  if ('code' in columns) throw new TypeError(columns.detail);
  return readRow({ line: 7, fields: Object.values(cells) }, peopleTable, columns, Object.keys(cells).length);
}

const ada = { 'Full name': ' Ada  Lovelace ', 'E-mail': 'Ada@Example.org ' };

describe('a row of people', () => {
  it('is a person', () => {
    expect(row({ 'Card number': '17', ...ada, 'Rent limit': '3' })).toEqual({
      line: 7,
      item: {
        person: { name: 'Ada Lovelace', email: 'Ada@Example.org', rentLimit: 3 },
        externalId: { column: 'cardnumber', value: '17' },
      },
    });
    expect(row({ ...ada, limit: '' })).toEqual({
      line: 7,
      item: { person: { name: 'Ada Lovelace', email: 'Ada@Example.org' } },
    });
  });

  it.each([
    [{ ...ada, 'E-mail': '' }, 'E-mail'],
    [{ ...ada, 'E-mail': 'ada at example.org' }, 'E-mail'],
    [{ ...ada, 'Full name': '' }, 'Full name'],
    [{ ...ada, limit: '101' }, 'limit'],
    [{ ...ada, limit: 'ada@example.org' }, 'limit'],
  ])('is refused for %j, and the reason repeats nothing of it', (cells, column) => {
    const refused = row(cells);
    expect(refused).toEqual({ line: 7, column, reason: expect.any(String) });
    expect(JSON.stringify(refused)).not.toMatch(/ada|example/i);
  });

  it('needs columns of names and addresses; what stands there instead is not repeated', () => {
    const refusal = refusalOfCsv(peopleTable, Buffer.from('Ada Lovelace,ada@example.org\n'), true);
    expect(refusal).toEqual({
      code: 'MissingColumns',
      detail: 'The first row names no column "name" and no "email".',
    });
  });
});
