import { expect, test } from 'vitest';
import { sortKey } from './sort-key.js';

test('a sort key knows neither case nor diacritics', () => {
  expect(sortKey(' Émile ZOLA ')).toBe('emile zola');
  expect(sortKey('Ångström')).toBe(sortKey('angstrom'));
});

test('a sort key has at most 200 characters and cuts none in two', () => {
  expect(sortKey('x'.repeat(2_000))).toHaveLength(200);
  const astral = sortKey(`x${'𝔸𐐀'.repeat(1_000)}`);
  expect(Array.from(astral)).toHaveLength(200);
  expect(astral.isWellFormed()).toBe(true);
});
