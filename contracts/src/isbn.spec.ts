import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseIsbn } from './isbn.js';

describe('an ISBN', () => {
  it.each([
    ['978-0-306-40615-7', '9780306406157'],
    ['0-306-40615-2', '9780306406157'],
    ['0–8044–2957–x', '9780804429573'],
    ['979 10 90636 07 1', '9791090636071'],
  ])('%s is %s', (text, isbn) => {
    expect(parseIsbn(text)).toEqual({ isbn });
  });

  it.each([
    ['0-306-40615-3', /check digit of the ISBN-10/],
    ['978-0-306-40615-8', /check digit of the ISBN-13/],
    ['977-0-306-40615-7', /978 or 979/],
    ['12345', /10 or 13 digits, not 5/],
    ['X306406152', /10 or 13 digits, not 10|at most one X/],
    ['978030640615A', /digits, hyphens/],
    ['', /not 0/],
  ])('%s is none, and it is said why', (text, why) => {
    const parsed = parseIsbn(text);
    expect('fault' in parsed && parsed.fault).toMatch(why);
  });

  it('of 13 digits notices every single wrong digit', () => {
    fc.assert(
      fc.property(fc.nat(11), fc.integer({ min: 1, max: 9 }), (place, by) => {
        const digits = [...'9780306406157'];
        digits[place] = String((Number(digits[place]) + by) % 10);
        expect('fault' in parseIsbn(digits.join(''))).toBe(true);
      }),
    );
  });
});
