import { expect, it } from 'vitest';
import { type RequestedImport, noRows } from './file-import.js';
import { ImportProgress } from './import-progress.js';

const state: RequestedImport = {
  status: 'running',
  cause: { id: '', correlationId: '' },
  file: { bytes: 1_000, sha256: '' },
  dryRun: false,
  bytes: 400,
  tally: { ...noRows, added: 3, refused: 1 },
  reported: 1,
  requestedAt: '',
};
const refused = { outcome: 'refused', reason: 'is missing', column: 'title' } as const;

it('goes on where it was recorded', () => {
  const progress = new ImportProgress(state);
  progress.reach(300);
  progress.add({ line: 6 }, { outcome: 'added' });
  progress.add({ line: 7 }, refused);
  expect(progress.take()).toEqual({
    bytes: 400,
    tally: { ...noRows, added: 4, refused: 2 },
    report: [{ line: 7, ...refused }],
  });
});

it('reports a row that is in, too, where there is something to say of it', () => {
  const progress = new ImportProgress(state);
  const mended = {
    outcome: 'added',
    reason: 'leading zeros had been lost',
    repaired: { from: '1', to: '01' },
  } as const;
  progress.add({ line: 6 }, mended);
  expect(progress.take()).toMatchObject({ tally: { added: 4 }, report: [{ line: 6, ...mended }] });
});

it('reports a row once, and has nothing to record twice', () => {
  const progress = new ImportProgress(state);
  expect(progress.isAhead).toBe(false);
  progress.add({ line: 6 }, refused);
  expect(progress.isAhead).toBe(true);
  progress.take();
  expect(progress.isAhead).toBe(false);
  progress.reach(500);
  expect(progress.isAhead).toBe(true);
  expect(progress.take().report).toEqual([]);
  expect(progress.isAhead).toBe(false);
});

it('is due when many rows have come together, or some that are reported', () => {
  const progress = new ImportProgress(state);
  expect(progress.isDue).toBe(false);
  for (let line = 6; !progress.isDue; line++) progress.add({ line }, refused);
  expect(progress.take().report).toHaveLength(250);
  let rows = 0;
  for (; !progress.isDue && rows < 10_000; rows++) progress.add({ line: rows }, { outcome: 'added' });
  expect(rows).toBeLessThanOrEqual(5_000);
});

it('reports only the first rows of a file that is nothing but faults, and counts all', () => {
  const progress = new ImportProgress({ ...state, reported: 99_999 });
  progress.add({ line: 6 }, refused);
  progress.add({ line: 7 }, refused);
  expect(progress.take()).toMatchObject({ tally: { refused: 3 }, report: [{ line: 6 }] });
  progress.add({ line: 8 }, refused);
  expect(progress.take()).toMatchObject({ tally: { refused: 4 }, report: [] });
});
