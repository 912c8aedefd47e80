import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { rotateLog } from './log-rotation.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shelfmark-logs-'));
  file = join(folder, 'edge.log');
});
afterEach(() => rmSync(folder, { recursive: true }));

const large = `${'x'.repeat(10 * 1024 * 1024)}\n`;

it('puts a large log aside under whoever writes to it, keeps three, and none that others can read', () => {
  const log = openSync(file, 'a', 0o600);
  for (let round = 1; round <= 5; round++) {
    writeSync(log, `round ${round} ${large}`);
    rotateLog(file);
    expect(statSync(file).size).toBe(0);
  }
  writeSync(log, 'and on\n');
  closeSync(log);
  expect(readdirSync(folder).sort()).toEqual(['edge.log', 'edge.log.1', 'edge.log.2', 'edge.log.3']);
  expect(readFileSync(file, 'utf8')).toBe('and on\n');
  const beginnings = [1, 2, 3].map((age) => readFileSync(`${file}.${age}`, 'utf8').slice(0, 8));
  expect(beginnings).toEqual(['round 5 ', 'round 4 ', 'round 3 ']);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

it('leaves a small one, and one that is not there, alone', () => {
  rotateLog(file);
  const log = openSync(file, 'a', 0o600);
  writeSync(log, 'a line\n');
  closeSync(log);
  rotateLog(file);
  expect(readdirSync(folder)).toEqual(['edge.log']);
});
