import { appendFile, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import type { ProposedEvent } from '@shelfmark/event-sourcing';
import { EmbeddedEventStore } from '@shelfmark/event-store-embedded';
import { afterEach, beforeEach, expect, it } from 'vitest';
import * as program from './backup.js';
import { Progress } from './progress.js';

let folder: string;
let data: string;
let backup: string;
let restored: string;
let said: string;

const terminal = new Writable({
  decodeStrings: false,
  write: (text: string, _encoding, done) => {
    said += text;
    done();
  },
});
const backUp = (options: program.BackupOptions) => program.backUp(options, new Progress(terminal));
const restore = (options: program.BackupOptions) => program.restore(options, new Progress(terminal));

const services = ['book-service', 'rent-service', 'user-service'];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'shelfmark-backup-'));
  [data, backup, restored] = ['data', 'backup', 'restored'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  said = '';
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const eventOf = (number: number): ProposedEvent => ({
  id: `01890a5d-ac96-774b-bcce-${String(number).padStart(12, '0')}`,
  type: 'BookCreated',
  data: { number },
  metadata: {
    commandId: 'c',
    commandHash: 'h',
    correlationId: 'x',
    causationId: 'c',
    time: '2026-01-02T03:04:05.678Z',
    schemaVersion: 1,
  },
});

const logOf = (from: string, service: string) =>
  EmbeddedEventStore.open({ directory: join(from, 'services', service) });

async function makeLibrary(): Promise<void> {
  for (const [index, service] of services.entries()) {
    const store = await logOf(data, service);
    const events = Array.from({ length: 10 * (index + 1) }, (_, number) => eventOf(number));
    await store.append([{ stream: 'Book-1', expected: 'none', events }]);
    await store.close();
  }
}

async function eventsIn(from: string, service: string): Promise<readonly unknown[]> {
  const store = await logOf(from, service);
  const events: unknown[] = [];
  for await (const batch of store.readLog()) events.push(...batch);
  await store.close();
  return events;
}

it('brings every event back, at its position, in logs with ids of their own', async () => {
  await makeLibrary();
  expect(await backUp({ backup, data })).toBe(0);
  expect(await restore({ backup, data: restored })).toBe(0);
  for (const [index, service] of services.entries()) {
    const events = await eventsIn(restored, service);
    expect(events).toHaveLength(10 * (index + 1));
    expect(events).toEqual(await eventsIn(data, service));
    const [original, copy] = [await logOf(data, service), await logOf(restored, service)];
    expect(copy.logId).not.toBe(original.logId);
    await Promise.all([original.close(), copy.close()]);
  }
});

it('copies a log that is being written, the one that knows of others first', async () => {
  await makeLibrary();
  const store = await logOf(data, 'rent-service');
  expect(await backUp({ backup, data })).toBe(0);
  await store.close();
  const manifest = JSON.parse(await readFile(join(backup, 'manifest.json'), 'utf8')) as { logs: { service: string }[] };
  expect(manifest.logs.map(({ service }) => service)).toEqual(['rent-service', 'book-service', 'user-service']);
});

it('is readable by its owner alone', async () => {
  await makeLibrary();
  await backUp({ backup, data });
  const files = [backup, ...(await readdir(backup)).map((name) => join(backup, name))];
  for (const file of files) expect((await stat(file)).mode & 0o077).toBe(0);
});

it('is made in a folder of its own only', async () => {
  await makeLibrary();
  expect(await backUp({ backup, data })).toBe(0);
  expect(await backUp({ backup, data })).toBe(1);
  expect(said).toContain(`${backup} is not empty`);
});

it('of logs that are on a server is not made, whatever lies there from before', async () => {
  await makeLibrary();
  await writeFile(join(data, 'event-store.txt'), 'kurrentdb\n');
  expect(await backUp({ backup, data })).toBe(1);
  expect(said).toContain(`The logs of ${data} are on a server`);
  await expect(readdir(backup)).rejects.toMatchObject({ code: 'ENOENT' });
});

it('of nothing is not made', async () => {
  expect(await backUp({ backup, data })).toBe(1);
  expect(said).toContain(`There is no library in ${data}`);
});

it.each([
  ['was interrupted', () => rm(join(backup, 'manifest.json')), /it has no manifest/],
  ['lacks a log', () => rm(join(backup, 'user-service.ndjson')), /user-service.ndjson is missing/],
  ['has a log that was cut', () => cut('user-service.ndjson'), /user-service.ndjson .* bytes of/],
  ['has a log that was made longer', () => appendFile(join(backup, 'user-service.ndjson'), '\n'), /bytes of/],
  ['has a log that was changed', () => change('user-service.ndjson'), /user-service.ndjson .* is damaged/],
  ['comes from a later version', () => changeManifest('"version": 1', '"version": 2'), /version is 2/],
  ['names other files', () => changeManifest('"user-service"', '"../../etc"'), /names a log that no backup holds/],
])('that %s is refused, and nothing is left', async (_, damage, message) => {
  await makeLibrary();
  await backUp({ backup, data });
  await damage();
  expect(await restore({ backup, data: restored })).toBe(1);
  expect(said).toMatch(message);
  await expect(readdir(restored)).rejects.toThrow('ENOENT');
});

it('is not restored over a library', async () => {
  await makeLibrary();
  await backUp({ backup, data });
  expect(await restore({ backup, data })).toBe(1);
  expect(said).toContain('There is a library');
  expect(await eventsIn(data, 'book-service')).toHaveLength(10);
});

it('is restored over what a restore that was killed has left', async () => {
  await makeLibrary();
  await backUp({ backup, data });
  const left = await EmbeddedEventStore.open({ directory: join(restored, 'services.restoring', 'book-service') });
  await left.close();
  expect(await restore({ backup, data: restored })).toBe(0);
  expect(await eventsIn(restored, 'book-service')).toHaveLength(10);
  expect(await readdir(restored)).toEqual(['services']);
});

async function cut(file: string): Promise<void> {
  const text = await readFile(join(backup, file), 'utf8');
  await writeFile(join(backup, file), text.slice(0, -1));
}

async function change(file: string): Promise<void> {
  const text = await readFile(join(backup, file), 'utf8');
  await writeFile(join(backup, file), text.replace('"number":7', '"number":8'));
}

async function changeManifest(from: string, to: string): Promise<void> {
  const path = join(backup, 'manifest.json');
  const text = await readFile(path, 'utf8');
  await writeFile(path, text.replace(from, to));
}
