import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Problem } from './problem.js';
import { flag, oneOf, readQuery, required, wholeNumber, words } from './query.js';

const spec = { q: words(5), limit: wholeNumber(1, 100), available: flag, sort: oneOf('title', 'newest') };

function faults(url: string): unknown {
  try {
    readQuery(url, spec);
  } catch (error) {
    return (error as Problem).errors;
  }
  return [];
}

describe('a query', () => {
  it('is read into the values of its parameters', () => {
    expect(readQuery('/books?q=a+b&limit=7&available=true&sort=newest', spec)).toEqual({
      q: 'a b',
      limit: 7,
      available: true,
      sort: 'newest',
    });
    expect(readQuery('/books', spec)).toEqual({});
  });

  it('takes a blank parameter as one that is not given', () => {
    expect(readQuery('/books?q=&limit=&&sort=%20', spec)).toEqual({});
  });

  it('names every parameter that is wrong', () => {
    expect(faults('/books?limit=0&limit=5&colour=red&q=abcdef&sort=size&available=yes')).toEqual([
      { parameter: 'limit', detail: 'must be a whole number from 1 to 100' },
      { parameter: 'limit', detail: 'is given more than once' },
      { parameter: 'colour', detail: 'is not a known parameter' },
      { parameter: 'q', detail: 'must not have more than 5 characters' },
      { parameter: 'sort', detail: 'must be one of title, newest' },
      { parameter: 'available', detail: 'must be one of true, false' },
    ]);
  });

  it.each([
    'limit=101',
    'limit=-1',
    'limit=1e1',
    'limit=1.0',
    'limit=0x5',
    'q=%zz',
    'q=%ff',
    'q=%00',
    '%zz=1',
    '__proto__=1',
  ])('refuses %s', (query) => {
    expect(faults(`/books?${query}`)).toHaveLength(1);
  });

  it('is never read with an error of another kind', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const errors = faults(`/books?${text}`) as { parameter: string }[];
        expect(errors.every(({ parameter }) => typeof parameter === 'string')).toBe(true);
      }),
    );
  });

  it('names the parameters that must be there and are not', () => {
    expect(() => required({ a: 1, b: undefined }, ['a', 'b'])).toThrow(
      expect.objectContaining({ errors: [{ parameter: 'b', detail: 'is missing' }] }),
    );
  });
});
