import { randomUUID } from 'node:crypto';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { EmbeddedEventStore } from '@shelfmark/event-store-embedded';
import { KurrentDBEventStore } from '@shelfmark/event-store-kurrentdb';
import { afterEach, beforeEach, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const serverProgram = join(root, 'packages', 'eventstoredb-server', 'shelfmark-eventstoredb.mjs');

let folder: string;
let data: string;
let server: ChildProcess;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shelfmark-store-'));
  data = join(folder, 'data');
  const args = [serverProgram, '--port', '0', '--data', join(folder, 'server'), '--insecure'];
  server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout! })) {
    const [, port] = /^listening on .*:(\d+)$/.exec(line) ?? [];
    if (port === undefined) continue;
    url = `kurrentdb://127.0.0.1:${port}?tls=false`;
    break;
  }
  server.stdout!.resume();
});
afterEach(() => {
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const logOf = (service: string) => join(data, 'services', `${service}-service`);

/** @returns the log's id */
async function aLog(service: string): Promise<string> {
  mkdirSync(logOf(service), { recursive: true });
  const store = await EmbeddedEventStore.open({ directory: logOf(service) });
  const events = Array.from({ length: 5 }, () => ({ id: randomUUID(), type: 'Said', data: service, metadata }));
  await store.append([{ stream: 'Thing-1', expected: 'none', events }]);
  await store.close();
  return store.logId;
}

const metadata = {
  commandId: randomUUID(),
  commandHash: 'hash',
  correlationId: randomUUID(),
  causationId: randomUUID(),
  time: '2026-01-02T03:04:05.678Z',
  schemaVersion: 1,
};

function store(...args: string[]): { status: number | null; output: string } {
  const program = join(root, 'infra', 'local', 'store.mjs');
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

async function readLog(service: string): Promise<{ logId: string; data: unknown[] }> {
  const log = await KurrentDBEventStore.open({ connectionString: url, log: `shelfmark.${service}` });
  const data: unknown[] = [];
  for await (const events of log.readLog()) data.push(...events.map((event) => event.data));
  await log.close();
  return { logId: log.logId, data };
}

it('moves all logs of a library, goes on after a log that could not be moved, and does nothing when all are there', async () => {
  const [book, user] = [await aLog('book'), await aLog('user')];
  // As in a library that runs.
  const owned = await EmbeddedEventStore.open({ directory: logOf('user') });
  const interrupted = store('copy', data, '--to', url);
  expect(interrupted).toMatchObject({ status: 1, output: expect.stringContaining('shelfmark.book: 5 events') });
  await owned.close();

  expect(store('copy', data, '--to', url)).toMatchObject({ status: 0 });
  expect(await readLog('book')).toEqual({ logId: book, data: Array(5).fill('book') });
  expect(await readLog('user')).toEqual({ logId: user, data: Array(5).fill('user') });
  const left = await EmbeddedEventStore.open({ directory: logOf('book') });
  expect(left.logId).not.toBe(book);
  await left.close();

  expect(store('copy', data, '--to', url)).toMatchObject({ status: 0 });
  expect(await readLog('book')).toEqual({ logId: book, data: Array(5).fill('book') });
});

it('moves one log, under the name that it is given, and not onto another one', async () => {
  const logId = await aLog('book');
  expect(store('copy', logOf('book'), '--to', url, '--log', 'shelfmark.novels')).toMatchObject({ status: 0 });
  expect(await readLog('novels')).toEqual({ logId, data: Array(5).fill('book') });

  await aLog('user');
  expect(store('copy', logOf('user'), '--to', url, '--log', 'shelfmark.novels')).toMatchObject({
    status: 1,
    output: expect.stringContaining('another log is there'),
  });
  expect(store('renew-log-id', url, 'shelfmark.novels')).toMatchObject({ status: 0 });
  expect((await readLog('novels')).logId).not.toBe(logId);
});
