import { describe, expect, it } from 'vitest';
import { type MadeField, isoRecord } from '../testing/marc-records.js';
import { Iso2709Records } from './iso2709-records.js';
import { readMarcBook } from './marc-book.js';

function book(...fields: readonly MadeField[]) {
  const row = readMarcBook(new Iso2709Records().push(isoRecord(fields))[0]!);
  if ('reason' in row) return row;
  const { item, ...rest } = row;
  return { ...rest, ...item };
}

const title: MadeField = ['245', 'aEmma'];
const fixed = (year: string, language: string): MadeField => [
  '008',
  `080108s${year}    enk           000 1 ${language} d`,
];

describe('a record', () => {
  it('is a book', () => {
    const row = book(
      ['001', ' 12345 '],
      ['003', 'DLC'],
      fixed('1968', 'eng'),
      ['020', 'a0804429575 (v. 1)'],
      ['020', 'a0-8044-2957-X (pbk.) :', 'c$12.00'],
      ['100', 'aMelville, Herman,', 'd1819-1891.'],
      ['245', 'aMoby Dick ;', 'bor, The whale /', 'cby Herman Melville.'],
      ['260', 'aLondon :', 'bPenguin,', 'cc1968.'],
      ['600', 'aAhab,', 'cCaptain', 'vFiction.'],
      ['650', 'aWhales', 'xHunting', 'zNantucket.'],
      ['650', 'aWhales', 'xHunting', 'zNantucket.'],
      ['651', 'aPacific Ocean.'],
      ['700', 'aKing, Stephen J.,', 'eeditor.'],
      ['700', 'aShakespeare, William.', 'tHamlet.'],
      ['852', 'aMain'],
      ['852', 'aBranch'],
    );
    expect(row).toEqual({
      record: 1,
      externalId: { column: '001 DLC', value: '12345' },
      content: {
        title: 'Moby Dick ; or, The whale',
        authors: ['Melville, Herman', 'King, Stephen J.'],
        isbn: '9780804429573',
        languages: ['en'],
        subjects: ['Ahab, Captain -- Fiction', 'Whales -- Hunting -- Nantucket', 'Pacific Ocean'],
        year: 1968,
        amount: 2,
      },
    });
  });

  it('that tells only a title is one copy', () => {
    expect(book(title)).toEqual({
      record: 1,
      content: { title: 'Emma', authors: [], languages: [], subjects: [], amount: 1 },
    });
  });

  it.each([
    [[['245', 'aFaust.', 'nPart 2 /']], 'Faust. Part 2'],
    [[['245', 'a[Poems]']], 'Poems'],
    [[['245', 'aThe life of J. R.']], 'The life of J. R.'],
    [[['245', 'aWhat? :', 'bwhy! =', 'pIndex']], 'What? : why! = Index'],
  ] as [MadeField[], string][])('%j has the title %j', (fields, expected) => {
    expect(book(...fields)).toMatchObject({ content: { title: expected } });
  });

  it.each([
    [[fixed('2008', 'heb'), ['260', 'c5768 [2008]']], 2008],
    [[fixed('19uu', 'eng'), ['264', 'c[1999?]']], 1999],
    [[['260', 'cMDCCC']], undefined],
    [[fixed('1815', 'eng')], 1815],
    [[fixed('9999', 'eng')], undefined],
  ] as [MadeField[], number | undefined][])('%j is of the year %j', (fields, year) => {
    expect((book(title, ...fields) as { content: { year?: number } }).content.year).toBe(year);
  });

  it.each([
    [[fixed('1999', 'ger')], ['de']],
    [
      [fixed('1999', 'ger'), ['041', 'aengfre', 'hrus']],
      ['en', 'fr'],
    ],
    [[fixed('1999', '   ')], []],
    [[fixed('1999', 'mul'), ['041', 'agrc', 'aund']], ['grc']],
  ] as [MadeField[], string[]][])('%j is in %j', (fields, languages) => {
    expect(book(title, ...fields)).toMatchObject({ content: { languages } });
  });
});

describe('a record is refused, and says which field is at fault,', () => {
  it.each([
    ['without a title', [['260', 'c1999']], '245', 'is missing'],
    [
      'with no ISBN that is one',
      [title, ['020', 'a0804429575'], ['020', 'a(pbk.)']],
      '020',
      'the check digit of the ISBN-10 is wrong',
    ],
  ] as [string, MadeField[], string, string][])('%s', (_what, fields, column, reason) => {
    expect(book(...fields)).toEqual({ record: 1, column, reason });
  });

  it.each([
    ['z', 6, 'it is no record of a book, but of a name or a subject'],
    ['x', 6, 'it is no record of a book, but of its copies'],
    ['d', 5, 'it says that the book was deleted'],
  ])('when its leader has %s at %i', (character, at, reason) => {
    const bytes = isoRecord([title]);
    bytes.write(character, at);
    expect(readMarcBook(new Iso2709Records().push(bytes)[0]!)).toEqual({ record: 1, reason });
  });
});

it('a damaged ISBN is repaired, and that is said', () => {
  expect(book(title, ['020', 'a439023483 (hc)'])).toMatchObject({
    content: { isbn: '9780439023481' },
    repair: { column: '020', reason: 'leading zeros had been lost', repaired: { to: '9780439023481' } },
  });
});
