import { Overloaded } from '@shelfmark/event-sourcing';
import { expect, it } from 'vitest';
import { GroupCommit } from './group-commit.js';

/** A log whose disk takes its time: batches are flushed when they are let go. */
function slowLog() {
  let letGo: () => void = () => undefined;
  const commits = new GroupCommit<unknown[]>('/log', {
    refusal: () => undefined,
    begin: () => [],
    commit: () => new Promise<boolean>((resolve) => (letGo = () => resolve(true))),
    apply: () => undefined,
    failed: () => undefined,
  });
  const write = (bytes: number) =>
    new Promise<unknown>((resolve, reject) => commits.submit({ bytes, judge: () => 'written', resolve, reject }));
  const untilIdle = async () => {
    const idle = commits.idle();
    let isIdle = false;
    void idle.then(() => (isIdle = true));
    while (!isIdle) {
      letGo();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { write, untilIdle };
}

const count = 16_384;
const mebibyte = 1024 * 1024;

it.each([
  ['writes', count, 1],
  ['bytes', 64, mebibyte],
])(
  'refuses a write when too many %s wait already, and takes one again when they are flushed',
  async (_, most, bytes) => {
    const { write, untilIdle } = slowLog();
    const waiting = Array.from({ length: most }, () => write(bytes));
    await expect(write(bytes)).rejects.toThrow(Overloaded);
    await untilIdle();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['written']));
    const another = write(bytes);
    await untilIdle();
    expect(await another).toBe('written');
  },
);
