import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Change, ChangeWindow } from './change-window.js';
import type { Place } from './place.js';

const at = (position: number, log = 'log'): Place => ({
  log,
  generation: 1,
  position: BigInt(position),
  sequence: position,
});
const change = (position: number): Change => ({ place: at(position), lines: String(position) });

/** What a reader is told who begins at a place. */
function told(window: ChangeWindow, from: Place | undefined): number[] {
  const found: number[] = [];
  for (let next = window.after(from); next; next = window.after(next.place)) found.push(next.place.sequence);
  return found;
}

describe('the window of changes', () => {
  it('tells from any place that it covers every later change, each once and in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.boolean(), { maxLength: 6 }), { maxLength: 12 }),
        fc.nat({ max: 10 }),
        fc.integer({ min: 1, max: 12 }),
        (batches, before, capacity) => {
          const start = at(100);
          const window = new ChangeWindow(start, capacity);
          const all: number[] = [];
          let position = 100;
          for (const batch of batches) {
            const changes: Change[] = [];
            for (const isChange of batch) if ((position += 3) && isChange) changes.push(change(position));
            all.push(...changes.map(({ place }) => place.sequence));
            window.extend(changes, at(position));
          }
          const earlier = Array.from({ length: before }, (_, index) => 100 - before + index + 1);
          const had = window.size;
          const wasAdded = window.prepend(at(100 - before), earlier.map(change), start);
          if (wasAdded) all.unshift(...earlier);
          expect(wasAdded).toBe(window.start !== undefined && all.length <= capacity && had + before <= capacity);
          expect(window.size).toBeLessThanOrEqual(capacity);
          for (let from = 80; from <= position + 1; from++) {
            if (window.covers(at(from))) expect(told(window, at(from))).toEqual(all.filter((found) => found > from));
            else expect(from).toBeLessThan(window.start!.sequence);
          }
        },
      ),
    );
  });

  it('covers the beginning of a log only while it begins there', () => {
    const window = new ChangeWindow(undefined, 2);
    expect(window.covers(undefined)).toBe(true);
    expect(window.covers(at(5))).toBe(false);
    window.extend([change(0), change(1)], at(1));
    expect(window.covers(undefined)).toBe(true);
    expect(told(window, undefined)).toEqual([0, 1]);
    window.extend([change(2)], at(2));
    expect(window.covers(undefined)).toBe(false);
    expect(window.covers(at(0))).toBe(true);
  });

  it('covers no place of another log', () => {
    expect(new ChangeWindow(at(5), 2).covers(at(5, 'other'))).toBe(false);
  });

  it('takes nothing that would not join', () => {
    const window = new ChangeWindow(at(5), 2);
    window.extend([change(6), change(7), change(8)], at(8));
    expect(window.prepend(at(3), [], at(5))).toBe(false);
  });
});
