import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRecord } from './csv.js';

const asIs = { forSpreadsheet: false };

describe('a CSV record', () => {
  it('is read back as it was written, by a reader that is not ours', () => {
    const text = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', ' ', ';', 'a', '=') }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text, text), { minLength: 1 }), (records) => {
        const file = records.map((record) => csvRecord(['x', ...record], asIs)).join('');
        expect(parse(file, { record_delimiter: '\r\n' })).toEqual(records.map((record) => ['x', ...record]));
      }),
    );
  });

  it('has nothing where there is nothing, instants as RFC 3339, and numbers as they are', () => {
    const cells = [null, new Date(0), -44, true, ''];
    expect(csvRecord(cells, asIs)).toBe(',1970-01-01T00:00:00.000Z,-44,true,\r\n');
  });

  it('keeps a text that looks like a formula, unless it is for a spreadsheet', () => {
    const cells = ['=1+1', '+1', '-1', '@a', '\tx', 'a=b', -1];
    expect(csvRecord(cells, asIs)).toBe('=1+1,+1,-1,@a,"\tx",a=b,-1\r\n');
    expect(csvRecord(cells, { forSpreadsheet: true })).toBe("'=1+1,'+1,'-1,'@a,'\tx,a=b,-1\r\n");
  });
});
