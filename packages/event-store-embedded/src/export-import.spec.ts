import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { StreamDeleted, type RecordedEvent } from '@shelfmark/event-sourcing';
import { expect, test } from 'vitest';
import { EmbeddedEventStore } from './embedded-event-store.js';
import { exportLog } from './export-log.js';
import { importLog } from './import-log.js';
import { ExportUnusable, StoreUnreadable } from './store-errors.js';
import { temporaryDirectory } from './testing/temporary-directory.js';
import { verify } from './verify.js';

const event = (data: string) => ({ id: randomUUID(), type: 'T', data, metadata: {} as never });

async function aLog(): Promise<string> {
  const directory = temporaryDirectory();
  const store = await EmbeddedEventStore.open({ directory });
  const appends = Array.from({ length: 700 }, (_, index) => {
    const stream = `Stream-${index % 5}`;
    return store.append([{ stream, expected: 'any', events: [event(`line\u2028end\r\n ${index} 書`)] }]);
  });
  await Promise.all(appends);
  await store.append([{ stream: 'Gone-1', expected: 'none', events: [event('gone')] }]);
  await store.deleteStream('Gone-1', 0);
  await store.close();
  return directory;
}

async function exported(directory: string): Promise<string> {
  const to = new PassThrough();
  const [written] = await Promise.all([text(to), exportLog(directory, to)]);
  return written;
}

async function wholeLog(directory: string): Promise<RecordedEvent[]> {
  const store = await EmbeddedEventStore.open({ directory });
  const all: RecordedEvent[] = [];
  for await (const batch of store.readLog()) all.push(...batch);
  await store.close();
  return all;
}

const withoutLogId = (lines: string) => lines.replace(/"logId":"[^"]*"/, '');

test('an imported log has the same events, positions, revisions and deletions, and a new log id', async () => {
  const original = await aLog();
  const lines = await exported(original);
  const copy = join(temporaryDirectory(), 'copy');
  expect(await importLog(Readable.from([Buffer.from(lines)]), copy)).toBe(701);
  expect(await wholeLog(copy)).toEqual(await wholeLog(original));
  const again = await exported(copy);
  expect(withoutLogId(again)).toBe(withoutLogId(lines));
  expect(again).not.toBe(lines);
  expect((await verify(copy)).faults).toEqual([]);
  const store = await EmbeddedEventStore.open({ directory: copy });
  const appending = store.append([{ stream: 'Gone-1', expected: 'any', events: [event('x')] }]);
  await expect(appending).rejects.toThrow(StreamDeleted);
  await store.close();
});

test('an empty log goes through it too, into an empty directory', async () => {
  const directory = temporaryDirectory();
  await (await EmbeddedEventStore.open({ directory })).close();
  const copy = temporaryDirectory();
  expect(await importLog(Readable.from([Buffer.from(await exported(directory))]), copy)).toBe(0);
  expect(await wholeLog(copy)).toEqual([]);
});

test('an export may run while the log is written', async () => {
  const directory = temporaryDirectory();
  const store = await EmbeddedEventStore.open({ directory });
  let writing = true;
  const writer = (async () => {
    while (writing) await store.append([{ stream: 'Busy-1', expected: 'any', events: [event('x'), event('y')] }]);
  })();
  const lines = await exported(directory);
  writing = false;
  await writer;
  await store.close();
  await importLog(Readable.from([Buffer.from(lines)]), join(temporaryDirectory(), 'copy'));
});

const swapped = (lines: string[], one: number, other: number) => {
  const copy = [...lines];
  [copy[one], copy[other]] = [copy[other]!, copy[one]!];
  return copy;
};

test.each<[string, (lines: string[]) => string[]]>([
  ['without its last line', (lines) => lines.slice(0, -1)],
  ['cut in the middle of a line', (lines) => [...lines.slice(0, 100), lines[100]!.slice(0, 30)]],
  ['without an event', (lines) => lines.toSpliced(100, 1)],
  ['without its last events', (lines) => [...lines.slice(0, 650), lines.at(-1)!]],
  ['with an event twice', (lines) => lines.toSpliced(100, 0, lines[99]!)],
  ['with two events swapped', (lines) => swapped(lines, 100, 101)],
  ['with a changed event', (lines) => lines.with(100, lines[100]!.replace('line', 'lime'))],
  ['without the deletion', (lines) => lines.toSpliced(-2, 1)],
  ['with something after the end', (lines) => [...lines, lines[5]!]],
  ['of another version', (lines) => lines.with(0, lines[0]!.replace('"version":1', '"version":2'))],
  ['that is something else', () => ['{"hello":"world"}']],
  ['that is empty', () => []],
])('an export %s is refused, and leaves nothing behind', async (_what, change) => {
  const lines = (await exported(await aLog())).trimEnd().split('\n');
  const changed = change(lines).map((line) => `${line}\n`);
  const copy = join(temporaryDirectory(), 'copy');
  await expect(importLog(Readable.from(changed.map((line) => Buffer.from(line))), copy)).rejects.toThrow(
    ExportUnusable,
  );
  expect(existsSync(copy)).toBe(false);
  expect(readdirSync(dirname(copy)).filter((name) => name.startsWith(basename(copy)))).toEqual([]);
});

test('nothing is imported over what is there', async () => {
  const lines = await exported(await aLog());
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'something'), 'precious');
  await expect(importLog(Readable.from([Buffer.from(lines)]), directory)).rejects.toThrow(StoreUnreadable);
  expect(readdirSync(directory)).toEqual(['something']);
});
