import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import {
  type EventStore,
  InMemoryEventStore,
  type ReadLogOptions,
  type RecordedEvent,
} from '@shelfmark/event-sourcing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DueIndex } from './due-index.js';

Logger.overrideLogger(false);

let directory: string;
let store: EventStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shelfmark-due-'));
  store = new InMemoryEventStore();
});
afterEach(() => rm(directory, { recursive: true }));

const never = new AbortController().signal;

let count = 0;
async function say(key: string, dueAt?: number): Promise<void> {
  const id = `${String(++count).padStart(8, '0')}-0000-4000-8000-000000000000`;
  const metadata = {
    commandId: id,
    commandHash: '',
    correlationId: id,
    causationId: id,
    time: '2026-01-01T00:00:00.000Z',
    schemaVersion: 1,
  };
  const data = dueAt === undefined ? {} : { dueAt };
  await store.append([{ stream: `Due-${key}`, expected: 'any', events: [{ id, type: 'Said', data, metadata }] }]);
}

function changes({ stream, data }: RecordedEvent) {
  return [{ key: stream.slice('Due-'.length), dueAt: (data as { dueAt?: number }).dueAt }];
}

function index(version = '1', from: EventStore = store): DueIndex {
  return new DueIndex({ store: from, file: join(directory, 'due.json'), version, changes });
}

async function opened(version?: string, from?: EventStore): Promise<DueIndex> {
  const made = index(version, from);
  await made.open(never);
  return made;
}

/** Everything that is due by then, in the order in which it is given. */
function taken(from: DueIndex, now = Infinity): string[] {
  const keys: string[] = [];
  for (let key = from.take(now); key !== undefined; key = from.take(now)) keys.push(key);
  return keys;
}

/** The store, and from where on its log was read. */
function watched(): { readonly store: EventStore; readonly reads: (ReadLogOptions | undefined)[] } {
  const reads: (ReadLogOptions | undefined)[] = [];
  const watching = new Proxy(store, {
    get(target, name) {
      if (name === 'readLog') {
        return (options?: ReadLogOptions) => {
          reads.push(options);
          return target.readLog(options);
        };
      }
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return { store: watching, reads };
}

describe('what is due', () => {
  it('is given in the order of its time, and not before', async () => {
    await say('late', 30);
    await say('early', 10);
    await say('middle', 20);
    const due = await opened();
    expect(due.nextDueAt).toBe(10);
    expect(taken(due, 20)).toEqual(['early', 'middle']);
    expect(due.nextDueAt).toBe(30);
    expect(due.size).toBe(3);
  });

  it('is what the last event says', async () => {
    await say('moved', 10);
    await say('done', 10);
    await say('moved', 40);
    await say('done');
    const due = await opened();
    expect(due.size).toBe(1);
    expect(taken(due, 39)).toEqual([]);
    expect(taken(due)).toEqual(['moved']);
  });

  it('is not given twice, unless it is put back or an event says something of it', async () => {
    await say('a', 10);
    const due = await opened();
    const end = new AbortController();
    let heard = () => {};
    const following = due.follow(end.signal, () => heard());
    expect(taken(due)).toEqual(['a']);
    expect(taken(due)).toEqual([]);
    due.putBack('a', 50);
    expect(taken(due, 49)).toEqual([]);
    expect(taken(due)).toEqual(['a']);

    const told = new Promise<void>((resolve) => (heard = resolve));
    await say('a', 20);
    await told;
    // What the event says counts, and not what somebody who knew less puts back.
    due.putBack('a', 70);
    expect(taken(due, 20)).toEqual(['a']);
    end.abort();
    await following;
  });

  it('is found again without reading the log from its beginning', async () => {
    await say('a', 10);
    await say('b', 20);
    const before = await opened();
    await before.save();
    await say('c', 15);
    await say('b');

    const { store: watching, reads } = watched();
    expect(taken(await opened('1', watching))).toEqual(['a', 'c']);
    expect(reads).toEqual([{ after: expect.any(BigInt) as bigint }]);
    expect(reads[0]!.after).toBeGreaterThan(0n);
  });

  it('that was taken and not done is found again', async () => {
    await say('a', 10);
    const before = await opened();
    expect(taken(before)).toEqual(['a']);
    await before.save();
    expect(taken(await opened())).toEqual(['a']);
  });
});

describe('what is kept of it', () => {
  beforeEach(async () => {
    await say('a', 10);
    await (await opened()).save();
    await say('b', 20);
  });

  it('is of no use where events mean something else by now', async () => {
    const { store: watching, reads } = watched();
    expect(taken(await opened('2', watching))).toEqual(['a', 'b']);
    expect(reads).toEqual([{}]);
  });

  it('is of no use for another log', async () => {
    store = new InMemoryEventStore();
    await say('other', 5);
    expect(taken(await opened())).toEqual(['other']);
  });

  it('may be damaged', async () => {
    await writeFile(join(directory, 'due.json'), '{"version":"1","logId"');
    expect(taken(await opened())).toEqual(['a', 'b']);
  });
});
