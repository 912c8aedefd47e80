import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint, FingerprintTable } from './fingerprint-table.js';

test('finds the last number under a fingerprint that matches, however many share it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 300 }), (prints) => {
      const table = new FingerprintTable();
      for (const [number, print] of prints.entries()) table.add(print, number);
      expect(table.size).toBe(prints.length);
      for (const print of new Set(prints)) {
        expect(table.find(print, () => true)).toBe(prints.lastIndexOf(print));
        expect(table.find(print, (number) => number === prints.indexOf(print))).toBe(prints.indexOf(print));
      }
      expect(table.find(41, () => true)).toBeUndefined();
    }),
  );
});

test('a fingerprint depends on nothing but the text, since it lies on the disk', () => {
  expect(fingerprint('Book-1')).toBe(fingerprint('Book-1'));
  expect(fingerprint('Book-1')).not.toBe(fingerprint('Book-2'));
  expect(fingerprint('')).toBe(0x42c4b0e3);
});
