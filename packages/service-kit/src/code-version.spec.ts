import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { codeVersionOf } from './code-version.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'shelfmark-code-'));
  mkdirSync(join(directory, 'book'));
  writeFileSync(join(directory, 'main.js'), 'start();');
  writeFileSync(join(directory, 'book', 'book.js'), 'fold();');
});
afterEach(() => rmSync(directory, { recursive: true }));

it('is the same for the same code', () => {
  const version = codeVersionOf(directory);
  writeFileSync(join(directory, 'main.js.map'), '{}');
  expect(codeVersionOf(directory)).toBe(version);
});

it.each([
  ['a changed file', () => writeFileSync(join(directory, 'book', 'book.js'), 'fold( );')],
  ['another file', () => writeFileSync(join(directory, 'book', 'page.js'), '')],
  ['a file of another name', () => renameSync(join(directory, 'main.js'), join(directory, 'start.js'))],
])('is another one for %s', (_what, change) => {
  const version = codeVersionOf(directory);
  change();
  expect(codeVersionOf(directory)).not.toBe(version);
});
