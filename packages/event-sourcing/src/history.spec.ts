import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { v5 as uuidv5 } from 'uuid';
import {
  type Aggregate,
  type EventMetadata,
  InMemoryEventStore,
  type Past,
  type ReadStreamOptions,
  type RecordedEvent,
  UnknownEvent,
  readAsOf,
  readHistory,
} from './index.js';

interface DiaryEvents {
  Noted: { word: string };
}

const diary: Aggregate<readonly string[], DiaryEvents> = {
  category: 'Diary',
  initial: [],
  evolve: { Noted: (words, { word }) => [...words, word] },
};

const past: Past<readonly string[], DiaryEvents> = { aggregate: diary, id: '1' };
/** Those entries of the diary that are about one thing. */
const about = (word: string): typeof past => ({
  ...past,
  concerns: ({ data }) => (data as { word: string }).word === word,
});

/** Remembers how much is read of it. */
class CountingStore extends InMemoryEventStore {
  eventsRead = 0;

  override async *readStream(stream: string, options?: ReadStreamOptions): AsyncGenerator<readonly RecordedEvent[]> {
    for await (const batch of super.readStream(stream, options)) {
      this.eventsRead += batch.length;
      yield batch;
    }
  }
}

const start = Date.parse('2026-01-01T00:00:00Z');
const at = (minute: number) => new Date(start + minute * 60_000);

/** A diary with an entry a word, each at its minute. */
async function diaryOf(entries: readonly { readonly word: string; readonly minute: number }[]): Promise<CountingStore> {
  const store = new CountingStore();
  const metadata = (minute: number): EventMetadata => ({
    commandId: uuidv5('command', uuidv5.URL),
    commandHash: '',
    correlationId: 'c',
    causationId: 'c',
    time: at(minute).toISOString(),
    schemaVersion: 1,
  });
  const events = entries.map(({ word, minute }, index) => ({
    id: uuidv5(String(index), uuidv5.URL),
    type: 'Noted',
    data: { word },
    metadata: metadata(minute),
  }));
  for (const event of events) await store.append([{ stream: 'Diary-1', expected: 'any', events: [event] }]);
  return store;
}

const words = (events: readonly RecordedEvent[]) => events.map(({ data }) => (data as { word: string }).word);

const anyEntries = fc.array(fc.record({ word: fc.constantFrom('rain', 'sun', 'snow'), minute: fc.nat(20) }), {
  maxLength: 40,
});

describe('the state as of an instant', () => {
  it('at the time of any event is the fold of it, those before it, and those of the same time', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntries, async (entries) => {
        entries.sort((a, b) => a.minute - b.minute);
        const store = await diaryOf(entries);
        for (const { minute } of entries) {
          const until = entries.filter((entry) => entry.minute <= minute);
          expect(await readAsOf(store, past, at(minute))).toEqual({
            state: until.map(({ word }) => word),
            revision: until.length - 1,
          });
        }
      }),
    );
  });

  it('between two events is what it was after the first of them, and before all of them that of an empty stream', async () => {
    const store = await diaryOf([
      { word: 'rain', minute: 1 },
      { word: 'sun', minute: 3 },
    ]);
    expect(await readAsOf(store, past, at(2))).toEqual({ state: ['rain'], revision: 0 });
    expect(await readAsOf(store, past, new Date(at(1).getTime() - 1))).toEqual({ state: [], revision: -1 });
    expect(await readAsOf(store, { ...past, id: 'none' }, at(9))).toEqual({ state: [], revision: -1 });
  });

  it('knows that what stands before an event had happened by then, when a clock that was ahead was set back', async () => {
    const store = await diaryOf([
      { word: 'rain', minute: 1 },
      { word: 'sun', minute: 60 },
      { word: 'snow', minute: 2 },
    ]);
    expect(await readAsOf(store, past, at(1))).toMatchObject({ state: ['rain'] });
    expect(await readAsOf(store, past, at(2))).toMatchObject({ state: ['rain', 'sun', 'snow'] });
  });

  it('is one that there was, and never goes back as the instant goes on, whatever the clocks said', async () => {
    await fc.assert(
      fc.asyncProperty(anyEntries, async (entries) => {
        const store = await diaryOf(entries);
        let before = -1;
        for (let minute = -1; minute <= 20; minute++) {
          const { state, revision } = await readAsOf(store, past, at(minute));
          expect(state).toEqual(entries.slice(0, revision + 1).map(({ word }) => word));
          expect(revision).toBeGreaterThanOrEqual(before);
          // Nothing is left out that bears a time by then.
          expect(entries.slice(revision + 1).every((entry) => entry.minute > minute)).toBe(true);
          before = revision;
        }
      }),
    );
  });

  it('of one thing within a stream folds what concerns it, and agrees with the whole about what had happened', async () => {
    const store = await diaryOf([
      { word: 'rain', minute: 60 },
      { word: 'sun', minute: 1 },
      { word: 'rain', minute: 61 },
    ]);
    expect(await readAsOf(store, about('rain'), at(1))).toEqual({ state: ['rain'], revision: 0 });
    expect(await readAsOf(store, about('snow'), at(99))).toEqual({ state: [], revision: -1 });
  });

  it('is not folded over an event that the code does not know', async () => {
    const store = await diaryOf([{ word: 'rain', minute: 1 }]);
    const forgetful = { ...diary, evolve: {} } as unknown as typeof diary;
    await expect(readAsOf(store, { ...past, aggregate: forgetful }, at(1))).rejects.toThrow(UnknownEvent);
  });
});

