import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fold } from './fold.js';

const change = fc.record(
  {
    key: fc.constantFrom('a', 'b'),
    set: fc.dictionary(fc.constantFrom('x', 'y'), fc.integer({ min: 0, max: 9 })),
    add: fc.dictionary(fc.constantFrom('x', 'y'), fc.integer({ min: -9, max: 9 })),
  },
  { requiredKeys: ['key'] },
);

test('folded changes come to the same as the changes one after the other', () => {
  fc.assert(
    fc.property(fc.array(change), (changes) => {
      const oneByOne: Record<string, Record<string, number>> = {};
      const fold = new Fold();
      for (const { key, set, add } of changes) {
        const row = (oneByOne[key] ??= { x: 0, y: 0 });
        Object.assign(row, set);
        for (const column in add) row[column]! += add[column]!;
        fold.apply({ key, ...(set && { set }), ...(add && { add }) });
      }
      const folded: typeof oneByOne = {};
      for (const { key, set, add } of fold.rows) {
        for (const column in add) expect(set).not.toHaveProperty(column);
        folded[key] = { x: 0, y: 0, ...(set as Record<string, number>), ...add };
      }
      expect(folded).toEqual(oneByOne);
    }),
  );
});
