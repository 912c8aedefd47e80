import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { estimateWait } from './estimated-wait.js';

const kept = { basedOn: 'history', days: [7, 13.5] } as const;

describe('the estimated wait', () => {
  it('is longer for who is further behind, and shorter where there are more copies', () => {
    expect(estimateWait(1, { copies: 1, kept })).toEqual({ lowerDays: 7, upperDays: 14, basedOn: 'history' });
    expect(estimateWait(3, { copies: 1, kept })).toEqual({ lowerDays: 21, upperDays: 41, basedOn: 'history' });
    expect(estimateWait(3, { copies: 4, kept })).toEqual({ lowerDays: 5, upperDays: 11, basedOn: 'history' });
  });

  it('is not known without a history, and never ends without a copy', () => {
    expect(estimateWait(1, { copies: 1, kept: null })).toBeNull();
    expect(estimateWait(1, { copies: 0, kept })).toBeNull();
    expect(estimateWait(1, { copies: -2, kept })).toBeNull();
  });

  it('is a range of whole days that are not in the past', () => {
    const days = fc.tuple(fc.double({ min: 0, max: 400, noNaN: true }), fc.double({ min: 0, max: 400, noNaN: true }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.integer({ min: 1, max: 10_000 }),
        days,
        (place, copies, two) => {
          const [quick, slow] = two.toSorted((a, b) => a - b) as [number, number];
          const { lowerDays, upperDays } = estimateWait(place, {
            copies,
            kept: { basedOn: 'history', days: [quick, slow] },
          })!;
          expect(Number.isInteger(lowerDays) && Number.isInteger(upperDays)).toBe(true);
          expect(lowerDays).toBeGreaterThanOrEqual(0);
          expect(upperDays).toBeGreaterThanOrEqual(lowerDays);
        },
      ),
    );
  });
});