describe('a history', () => {
  it('read page by page, in either direction, is the whole of it once', async () => {
    const anyWord = fc.constantFrom(undefined, 'rain', 'fog');
    await fc.assert(
      fc.asyncProperty(anyEntries, anyWord, fc.boolean(), fc.integer({ min: 1, max: 10 }), async (...given) => {
        const [entries, only, forwards, limit] = given;
        const store = await diaryOf(entries);
        const all = entries.map(({ word }) => word).filter((word) => only === undefined || word === only);
        const seen: RecordedEvent[] = [];
        for (let more = true; more;) {
          const last = seen.at(-1)?.revision;
          const page = await readHistory(store, only === undefined ? past : about(only), {
            direction: forwards ? 'forwards' : 'backwards',
            limit,
            ...(last !== undefined && { after: last }),
          });
          expect(page.total).toBe(all.length);
          expect(page.events.length).toBe(Math.min(limit, all.length - seen.length));
          seen.push(...page.events);
          more = page.more;
        }
        expect(words(forwards ? seen : seen.toReversed())).toEqual(all);
      }),
    );
  });

  it('ends after its last event and before its first', async () => {
    const store = await diaryOf([{ word: 'rain', minute: 1 }]);
    const nothing = { events: [], total: 1, more: false };
    expect(await readHistory(store, past, { direction: 'forwards', after: 0, limit: 5 })).toEqual(nothing);
    expect(await readHistory(store, past, { direction: 'backwards', after: 0, limit: 5 })).toEqual(nothing);
    expect(await readHistory(store, past, { direction: 'forwards', after: 2 ** 53 - 1, limit: 5 })).toEqual(nothing);
  });

  it('reads no more of a long stream than it shows', async () => {
    const store = await diaryOf(Array.from({ length: 3_000 }, (_, n) => ({ word: String(n), minute: n })));
    for (const direction of ['forwards', 'backwards'] as const) {
      store.eventsRead = 0;
      const page = await readHistory(store, past, { direction, after: 1_500, limit: 100 });
      expect(page).toMatchObject({ total: 3_000, more: true });
      // One more tells whether there are more, and the last one how many there are.
      expect(store.eventsRead).toBe(100 + 1 + 1);
    }
  });

  it('is cut where its data would not fit into a message, but never to nothing', async () => {
    const word = 'x'.repeat(200 * 1024);
    const store = await diaryOf(Array.from({ length: 5 }, (_, minute) => ({ word, minute })));
    const page = await readHistory(store, past, { direction: 'forwards', limit: 100 });
    expect([page.events.length, page.more, page.total]).toEqual([2, true, 5]);
  });

  it('is not read on once nobody waits for it', async () => {
    const store = await diaryOf(Array.from({ length: 1_000 }, (_, n) => ({ word: String(n), minute: n })));
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(readHistory(store, about('0'), { direction: 'forwards', limit: 1, signal })).rejects.toThrow(
      'too late',
    );
    await expect(readAsOf(store, past, at(1), signal)).rejects.toThrow('too late');
    expect(store.eventsRead).toBeLessThan(1_000);
  });
});
