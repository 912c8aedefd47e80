import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatSpellings, nearest, parseSpellings } from './spellings.js';

describe('a mistyped word', () => {
  it.each([
    ['frankinstein', 'frankenstein'],
    ['emam', 'emma'],
    ['shakespaer', 'shakespeare'],
    ['huckelbery', 'huckleberry'],
    ['дастоевски', 'достоевскии'],
  ])('%s is near to %s', (typed, meant) => {
    expect(nearest(typed, ['something', meant])).toEqual([meant]);
  });

  it.each([
    ['emma', 'gamma'],
    ['the', 'them'],
    ['emma', 'emma'],
  ])('%s is not taken for %s', (typed, other) => {
    expect(nearest(typed, [other])).toEqual([]);
  });

  it('is taken for the nearest first, and for no more than five', () => {
    const candidates = ['huckleberries', 'huckleberry', ...Array.from('bcdefg', (letter) => `${letter}uckleberry`)];
    expect(nearest('huckleberrx', candidates)).toHaveLength(5);
    expect(nearest('huckleberrx', candidates)[0]).toBe('huckleberry');
  });
});

describe('the spellings in a cursor', () => {
  it('are read as they were written', () => {
    const spellings = new Map([['pryde', ['pride', 'bryde']]]);
    expect(parseSpellings(JSON.parse(JSON.stringify(formatSpellings(spellings))))).toEqual(spellings);
  });

  it.each([[undefined], [{}], [[['a']]], [[["a' | 'b", ['c']]]], [[['a', ['B']]]], [[['a', 'b']]], [[['a', ['b c']]]]])(
    'are not %j',
    (value) => expect(parseSpellings(value)).toBeUndefined(),
  );

  it('hold nothing that means something to a query, whatever is in the cursor', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.array(fc.string({ unit: 'binary' })))),
        (value) => {
          for (const [word, others] of parseSpellings(value) ?? []) {
            for (const each of [word, ...others]) expect(each).toMatch(/^[\p{L}\p{M}\p{N}]+$/u);
          }
        },
      ),
    );
  });
});
