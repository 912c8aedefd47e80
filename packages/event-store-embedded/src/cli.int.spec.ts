import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Appender } from './testing/appender.js';
import { temporaryDirectory } from './testing/temporary-directory.js';

const program = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { status, stdout, stderr };
}

test('verifies and exports a log that is being written, and imports the export', async () => {
  const directory = temporaryDirectory();
  const [log, file, copy] = ['log', 'export.ndjson', 'copy'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const appender = new Appender({ directory: log });
  await appender.says((lines) => lines.length > 20);
  expect(run('verify', log)).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing is wrong') });
  expect(run('export', log, file)).toMatchObject({ status: 0 });
  await appender.kill();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n').length;
  expect(run('import', file, copy).stderr).toContain(`${lines - 2} events imported`);
  expect(run('verify', copy).stdout).toContain(`${lines - 2} events`);
  expect(run('export', copy).stdout.split('\n').slice(1, -1)).toEqual(
    readFileSync(file, 'utf8').split('\n').slice(1, -1),
  );
  expect(run('export', copy, file)).toMatchObject({ status: 1, stderr: expect.stringContaining('EEXIST') });
  expect(run('import', file, copy)).toMatchObject({ status: 1, stderr: expect.stringContaining('empty') });
});

test('says what is wrong, and with which exit code', () => {
  const directory = temporaryDirectory();
  expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('shelfmark-store verify DIR') });
  for (const wrong of [[], ['frobnicate'], ['verify'], ['export'], ['import', 'x'], ['verify', 'a', 'b'], ['--what']]) {
    expect(run(...wrong)).toMatchObject({ status: 2, stderr: expect.stringContaining('Usage') });
  }
  expect(run('verify', directory)).toMatchObject({ status: 1, stderr: expect.stringContaining('no data.mdb') });
  expect(run('import', join(directory, 'nowhere'), join(directory, 'log'))).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('ENOENT'),
  });
  writeFileSync(join(directory, 'data.mdb'), 'not a database, but long enough to be read as one');
  expect(run('verify', directory)).toMatchObject({ status: 1, stderr: expect.stringContaining('not a file of LMDB') });
});
