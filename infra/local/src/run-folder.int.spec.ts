import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identify } from './process-identity.js';
import { RunFolder } from './run-folder.js';

const url = 'http://127.0.0.1:3000';

let data: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'shelfmark-run-'));
});

afterEach(() => rmSync(data, { recursive: true, force: true }));

it('tells the second one who holds the data', () => {
  new RunFolder(data).hold(url);
  expect(() => new RunFolder(data).hold('http://127.0.0.1:3001')).toThrow(
    `Shelfmark runs on ${data} already: at ${url}, process ${process.pid}.`,
  );
});

it('can be held again once it was released', () => {
  new RunFolder(data).hold(url);
  new RunFolder(data).release();
  new RunFolder(data).hold(url);
});

it('is readable by its owner alone, and leaves nothing else behind', () => {
  const runFolder = new RunFolder(data);
  runFolder.hold(url);
  runFolder.write({ processes: [] });
  const names = readdirSync(join(data, 'run'));
  expect(names.sort()).toEqual(['prometheus.json', 'state.json', 'supervisor.json']);
  expect(statSync(join(data, 'run')).mode & 0o777).toBe(0o700);
  for (const name of names) expect(statSync(join(data, 'run', name)).mode & 0o777).toBe(0o600);
});

it('is taken over from a holder that was killed, though its number is somebody else’s by now', () => {
  new RunFolder(data).hold(url);
  const lock = join(data, 'run', 'supervisor.json');
  const holder = JSON.parse(readFileSync(lock, 'utf8')) as object;
  writeFileSync(lock, JSON.stringify({ ...holder, started: 'another boot/1' }));
  const next = new RunFolder(data);
  expect(next.holder()).toBeUndefined();
  next.hold(url);
  expect(next.holder()).toEqual({ ...identify(process.pid), url });
});

it('is held by one only of many that come at once upon a dead one’s lock', async () => {
  new RunFolder(data).hold(url);
  const lock = join(data, 'run', 'supervisor.json');
  writeFileSync(lock, '{"pid":1,"started":"long ago"}');
  const script = `import('${new URL('../dist/run-folder.js', import.meta.url).href}').then(({ RunFolder }) => {
    new RunFolder('${data}').hold('http://127.0.0.1:' + process.pid);
    process.stdin.resume();
  })`;
  const starts = Array.from({ length: 6 }, () => spawn(process.execPath, ['-e', script]));
  const complaints: string[] = [];
  let ended = 0;
  for (const start of starts) {
    start.stderr.on('data', (chunk) => complaints.push(String(chunk)));
    // By then it has also been read what it said.
    start.once('close', () => ended++);
  }
  await expect.poll(() => ended).toBe(5);

  const winner = starts.find(({ exitCode }) => exitCode === null)!;
  expect(new RunFolder(data).holder()?.pid).toBe(winner.pid);
  winner.kill();
  await once(winner, 'exit');
  expect(complaints.join('').match(/^AlreadyRunning: /gm)).toHaveLength(5);
});

it('finds what a killed run left, and nobody who has only the number', () => {
  const runFolder = new RunFolder(data);
  runFolder.hold(url);
  const self = identify(process.pid)!;
  const left = { name: 'left', stopSignal: 'SIGTERM', restarts: 0, identity: self } as const;
  const other = { ...left, name: 'other', identity: { ...self, started: 'another boot/1' } };
  runFolder.write({ processes: [left, other, { name: 'never started', stopSignal: 'SIGTERM', restarts: 0 }] });
  expect(new RunFolder(data).leftovers()).toEqual([left]);
});

it('takes a state that was cut off for none', () => {
  const runFolder = new RunFolder(data);
  runFolder.hold(url);
  writeFileSync(join(data, 'run', 'state.json'), '{"processes":[{"na');
  expect(runFolder.read()).toEqual({ processes: [] });
});
