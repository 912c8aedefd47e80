import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { endProcess, identify, isRunning, startTicks } from './process-identity.js';

describe('the start time in /proc/<pid>/stat', () => {
  const rest = '1 22 22 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 987654 2 3';

  it('is the 22nd field', () => {
    expect(startTicks(`22 (node) S ${rest}`)).toBe('987654');
  });

  it('is found behind a name with blanks and brackets', () => {
    expect(startTicks(`22 (a) b) (c 1 2) R ${rest}`)).toBe('987654');
  });

  it('is none for a process that has ended and waits for its parent', () => {
    expect(startTicks(`22 (node) Z ${rest}`)).toBeUndefined();
  });
});

it('knows a process that runs, and the number that somebody else has now', () => {
  const self = identify(process.pid)!;
  expect(isRunning(self)).toBe(true);
  expect(isRunning({ ...self, started: `${self.started}0` })).toBe(false);
});

it('knows that a number is nobody’s', () => {
  expect(identify(2 ** 22 + 1)).toBeUndefined();
});

it('leaves a process alone that has the number of the one to be ended', async () => {
  const child = spawn('sleep', ['60']);
  const { started } = identify(child.pid!)!;
  await endProcess({ pid: child.pid!, started: `${started}0` }, 'SIGKILL', 0);
  expect(isRunning({ pid: child.pid!, started })).toBe(true);
  child.kill();
  await once(child, 'exit');
});

it('kills a process that does not listen', async () => {
  const child = spawn(process.execPath, [
    '-e',
    `process.on('SIGTERM', () => {}); setInterval(() => {}, 1e6); console.log()`,
  ]);
  await once(child.stdout, 'data');
  await endProcess(identify(child.pid!)!, 'SIGTERM', 100);
  expect(identify(child.pid!)).toBeUndefined();
});
