import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DueIndex } from './due-index.js';

let directory: string;
let index: DueIndex;

const open = (madeOf = 'a log') => (index = DueIndex.open({ directory, madeOf }));
const at = (minutes: number) => new Date(Date.UTC(2024, 1, 29, 0, minutes));
const entry = (entity: string, kind = 'kettle') => ({ kind, entity });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'due-index-'));
});
afterEach(async () => {
  await index.close();
  rmSync(directory, { recursive: true });
});

describe('what is due', () => {
  it('is what has an instant that has come, the earliest first', async () => {
    open();
    await index.apply(
      [
        { ...entry('a'), at: at(2) },
        { ...entry('b'), at: at(1) },
        { ...entry('c'), at: at(3) },
      ],
      3n,
    );
    expect(index.dueBy(at(0))).toEqual([]);
    expect(index.dueBy(at(2))).toEqual([entry('b'), entry('a')]);
    expect(index.dueBy(at(9))).toEqual([entry('b'), entry('a'), entry('c')]);
  });

  it('has one instant for each entity of a kind: the last one', async () => {
    open();
    await index.apply(
      [
        { ...entry('a'), at: at(1) },
        { ...entry('a', 'toast'), at: at(1) },
      ],
      1n,
    );
    await index.apply([{ ...entry('a'), at: at(5) }], 2n);
    expect(index.dueBy(at(4))).toEqual([entry('a', 'toast')]);
    expect(index.dueBy(at(5))).toEqual([entry('a', 'toast'), entry('a')]);
    await index.apply(
      [
        { ...entry('a'), at: undefined },
        { ...entry('x'), at: undefined },
      ],
      3n,
    );
    expect(index.dueBy(at(9))).toEqual([entry('a', 'toast')]);
  });

  it('is what a list of entries would say, whatever came and went', async () => {
    open();
    const change = fc.record({
      entity: fc.constantFrom('a', 'b', 'c', 'ä', ''),
      kind: fc.constantFrom('kettle', 'toast'),
      at: fc.option(fc.nat(20).map(at), { nil: undefined }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 5 }), { maxLength: 8 }), async (batches) => {
        index.clear();
        const model = new Map<string, { kind: string; entity: string; at: Date }>();
        for (const [position, batch] of batches.entries()) {
          await index.apply(batch, BigInt(position));
          for (const { kind, entity, at } of batch) {
            if (at) model.set(`${kind}/${entity}`, { kind, entity, at });
            else model.delete(`${kind}/${entity}`);
          }
        }
        const due = [...model.values()]
          .filter((each) => each.at <= at(10))
          .map(({ kind, entity }) => ({ kind, entity }));
        expect(index.dueBy(at(10))).toHaveLength(due.length);
        expect(index.dueBy(at(10))).toEqual(expect.arrayContaining(due));
      }),
      { numRuns: 30 },
    );
  });
});

describe('the index', () => {
  const filled = async () => {
    open();
    await index.apply([{ ...entry('a'), at: at(1) }], 12345678901234n);
    await index.close();
  };

  it('is there again, with the position that it covers', async () => {
    await filled();
    open();
    expect(index.covered).toBe(12345678901234n);
    expect(index.dueBy(at(1))).toEqual([entry('a')]);
  });

  it.each([
    ['of another log', () => open('another log')],
    ['missing', () => (rmSync(directory, { recursive: true }), open())],
    ['overwritten', () => (writeFileSync(join(directory, 'data.mdb'), 'x'.repeat(9_000)), open())],
    ['empty', () => (truncateSync(join(directory, 'data.mdb'), 0), open())],
  ])('that is %s begins empty, and covers nothing', async (_what, reopen) => {
    await filled();
    reopen();
    expect(index.covered).toBeUndefined();
    expect(index.dueBy(at(9))).toEqual([]);
    await index.apply([{ ...entry('b'), at: at(2) }], 1n);
    expect(index.dueBy(at(9))).toEqual([entry('b')]);
  });
});
