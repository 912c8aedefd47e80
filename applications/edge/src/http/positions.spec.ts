import { describe, expect, it } from 'vitest';
import { formatPosition, parsePositions } from './positions.js';

describe('Shelfmark-Position', () => {
  it('is read as it was written', () => {
    expect(parsePositions(formatPosition('rent', '9223372036854775807'))).toEqual(new Map([['rent', 2n ** 63n - 1n]]));
  });

  it('holds one position a service, the highest of those given', () => {
    expect(parsePositions('book@900, rent@1234,book@7')).toEqual(
      new Map([
        ['book', 900n],
        ['rent', 1234n],
      ]),
    );
  });

  it('may name a service that the edge has not heard of', () => {
    expect(parsePositions('loan@1').get('loan')).toBe(1n);
  });

  it.each([
    '',
    'book',
    'book@',
    '@1',
    'book@-1',
    'book@1.5',
    'Book@1',
    'book@9223372036854775808',
    'book@1,',
    'book@1;rent@2',
  ])('%j is malformed', (header) => {
    expect(() => parsePositions(header)).toThrow(expect.objectContaining({ code: 'InvalidHeader' }));
  });
});
