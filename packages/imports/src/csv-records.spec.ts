import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvRecords, type CsvRecord } from './csv-records.js';

const head = { delimiter: ',', names: ['id', 'title', 'author'], lines: 1 };

function read(text: string, pieces: readonly number[] = [], lineEnd = /\r?\n/): CsvRecord[] {
  const records = new CsvRecords(head, lineEnd);
  const found: CsvRecord[] = [];
  let start = 0;
  for (const length of pieces) {
    found.push(...records.push(text.slice(start, start + length)));
    start += length;
  }
  found.push(...records.push(text.slice(start)), ...records.end());
  return found;
}

const notClosed = 'a quotation mark is not closed';

describe('rows', () => {
  it('are told with the number of the line that they begin on', () => {
    expect(read('id,title,author\r\n1,Emma,Austen\r\n\r\n2,"Moby\r\nDick","Melville, H."\r\n3,Faust,Goethe')).toEqual([
      { line: 2, fields: ['1', 'Emma', 'Austen'] },
      { line: 4, fields: ['2', 'Moby\nDick', 'Melville, H.'] },
      { line: 6, fields: ['3', 'Faust', 'Goethe'] },
    ]);
  });

  it('may end as on an old Mac', () => {
    expect(read('id,title,author\r1,Emma,Austen\r2,Faust,Goethe\r', [], /\r/)).toMatchObject([
      { line: 2 },
      { line: 3 },
    ]);
  });

  it('are the same, in whatever pieces the file comes', () => {
    const field = fc.constantFrom('', 'a', 'Emma', '"x, y"', '"say ""no"""', '"two\nlines"', 'ß東', '"open', 'in"side');
    const row = fc.tuple(field, field, field).map((fields) => fields.join(','));
    const lines = fc.array(row, { maxLength: 12 });
    fc.assert(
      fc.property(lines, fc.array(fc.nat({ max: 15 })), fc.constantFrom('\n', '\r\n'), (rows, pieces, lineEnd) => {
        const text = ['id,title,author', ...rows].join(lineEnd);
        expect(read(text, pieces)).toEqual(read(text));
      }),
    );
  });
});

describe('a damaged row', () => {
  it.each([
    ['2,"Faust,Goethe', notClosed],
    ['2,Fa"ust,Goethe"', 'a quotation mark stands within a column that does not begin with one'],
    ['2,"Faust" I,Goethe', 'something stands between a closing quotation mark and the next column'],
    [`2,${'x'.repeat(70_000)},Goethe`, 'the line is longer than 65536 characters'],
    [`2,${'x'.repeat(200_000)},Goethe`, 'the line is longer than 65536 characters'],
  ])('is lost alone: %.30s', (damaged, damage) => {
    const text = `id,title,author\n1,Emma,Austen\n${damaged}\n3,Moby Dick,Melville\n`;
    for (const pieces of [[], [20], [40_000, 40_000]]) {
      expect(read(text, pieces)).toEqual([
        { line: 2, fields: ['1', 'Emma', 'Austen'] },
        { line: 3, damage },
        { line: 4, fields: ['3', 'Moby Dick', 'Melville'] },
      ]);
    }
  });

  it('does not take the rows along that stand between its quotation mark and the next one', () => {
    const rows = read('id,title,author\n1,"Emma,Austen\n2,Faust,Goethe\n3,Dick",Melville\n4,Dune,Herbert');
    expect(rows).toEqual([
      { line: 2, damage: expect.any(String) },
      { line: 3, fields: ['2', 'Faust', 'Goethe'] },
      { line: 4, damage: expect.any(String) },
      { line: 5, fields: ['4', 'Dune', 'Herbert'] },
    ]);
  });

  it('costs only itself, however many rows follow', () => {
    const rows = Array.from({ length: 5_000 }, (_, n) => `${n},Title ${n},Author`);
    const records = read(['id,title,author', '0,"open,x', ...rows].join('\n'));
    expect(records[0]).toEqual({ line: 2, damage: notClosed });
    expect(records.slice(1).map((record) => record.line)).toEqual(rows.map((_, index) => index + 3));
    expect(records.slice(1).every((record) => 'fields' in record)).toBe(true);
  });
});
