import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freePort } from './ports.js';
import { identify } from './process-identity.js';
import { Supervisor, type Death, type ProcessRecord, type ProcessSpec } from './supervisor.js';

const fakeProcess = fileURLToPath(new URL('./fixtures/fake-process.mjs', import.meta.url));

let folder: string;
let supervisor: Supervisor;
let readyInOrder: string[];
let deaths: Death[];
let records: readonly ProcessRecord[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'shelfmark-supervisor-'));
  mkdirSync(join(folder, 'logs'));
  [readyInOrder, deaths, records] = [[], [], []];
});

afterEach(async () => {
  await supervisor.stop();
  rmSync(folder, { recursive: true, force: true });
});

function fake(name: string, needs: string[] = []): ProcessSpec {
  const command = async () => {
    const port = await freePort();
    return {
      file: process.execPath,
      args: [fakeProcess],
      env: { ...process.env, FAKE_NAME: name, FAKE_JOURNAL: folder, HEALTH_PORT: String(port) },
      ipc: true,
      probe: { kind: 'http', url: `http://127.0.0.1:${port}/health/ready` } as const,
    };
  };
  return { name, needs, command, stopSignal: 'SIGTERM' };
}

function supervise(...stages: ProcessSpec[][]): Supervisor {
  supervisor = new Supervisor(stages, join(folder, 'logs'), {
    ready: (name) => readyInOrder.push(name),
    died: (death) => deaths.push(death),
    changed: (now) => (records = now),
  });
  return supervisor;
}

function journal(file: string): Record<string, unknown>[] {
  const path = join(folder, file);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function pidOf(name: string): number {
  return records.find((record) => record.name === name)!.identity!.pid;
}

it('starts a process once those that it needs are ready, and the others beside each other', async () => {
  writeFileSync(join(folder, 'unready-bus'), '');
  const started = supervise([fake('bus')], [fake('service', ['bus']), fake('free')]).start();
  await expect.poll(() => readyInOrder).toEqual(['free']);
  expect(journal('started').map(({ name }) => name)).not.toContain('service');
  await expect
    .poll(() => supervisor.waitingFor())
    .toEqual([
      { name: 'bus', reason: 'mirror:book: a gap' },
      { name: 'service', reason: 'not started yet' },
    ]);

  rmSync(join(folder, 'unready-bus'));
  await started;
  expect(readyInOrder).toEqual(['free', 'bus', 'service']);
});

it('stops stage by stage, the last one first', async () => {
  await supervise([fake('bus')], [fake('service')], [fake('edge')]).start();
  await supervisor.stop();
  expect(journal('stopped')).toEqual([
    { name: 'edge', how: 'SIGTERM' },
    { name: 'service', how: 'SIGTERM' },
    { name: 'bus', how: 'SIGTERM' },
  ]);
  expect(deaths).toEqual([]);
});

it('starts a killed process again, and tells how it ended', async () => {
  await supervise([fake('service')]).start();
  const killed = pidOf('service');
  process.kill(killed, 'SIGKILL');
  await expect.poll(() => readyInOrder).toEqual(['service', 'service']);
  expect(pidOf('service')).not.toBe(killed);
  expect(deaths).toMatchObject([{ name: 'service', how: 'killed by SIGKILL', inARow: 1 }]);
  expect(records).toMatchObject([{ name: 'service', restarts: 1, lastEnd: 'killed by SIGKILL' }]);
});

it('waits twice as long each time for one that keeps failing, and shows the end of its log', async () => {
  writeFileSync(join(folder, 'fail-service'), '');
  void supervise([fake('service')]).start();
  await expect.poll(() => deaths.length).toBe(3);
  expect(deaths.map(({ inARow, delayMs }) => [inARow, delayMs])).toEqual([
    [1, 200],
    [2, 400],
    [3, 800],
  ]);
  expect(deaths[2]).toMatchObject({ how: 'exit code 3', logFile: join(folder, 'logs', 'service.log') });
  expect(deaths[2]!.lastLines.at(-1)).toMatch(/told to fail$/);

  rmSync(join(folder, 'fail-service'));
  await expect.poll(() => readyInOrder).toEqual(['service']);
});

it('takes a program that cannot be started for one that failed', async () => {
  const command = async () => ({ ...(await fake('service').command()), file: '/nowhere/program' });
  void supervise([{ ...fake('service'), command }]).start();
  await expect.poll(() => deaths).toMatchObject([{ how: expect.stringContaining('ENOENT') }, { inARow: 2 }]);
});

it('stops while a process waits for its next start', async () => {
  writeFileSync(join(folder, 'fail-service'), '');
  void supervise([fake('service')]).start();
  await expect.poll(() => deaths.length).toBe(2);
  await supervisor.stop();
  expect(journal('started')).toHaveLength(2);
});

it('kills everything at once when asked to', async () => {
  writeFileSync(join(folder, 'deaf-service'), '');
  await supervise([fake('service')]).start();
  const pid = pidOf('service');
  supervisor.kill();
  await expect.poll(() => identify(pid)).toBeUndefined();
  expect(journal('stopped')).toEqual([]);
});

it('puts each process into a session of its own, out of reach of the terminal', async () => {
  await supervise([fake('service')]).start();
  const [, , , session] = readFileSync(`/proc/${pidOf('service')}/stat`, 'utf8')
    .split(') ')[1]!
    .split(' ');
  expect(Number(session)).toBe(pidOf('service'));
});

it('begins a new log when the old one has grown, and keeps one', async () => {
  const log = join(folder, 'logs', 'service.log');
  writeFileSync(log, Buffer.alloc(10 * 1024 * 1024 + 1));
  await supervise([fake('service')]).start();
  expect(statSync(log).size).toBeLessThan(1000);
  expect(statSync(`${log}.1`).size).toBeGreaterThan(10 * 1024 * 1024);
});
