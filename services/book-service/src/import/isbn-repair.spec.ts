import { parseIsbn } from '@shelfmark/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readIsbn } from './isbn-repair.js';

/** Any ISBN-13 that has an ISBN-10 too, and that. */
const isbns = fc.array(fc.nat({ max: 9 }), { minLength: 9, maxLength: 9 }).map((digits) => {
  const sum = digits.reduce((total, digit, index) => total + digit * (10 - index), 0);
  const check = (11 - (sum % 11)) % 11;
  const isbn10 = digits.join('') + (check === 10 ? 'X' : check);
  return { isbn10, isbn13: (parseIsbn(isbn10) as { isbn: string }).isbn };
});

describe('an ISBN', () => {
  it.each([
    '0-8044-2957-X',
    '978 0 8044 2957 3',
    "'080442957x",
    'ISBN 080442957X',
    'ISBN-13: 978-0-8044-2957-3',
    'ISBN080442957X',
    '080442957X (pbk.) :',
    '９７８０８０４４２９５７３',
  ])('that is only written in another way needs no repair: %s', (text) => {
    expect(readIsbn(text)).toEqual({ isbn: '9780804429573' });
  });

  it.each([
    ['439023483', '9780439023481', 'leading zeros had been lost'],
    ['439023483.0', '9780439023481', 'leading zeros had been lost'],
    ['80442957X', '9780804429573', 'leading zeros had been lost'],
    ['9780439023481.0', '9780439023481', 'it had become a number'],
    ['9.780439023481E+12', '9780439023481', 'it had become a number'],
    ['9.78043902348e+12', '9780439023481', 'a spreadsheet had rounded it'],
    ['9,78043902348E+12', '9780439023481', 'a spreadsheet had rounded it'],
    ['978O4390234B1', undefined, ''],
    ['978O43902348l', '9780439023481', 'letters stood for digits'],
  ])('%s is repaired where its check digit proves the repair', (text, isbn, repair) => {
    expect(readIsbn(text)).toEqual(isbn === undefined ? { fault: expect.any(String) } : { isbn, repair });
  });

  it.each([
    ['439023484', 'an ISBN has 10 or 13 digits, not 9'],
    ['9.78014E+12', 'a spreadsheet has rounded it, and 7 digits are lost'],
    ['9.78E+12', 'a spreadsheet has rounded it, and 10 digits are lost'],
    ['9780439023480.0', 'an ISBN holds digits, hyphens and at most one X'],
    ['9780439023480', 'the check digit of the ISBN-13 is wrong'],
    ['12', 'an ISBN has 10 or 13 digits, not 2'],
    ['none', 'an ISBN holds digits, hyphens and at most one X'],
  ])('%s is not guessed at', (text, fault) => {
    expect(readIsbn(text)).toEqual({ fault });
  });

  it('has its leading zeros again, whatever follows them', () => {
    fc.assert(
      fc.property(isbns, fc.integer({ min: 1, max: 3 }), ({ isbn10 }, zeros) => {
        const body = '0'.repeat(zeros) + isbn10.slice(zeros, 9);
        const sum = [...body].reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
        const check = (11 - (sum % 11)) % 11;
        const whole = body + (check === 10 ? 'X' : check);
        const short = whole.replace(/^0+/, '');
        if (short.length < 7) return;
        expect(readIsbn(short)).toMatchObject({ isbn: (parseIsbn(whole) as { isbn: string }).isbn });
      }),
    );
  });

  it('that was rounded is that one again or none, never another', () => {
    fc.assert(
      fc.property(isbns, fc.integer({ min: 0, max: 12 }), ({ isbn13 }, decimals) => {
        const read = readIsbn(Number(isbn13).toExponential(decimals));
        if ('isbn' in read) expect(read.isbn).toBe(isbn13);
        else expect(decimals).toBeLessThan(12);
      }),
    );
  });

  it('that lost one digit to rounding is found, unless there are two', () => {
    const found = fc
      .sample(isbns, { numRuns: 1_000, seed: 1 })
      .filter(({ isbn13 }) => 'isbn' in readIsbn(Number(isbn13).toExponential(11)));
    expect(found.length).toBeGreaterThan(200);
  });
});
