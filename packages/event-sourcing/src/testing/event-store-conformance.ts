import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Json, ProposedEvent, RecordedEvent } from '../event.js';
import {
  AppendTooLarge,
  maxAppendBytes,
  RevisionConflict,
  StreamDeleted,
  type EventStore,
  type ExpectedRevision,
  type ReadStreamOptions,
  type StreamAppend,
} from '../event-store.js';

/** What a store's spec gives to {@link eventStoreConformance}. */
export interface ConformanceSubject {
  /** Opens a store whose log is empty, or (for a server that several specs share) holds only other streams. */
  open(): Promise<{
    readonly store: EventStore;
    /** Opens the same log again after `store.close()`; absent where nothing outlives a close. */
    readonly reopen?: () => Promise<EventStore>;
    dispose(): Promise<void>;
  }>;
  /** What the store's `shared` must say; false by default. */
  readonly shared?: boolean;
}

const waitMs = 30_000;

/** Declares a vitest suite that holds a store to every promise of the {@link EventStore} port. */
export function eventStoreConformance(title: string, subject: ConformanceSubject): void {
  describe(title, { timeout: 6 * waitMs }, () => {
    let opened: Awaited<ReturnType<ConformanceSubject['open']>>;
    let store: EventStore;
    /** Where the log ended before the test: a shared log is not empty then. */
    let start: bigint | undefined;

    beforeEach(async () => {
      opened = await subject.open();
      store = opened.store;
      start = await store.head();
    });
    afterEach(async () => {
      await store.close();
      await opened.dispose();
    });

    const sinceStart = () => (start === undefined ? {} : { after: start });
    const append = (stream: string, expected: ExpectedRevision, events: readonly ProposedEvent[]) =>
      store.append([{ stream, expected, events }]);
    const idsOf = async (stream: string, options?: ReadStreamOptions) =>
      (await flat(store.readStream(stream, options))).map(({ id }) => id);

    test('tells whether other processes append to its log, and which log it is', () => {
      expect(store.shared).toBe(subject.shared ?? false);
      expect(store.logId).not.toBe('');
    });

    describe('append', () => {
      test.each<ExpectedRevision>(['any', 'none'])(
        'writes to an absent stream when %s is expected',
        async (expected) => {
          const stream = aStream();
          const [answer] = await append(stream, expected, events(2));
          expect(answer).toMatchObject({ stream, revision: 1 });
          expect(await idsOf(stream)).toHaveLength(2);
        },
      );

      test.each<ExpectedRevision>(['exists', 0, 7])(
        'refuses an absent stream when %s is expected',
        async (expected) => {
          const stream = aStream();
          const refusal = await failureOf(append(stream, expected, events(1)));
          expect(refusal).toBeInstanceOf(RevisionConflict);
          expect(refusal).toMatchObject({ stream, expected, actual: undefined });
          expect(await idsOf(stream)).toEqual([]);
        },
      );

      test.each<ExpectedRevision>(['any', 'exists', 2])('goes on in a stream when %s is expected', async (expected) => {
        const stream = aStream();
        await append(stream, 'none', events(3));
        expect(await append(stream, expected, events(2))).toMatchObject([{ stream, revision: 4 }]);
        expect((await flat(store.readStream(stream))).map(({ revision }) => revision)).toEqual([0, 1, 2, 3, 4]);
      });

      test.each<ExpectedRevision>(['none', 0, 1, 3])(
        'refuses a stream at revision 2 when %s is expected',
        async (expected) => {
          const stream = aStream();
          await append(stream, 'none', events(3));
          const refusal = await failureOf(append(stream, expected, events(1)));
          expect(refusal).toBeInstanceOf(RevisionConflict);
          expect(refusal).toMatchObject({ stream, expected, actual: 2 });
          expect(await idsOf(stream)).toHaveLength(3);
        },
      );

      test('writes to several streams at once, side by side in the log and in the order given', async () => {
        const [first, second, third] = [aStream(), aStream(), aStream()];
        await append(second, 'none', events(1));
        const appends: StreamAppend[] = [
          { stream: first, expected: 'none', events: events(2) },
          { stream: second, expected: 0, events: events(1) },
          { stream: third, expected: 'any', events: events(3) },
        ];
        const before = await store.head();
        const answers = await store.append(appends);
        expect(answers.map(({ stream, revision }) => [stream, revision])).toEqual([
          [first, 1],
          [second, 1],
          [third, 2],
        ]);
        const written = await flat(store.readLog({ after: before! }));
        expect(written.map(({ id }) => id)).toEqual(appends.flatMap((append) => append.events.map(({ id }) => id)));
        expect(answers.map(({ position }) => position)).toEqual([1, 2, 5].map((index) => written[index]!.position));
      });

      test.each([0, 1, 2])('writes to none of several streams when number %i of them is stale', async (stale) => {
        const streams = [aStream(), aStream(), aStream()];
        for (const stream of streams) await append(stream, 'none', events(1));
        const before = await store.head();
        const refusal = await failureOf(
          store.append(
            streams.map((stream, index) => ({ stream, expected: index === stale ? 5 : 0, events: events(1) })),
          ),
        );
        expect(refusal).toBeInstanceOf(RevisionConflict);
        expect(refusal).toMatchObject({ stream: streams[stale], expected: 5, actual: 0 });
        for (const stream of streams) expect(await idsOf(stream)).toHaveLength(1);
        expect(await store.head()).toBe(before);
      });

      test('lets exactly one of many appends at the same expected revision win', async () => {
        const stream = aStream();
        await append(stream, 'none', events(1));
        const rivals = Array.from({ length: 20 }, () => events(2));
        const outcomes = await Promise.allSettled(rivals.map((rival) => append(stream, 0, rival)));
        const winners = rivals.filter((_, index) => outcomes[index]!.status === 'fulfilled');
        expect(winners).toHaveLength(1);
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(RevisionConflict);
        }
        expect((await idsOf(stream)).slice(1)).toEqual(winners[0]!.map(({ id }) => id));
      });

      test('lets a conflict leave the appends that run beside it alone', async () => {
        const taken = aStream();
        await append(taken, 'none', events(1));
        const streams = Array.from({ length: 30 }, aStream);
        const outcomes = await Promise.allSettled(
          streams.flatMap((stream) => [
            append(stream, 'none', events(1)),
            append(taken, 'none', events(1)),
            store.append([
              { stream: `${stream}x`, expected: 'none', events: events(1) },
              { stream: taken, expected: 'none', events: events(1) },
            ]),
          ]),
        );
        expect(outcomes.map(({ status }) => status)).toEqual(
          streams.flatMap(() => ['fulfilled', 'rejected', 'rejected']),
        );
        for (const stream of streams) {
          expect(await idsOf(stream)).toHaveLength(1);
          expect(await idsOf(`${stream}x`)).toEqual([]);
        }
        expect(await idsOf(taken)).toHaveLength(1);
      });

      test('keeps the order of one caller and the revisions gapless under concurrent appends', async () => {
        const streams = Array.from({ length: 4 }, aStream);
        const sent: string[][] = streams.map(() => []);
        const answers = await Promise.all(
          Array.from({ length: 200 }, (_, index) => {
            const batch = events(1 + (index % 3));
            sent[index % 4]!.push(...batch.map(({ id }) => id));
            return append(streams[index % 4]!, 'any', batch);
          }),
        );
        expect(new Set(answers.map(([answer]) => answer!.position)).size).toBe(200);
        for (const [index, stream] of streams.entries()) {
          const recorded = await flat(store.readStream(stream));
          expect(recorded.map(({ revision }) => revision)).toEqual(recorded.map((_, revision) => revision));
          expect(recorded.map(({ id }) => id).sort()).toEqual(sent[index]!.sort());
        }
      });

      test('refuses an append without events, without streams, or with a stream that comes twice', async () => {
        const stream = aStream();
        expect(await failureOf(append(stream, 'any', []))).toBeInstanceOf(TypeError);
        expect(await failureOf(store.append([]))).toBeInstanceOf(TypeError);
        const twice = { stream, expected: 'any', events: events(1) } as const;
        expect(await failureOf(store.append([twice, { ...twice, events: events(1) }]))).toBeInstanceOf(TypeError);
        expect(await failureOf(append('', 'any', events(1)))).toBeInstanceOf(TypeError);
        for (const revision of [-1, 0.5, Number.NaN]) {
          expect(await failureOf(append(stream, revision, events(1)))).toBeInstanceOf(TypeError);
        }
        expect(await idsOf(stream)).toEqual([]);
      });

      test('refuses what weighs more than an append may, in bytes and not in characters', async () => {
        const [stream, other] = [aStream(), aStream()];
        const half = 'é'.repeat(maxAppendBytes / 4);
        const heavy = () => [{ ...event(), data: half }];
        const refusal = await failureOf(
          store.append([
            { stream, expected: 'none', events: heavy() },
            { stream: other, expected: 'none', events: heavy() },
          ]),
        );
        expect(refusal).toBeInstanceOf(AppendTooLarge);
        expect((refusal as AppendTooLarge).bytes).toBeGreaterThan(maxAppendBytes);
        expect(await idsOf(stream)).toEqual([]);
        await append(stream, 'none', heavy());
        expect((await flat(store.readStream(stream)))[0]!.data).toBe(half);
      });
    });

    describe('a repeated append', () => {
      test.each<[string, ExpectedRevision]>([
        ['none', 'none'],
        ['exact', 1],
        ['any', 'any'],
        ['exists', 'exists'],
      ])('with %s expected is answered as the first time, also when others followed', async (_title, expected) => {
        const stream = aStream();
        if (expected !== 'none') await append(stream, 'none', events(2));
        const batch = events(3);
        const first = await append(stream, expected, batch);
        expect(await append(stream, expected, batch)).toEqual(first);
        await append(stream, 'exists', events(2));
        const before = await store.head();
        expect(await append(stream, expected, batch)).toEqual(first);
        expect(await store.head()).toBe(before);
      });

      test('is recognised when it arrives together with the first', async () => {
        for (const expected of ['none', 'any', 'exists', 2] as const) {
          const stream = aStream();
          const earlier = expected === 'none' ? [] : events(3);
          if (expected !== 'none') await append(stream, 'none', earlier);
          const batch = events(2);
          const answers = await Promise.all(Array.from({ length: 10 }, () => append(stream, expected, batch)));
          const [position] = (await flat(store.readStream(stream, { direction: 'backwards', limit: 1 }))).map(
            (last) => last.position,
          );
          for (const answer of answers) {
            expect(answer).toEqual([{ stream, revision: earlier.length + 1, position }]);
          }
          expect(await idsOf(stream)).toEqual([...earlier, ...batch].map(({ id }) => id));
        }
      });

      test('with any expected is recognised by ids that came in through other appends', async () => {
        const stream = aStream();
        const [one, two, three] = events(3);
        await append(stream, 'none', [one!]);
        await append(stream, 0, [two!, three!]);
        expect(await append(stream, 'any', [one!, two!])).toMatchObject([{ revision: 1 }]);
        expect(await idsOf(stream)).toHaveLength(3);
      });

      test.each<ExpectedRevision>(['none', 'any', 'exists'])(
        'of which only a part is there conflicts when %s is expected',
        async (expected) => {
          const stream = aStream();
          const batch = events(2);
          await append(stream, 'none', batch);
          const refusal = await failureOf(append(stream, expected, [...batch, event()]));
          expect(refusal).toBeInstanceOf(RevisionConflict);
          expect(refusal).toMatchObject({ stream, expected, actual: 1 });
          expect(await idsOf(stream)).toHaveLength(2);
        },
      );

      test('with an exact revision conflicts when other events follow it, or the same in another order', async () => {
        const stream = aStream();
        const [zero, one, two, three] = events(4);
        await append(stream, 'none', [zero!, one!, two!]);
        for (const wrong of [[two!, one!], [one!, three!], [one!, two!, three!], [two!]]) {
          expect(await failureOf(append(stream, 0, wrong))).toBeInstanceOf(RevisionConflict);
        }
        expect(await append(stream, 0, [one!])).toMatchObject([{ revision: 1 }]);
        expect(await idsOf(stream)).toHaveLength(3);
      });

      test('to several streams is answered as the first time, and conflicts when one of them is new', async () => {
        const [first, second, third] = [aStream(), aStream(), aStream()];
        const appends: StreamAppend[] = [
          { stream: first, expected: 'none', events: events(1) },
          { stream: second, expected: 'any', events: events(2) },
        ];
        const answer = await store.append(appends);
        expect(await store.append(appends)).toEqual(answer);
        const mixed = [...appends, { stream: third, expected: 'none', events: events(1) } as const];
        expect(await failureOf(store.append(mixed))).toBeInstanceOf(RevisionConflict);
        expect(await idsOf(third)).toEqual([]);
      });

      test('is found far back in a long stream', async () => {
        const stream = aStream();
        const batches = Array.from({ length: 40 }, () => events(10));
        const answers = [];
        for (const batch of batches) answers.push(await append(stream, 'any', batch));
        for (const index of [0, 7, 39]) {
          expect(await append(stream, 'any', batches[index]!)).toEqual(answers[index]);
          expect(await append(stream, index === 0 ? 'none' : index * 10 - 1, batches[index]!)).toEqual(answers[index]);
        }
      });
    });

    describe('reading', () => {
      test('a stream gives each event as it was proposed, with its stream, revision and position', async () => {
        const stream = aStream();
        const proposed = events(3);
        const answers = await append(stream, 'none', proposed);
        const recorded = await flat(store.readStream(stream));
        expect(recorded.map(({ position: _position, ...rest }) => rest)).toEqual(
          proposed.map((one, revision) => ({ ...one, stream, revision })),
        );
        expect(recorded[2]!.position).toBe(answers[0]!.position);
        expect(await flat(store.readLog(sinceStart()))).toEqual(recorded);
      });

      test('an absent stream gives nothing', async () => {
        expect(await flat(store.readStream(aStream()))).toEqual([]);
        expect(await flat(store.readStream(aStream(), { direction: 'backwards' }))).toEqual([]);
      });

      test.each([5, 63, 64, 65, 700])(
        'a stream of %i events goes both ways, from any revision, up to a limit',
        async (length) => {
          const stream = aStream();
          const all = events(length);
          for (let index = 0; index < length; index += 50) {
            await append(stream, 'any', all.slice(index, index + 50));
            await append(aStream(), 'none', events(1));
          }
          const ids = all.map(({ id }) => id);
          const last = length - 1;
          expect(await idsOf(stream)).toEqual(ids);
          expect(await idsOf(stream, { direction: 'backwards' })).toEqual(ids.toReversed());
          for (const from of [0, 1, 3, Math.floor(length / 2), last - 1, last]) {
            expect(await idsOf(stream, { from })).toEqual(ids.slice(from));
            expect(await idsOf(stream, { from, limit: 2 })).toEqual(ids.slice(from, from + 2));
            expect(await idsOf(stream, { from, direction: 'backwards' })).toEqual(ids.slice(0, from + 1).toReversed());
            expect(await idsOf(stream, { from, direction: 'backwards', limit: 2 })).toEqual(
              ids
                .slice(0, from + 1)
                .toReversed()
                .slice(0, 2),
            );
          }
          expect(await idsOf(stream, { from: length })).toEqual([]);
          expect(await idsOf(stream, { from: length + 10, direction: 'backwards', limit: 1 })).toEqual([ids[last]]);
          expect(await idsOf(stream, { limit: 0 })).toEqual([]);
        },
      );

      test('the log gives every event once, in the order of its positions, after any position, up to a limit', async () => {
        const streams = Array.from({ length: 7 }, aStream);
        const ids: string[] = [];
        for (let index = 0; index < 60; index++) {
          const batch = events(10);
          ids.push(...batch.map(({ id }) => id));
          await append(streams[index % 7]!, 'any', batch);
        }
        const log = await flat(store.readLog(sinceStart()));
        expect(log.map(({ id }) => id)).toEqual(ids);
        expect(isAscending(log.map(({ position }) => position))).toBe(true);
        expect(await store.head()).toBe(log.at(-1)!.position);
        for (const index of [0, 1, 299, 598, 599]) {
          const rest = await flat(store.readLog({ after: log[index]!.position, limit: 300 }));
          expect(rest).toEqual(log.slice(index + 1, index + 301));
        }
        expect(await flat(store.readLog({ ...sinceStart(), limit: 0 }))).toEqual([]);
      });

      test('the log gives nothing after its end, however far beyond', async () => {
        await append(aStream(), 'none', events(1));
        for (const beyond of [0n, 1n, 10n ** 18n]) {
          expect(await flat(store.readLog({ after: (await store.head())! + beyond }))).toEqual([]);
        }
      });

      test('gives every JSON value back as it was', async () => {
        const stream = aStream();
        const values: Json[] = [
          null,
          false,
          0,
          -1.5,
          1e300,
          5e-324,
          Number.MAX_SAFE_INTEGER,
          2 ** 60,
          '',
          'ascii',
          'żółć 書 🕯️',
          '\u0000\u001f"\\/',
          '\u2028\u2029',
          '\ud800',
          [],
          {},
          [[], [null, {}]],
          { '': '', 'a b': [1, '2', { c: null }], ключ: '\n' },
          JSON.parse('{"__proto__":{"x":1},"constructor":2}') as Json,
          nested(30),
          'x'.repeat(20_000),
          Array.from({ length: 2000 }, (_, n) => n),
        ];
        const proposed = values.map((data, index) => ({ ...event(), type: `Тип/${index} "q"`, data }));
        await append(stream, 'none', proposed);
        const recorded = await flat(store.readStream(stream));
        expect(recorded.map(({ data }) => JSON.stringify(data))).toEqual(values.map((value) => JSON.stringify(value)));
        expect(recorded.map(({ type }) => type)).toEqual(proposed.map(({ type }) => type));
      });

      test('gives arbitrary JSON back as it was', async () => {
        await fc.assert(
          fc.asyncProperty(fc.jsonValue(), async (value) => {
            const stream = aStream();
            await append(stream, 'none', [{ ...event(), data: value as Json }]);
            const [recorded] = await flat(store.readStream(stream));
            expect(JSON.stringify(recorded!.data)).toBe(JSON.stringify(value));
          }),
          { numRuns: 50 },
        );
      });

      test('keeps streams with unusual names apart', async () => {
        const suffix = randomUUID();
        const names = [
          'a',
          'A',
          'a ',
          ' a',
          'no dash',
          '書-🕯️',
          'é',
          'e\u0301',
          'a/b?c#d%20',
          'a\nb',
          '-',
          '--',
          '0',
          'null',
          '__proto__',
          'x'.repeat(1900),
          'x'.repeat(1901),
          `${'x'.repeat(1900)}y`,
        ].map((name) => `${name}${suffix}`);
        for (const [index, name] of names.entries()) await append(name, 'none', events(1 + (index % 3)));
        for (const [index, name] of names.entries()) {
          const recorded = await flat(store.readStream(name));
          expect(recorded).toHaveLength(1 + (index % 3));
          expect(recorded.every(({ stream }) => stream === name)).toBe(true);
        }
      });

      test('takes an append of a thousand events, and a thousand appends at once', async () => {
        const stream = aStream();
        const many = events(1000);
        await append(stream, 'none', many);
        expect(await idsOf(stream)).toEqual(many.map(({ id }) => id));
        const streams = Array.from({ length: 1000 }, aStream);
        await Promise.all(streams.map((one) => append(one, 'none', events(1))));
        expect(await flat(store.readLog(sinceStart()))).toHaveLength(2000);
      });

      test('may be left before the end', async () => {
        const stream = aStream();
        await append(stream, 'none', events(600));
        for await (const batch of store.readStream(stream)) {
          expect(batch.length).toBeGreaterThan(0);
          break;
        }
        for await (const _batch of store.readLog()) break;
        await append(stream, 599, events(1));
      });
    });

    describe('subscribing', () => {
      test('gives what is in the log and then what is appended, once each and in order, however many append', async () => {
        const streams = Array.from({ length: 5 }, aStream);
        for (const stream of streams) await append(stream, 'none', events(30));
        const stop = new AbortController();
        const subscribers = [collect(store, stop, start), collect(store, stop, start)];
        let total = 150;
        const early = await Promise.all(streams.map((stream) => append(stream, 'any', events(2))));
        total += 10;
        // Some subscribe in the middle of the appends, so that catching up and going live overlap with them.
        subscribers.push(collect(store, stop, start), collect(store, stop, early[0]![0]!.position));
        for (let round = 0; round < 40; round++) {
          await Promise.all(streams.map((stream) => append(stream, 'any', events(1 + (round % 2)))));
          total += 5 * (1 + (round % 2));
        }
        await Promise.all(subscribers.slice(0, 3).map((subscriber) => until(() => subscriber.events.length >= total)));
        const log = await flat(store.readLog(sinceStart()));
        const tail = log.filter(({ position }) => position > early[0]![0]!.position);
        await until(() => subscribers[3]!.events.length >= tail.length);
        stop.abort();
        for (const subscriber of subscribers) await subscriber.ended;
        for (const subscriber of subscribers.slice(0, 3)) expect(subscriber.events).toEqual(log);
        expect(subscribers[3]!.events).toEqual(tail);
      });

      test('neither leaves out nor repeats anything at whatever moment it starts', async () => {
        const streams = Array.from({ length: 4 }, aStream);
        let appending = true;
        const appends = streams.map(async (stream) => {
          for (; appending; await turn()) await append(stream, 'any', events(1));
        });
        const stop = new AbortController();
        const subscribers: (ReturnType<typeof collect> & { after: bigint | undefined })[] = [];
        for (let index = 0; index < 200; index++) {
          const after = await store.head();
          subscribers.push({ ...collect(store, stop, after), after });
          for (let turns = index % 7; turns > 0; turns--) await turn();
        }
        appending = false;
        await Promise.all(appends);
        await append(aStream(), 'none', events(1));
        const log = await flat(store.readLog(sinceStart()));
        const last = log.at(-1)!.position;
        await until(() => subscribers.every(({ events }) => events.at(-1)?.position === last));
        stop.abort();
        for (const { after, events, ended } of subscribers) {
          await ended;
          const wanted = log.filter(({ position }) => after === undefined || position > after);
          expect(events.map(({ position }) => position)).toEqual(wanted.map(({ position }) => position));
        }
      });

      test('gives a reader that falls far behind everything, once each and in order', async () => {
        const stream = aStream();
        const stop = new AbortController();
        const seen: RecordedEvent[] = [];
        const gate = deferred();
        const reading = (async () => {
          for await (const batch of store.subscribe({ ...sinceStart(), signal: stop.signal })) {
            seen.push(...batch);
            await gate.promise;
          }
        })();
        await append(stream, 'none', events(1));
        await until(() => seen.length === 1);
        const size = 3000;
        for (let index = 0; index < size; index += 500) {
          await Promise.all(Array.from({ length: 50 }, () => append(stream, 'any', events(10))));
        }
        expect(seen).toHaveLength(1);
        gate.resolve();
        await until(() => seen.length > size);
        await append(stream, 'any', events(1));
        await until(() => seen.length > size + 1);
        stop.abort();
        await reading;
        expect(seen).toEqual(await flat(store.readLog(sinceStart())));
      });

      test('shows an event only when its append can be read, and the same as it is read', async () => {
        const stop = new AbortController();
        const seen: RecordedEvent[] = [];
        const reading = (async () => {
          for await (const batch of store.subscribe({ ...sinceStart(), signal: stop.signal })) {
            for (const one of batch) {
              const [read] = await flat(store.readStream(one.stream, { from: one.revision, limit: 1 }));
              expect(one).toEqual(read);
              expect(JSON.stringify(one.data)).toBe(JSON.stringify(read!.data));
            }
            seen.push(...batch);
          }
        })();
        for (let index = 0; index < 20; index++) {
          await append(aStream(), 'none', [{ ...event(), data: { zero: -0, text: '\ud800', index } }]);
        }
        await until(() => seen.length === 20);
        stop.abort();
        await reading;
      });

      test('is not touched by what the caller does to an event afterwards', async () => {
        const stop = new AbortController();
        const subscriber = collect(store, stop, start);
        await append(aStream(), 'none', events(1));
        await until(() => subscriber.events.length === 1);
        const data = { list: [1] };
        const appending = append(aStream(), 'none', [{ ...event(), data }]);
        data.list.push(2);
        await appending;
        await until(() => subscriber.events.length === 2);
        stop.abort();
        await subscriber.ended;
        expect(subscriber.events[1]!.data).toEqual({ list: [1] });
      });

      test('ends without an error when it is aborted: before it starts, while it waits, while others append', async () => {
        const early = new AbortController();
        early.abort();
        const never = collect(store, early, start);
        await never.ended;
        expect(never.events).toEqual([]);

        const waiting = new AbortController();
        const idle = collect(store, waiting, start);
        await append(aStream(), 'none', events(1));
        await until(() => idle.events.length === 1);
        waiting.abort();
        await idle.ended;

        const busy = new AbortController();
        const stream = aStream();
        const subscriber = collect(store, busy, start);
        let appending = true;
        const appends = (async () => {
          // A store that never leaves the microtask queue would otherwise starve the subscriber.
          for (; appending; await turn()) await append(stream, 'any', events(5));
        })();
        await until(() => subscriber.events.length > 50);
        busy.abort();
        await subscriber.ended;
        appending = false;
        await appends;
        const log = await flat(store.readLog(sinceStart()));
        expect(subscriber.events).toEqual(log.slice(0, subscriber.events.length));
      });

      test('may be left by the reader', async () => {
        const stream = aStream();
        await append(stream, 'none', events(3));
        const { signal } = new AbortController();
        for await (const batch of store.subscribe({ ...sinceStart(), signal })) {
          expect(batch.length).toBeGreaterThan(0);
          break;
        }
        await append(stream, 'any', events(1));
      });
    });

    describe('deleting a stream', () => {
      test('makes it read as empty and refuse appends, for good, while the log keeps its events', async () => {
        const stream = aStream();
        const batch = events(3);
        await append(stream, 'none', batch);
        await store.writeSnapshot(stream, { revision: 2, codeVersion: '1', state: {} });
        await store.deleteStream(stream, 2);
        expect(await idsOf(stream)).toEqual([]);
        expect(await idsOf(stream, { direction: 'backwards' })).toEqual([]);
        for (const expected of ['any', 'none', 'exists', 2] as const) {
          const refusal = await failureOf(append(stream, expected, events(1)));
          expect(refusal).toBeInstanceOf(StreamDeleted);
          expect(refusal).toMatchObject({ stream });
        }
        expect(await failureOf(append(stream, 'none', batch))).toBeInstanceOf(StreamDeleted);
        expect(await failureOf(store.deleteStream(stream, 'any'))).toBeInstanceOf(StreamDeleted);
        const log = await flat(store.readLog(sinceStart()));
        expect(log.filter((one) => one.stream === stream).map(({ id }) => id)).toEqual(batch.map(({ id }) => id));
        expect(await store.readSnapshot(stream)).toBeUndefined();
      });

      test.each<ExpectedRevision>(['none', 0, 3])(
        'refuses a stream at revision 2 when %s is expected',
        async (expected) => {
          const stream = aStream();
          await append(stream, 'none', events(3));
          const refusal = await failureOf(store.deleteStream(stream, expected));
          expect(refusal).toBeInstanceOf(RevisionConflict);
          expect(refusal).toMatchObject({ stream, expected, actual: 2 });
          expect(await idsOf(stream)).toHaveLength(3);
        },
      );

      test.each<ExpectedRevision>(['any', 'exists'])(
        'works on a stream with events when %s is expected',
        async (expected) => {
          const stream = aStream();
          await append(stream, 'none', events(1));
          await store.deleteStream(stream, expected);
          expect(await idsOf(stream)).toEqual([]);
        },
      );

      test('leaves an append to it and another stream without effect', async () => {
        const [gone, other] = [aStream(), aStream()];
        await append(gone, 'none', events(1));
        await store.deleteStream(gone, 0);
        const refusal = await failureOf(
          store.append([
            { stream: other, expected: 'none', events: events(1) },
            { stream: gone, expected: 'any', events: events(1) },
          ]),
        );
        expect(refusal).toBeInstanceOf(StreamDeleted);
        expect(await idsOf(other)).toEqual([]);
      });
    });

    describe('snapshots', () => {
      test('give the last one written, whatever its code version', async () => {
        const [stream, other] = [aStream(), aStream()];
        await append(stream, 'none', events(3));
        await append(other, 'none', events(1));
        expect(await store.readSnapshot(stream)).toBeUndefined();
        await store.writeSnapshot(stream, { revision: 1, codeVersion: 'a', state: { n: [1, 'é', null] } });
        expect(await store.readSnapshot(stream)).toEqual({
          revision: 1,
          codeVersion: 'a',
          state: { n: [1, 'é', null] },
        });
        await store.writeSnapshot(stream, { revision: 2, codeVersion: 'b', state: 7 });
        expect(await store.readSnapshot(stream)).toEqual({ revision: 2, codeVersion: 'b', state: 7 });
        expect(await store.readSnapshot(other)).toBeUndefined();
      });
    });

    test('behaves like a simple model under random appends, repeats, deletes and reads', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anOperation, { minLength: 1, maxLength: 40 }), async (operations) => {
          await runAgainstModel(store, operations);
        }),
        { numRuns: 25 },
      );
    });

    test('keeps everything across a close', async ({ skip }) => {
      if (opened.reopen === undefined) return skip('nothing outlives a close of this store');
      const [stream, gone] = [aStream(), aStream()];
      const batch = events(100);
      const first = await append(stream, 'none', batch);
      await append(gone, 'none', events(1));
      await store.deleteStream(gone, 0);
      await store.writeSnapshot(stream, { revision: 1, codeVersion: 'a', state: 'kept' });
      const { logId } = store;
      const log = await flat(store.readLog(sinceStart()));
      const pending = append(stream, 99, events(1));
      await store.close();
      await pending;

      store = await opened.reopen();
      expect(store.logId).toBe(logId);
      expect((await flat(store.readLog(sinceStart()))).slice(0, -1)).toEqual(log);
      expect(await idsOf(stream)).toHaveLength(101);
      expect(await append(stream, 'none', batch)).toEqual(first);
      expect(await failureOf(append(stream, 99, events(1)))).toBeInstanceOf(RevisionConflict);
      expect(await failureOf(append(gone, 'any', events(1)))).toBeInstanceOf(StreamDeleted);
      expect(await store.readSnapshot(stream)).toMatchObject({ state: 'kept' });
      const before = (await store.head())!;
      const [answer] = await append(stream, 100, events(1));
      expect(answer!.revision).toBe(101);
      expect(answer!.position).toBeGreaterThan(before);
    });

    test('refuses to append once it is closed', async () => {
      await store.close();
      expect(await failureOf(append(aStream(), 'any', events(1)))).toBeInstanceOf(Error);
    });
  });
}

/** A command of the model test: streams are named by small numbers, so that operations meet each other. */
type Operation =
  | {
      readonly kind: 'append';
      readonly parts: readonly {
        stream: number;
        expected: 'any' | 'none' | 'exists' | 'exact' | 'stale';
        count: number;
      }[];
    }
  | { readonly kind: 'repeat'; readonly which: number }
  | { readonly kind: 'delete'; readonly stream: number }
  | {
      readonly kind: 'read';
      readonly stream: number;
      readonly from: number;
      readonly limit: number;
      readonly backwards: boolean;
    };

const aSmallStream = fc.nat({ max: 4 });
const anOperation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      parts: fc.uniqueArray(
        fc.record({
          stream: aSmallStream,
          expected: fc.constantFrom('any', 'none', 'exists', 'exact', 'stale'),
          count: fc.integer({ min: 1, max: 40 }),
        }),
        { minLength: 1, maxLength: 3, selector: ({ stream }) => stream },
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('repeat' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), stream: aSmallStream }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('read' as const),
      stream: aSmallStream,
      from: fc.nat({ max: 150 }),
      limit: fc.nat({ max: 100 }),
      backwards: fc.boolean(),
    }),
  },
);

async function runAgainstModel(store: EventStore, operations: readonly Operation[]): Promise<void> {
  const run = randomUUID();
  const nameOf = (stream: number) => `Model-${run}-${stream}`;
  const model = new Map<string, string[]>();
  const deleted = new Set<string>();
  const log: string[] = [];
  const accepted: { appends: StreamAppend[]; answer: unknown }[] = [];
  const before = await store.head();

  for (const operation of operations) {
    switch (operation.kind) {
      case 'append': {
        const appends = operation.parts.map(({ stream, expected, count }): StreamAppend => {
          const last = (model.get(nameOf(stream))?.length ?? 0) - 1;
          const revision = expected === 'stale' ? last + 1 : last < 0 ? 'none' : last;
          return {
            stream: nameOf(stream),
            expected: expected === 'exact' || expected === 'stale' ? revision : expected,
            events: events(count),
          };
        });
        const holds = appends.every(({ stream, expected }) => {
          const last = (model.get(stream)?.length ?? 0) - 1;
          return (
            !deleted.has(stream) &&
            (expected === 'any' ||
              (expected === 'none' ? last < 0 : expected === 'exists' ? last >= 0 : last === expected))
          );
        });
        if (!holds) {
          const refusal = await failureOf(store.append(appends));
          expect(refusal instanceof RevisionConflict || refusal instanceof StreamDeleted).toBe(true);
          break;
        }
        const answer = await store.append(appends);
        for (const { stream, events } of appends) {
          const ids = events.map(({ id }) => id);
          model.set(stream, [...(model.get(stream) ?? []), ...ids]);
          log.push(...ids);
        }
        expect(answer.map(({ revision }) => revision)).toEqual(
          appends.map(({ stream }) => model.get(stream)!.length - 1),
        );
        accepted.push({ appends, answer });
        break;
      }
      case 'repeat': {
        const earlier = accepted[operation.which % Math.max(1, accepted.length)];
        if (earlier === undefined) break;
        if (earlier.appends.some(({ stream }) => deleted.has(stream))) {
          expect(await failureOf(store.append(earlier.appends))).toBeInstanceOf(StreamDeleted);
        } else {
          expect(await store.append(earlier.appends)).toEqual(earlier.answer);
        }
        break;
      }
      case 'delete': {
        const stream = nameOf(operation.stream);
        const revision = (model.get(stream)?.length ?? 0) - 1;
        if (revision < 0) break;
        if (deleted.has(stream)) {
          expect(await failureOf(store.deleteStream(stream, revision))).toBeInstanceOf(StreamDeleted);
        } else {
          await store.deleteStream(stream, revision);
          deleted.add(stream);
        }
        break;
      }
      case 'read': {
        const { from, limit, backwards } = operation;
        const stream = nameOf(operation.stream);
        const ids = deleted.has(stream) ? [] : (model.get(stream) ?? []);
        const wanted = backwards ? ids.slice(0, from + 1).toReversed() : ids.slice(from);
        const read = await flat(
          store.readStream(stream, { from, limit, direction: backwards ? 'backwards' : 'forwards' }),
        );
        expect(read.map(({ id }) => id)).toEqual(wanted.slice(0, limit));
        break;
      }
    }
  }
  const written = await flat(store.readLog(before === undefined ? {} : { after: before }));
  expect(written.map(({ id }) => id)).toEqual(log);
  expect(isAscending(written.map(({ position }) => position))).toBe(true);
}

function aStream(): string {
  return `Conformance-${randomUUID()}`;
}

function event(): ProposedEvent {
  return {
    id: randomUUID(),
    type: 'SomethingHappened',
    data: { what: 'a thing', count: 1 },
    metadata: {
      commandId: randomUUID(),
      commandHash: '0123456789abcdef',
      correlationId: randomUUID(),
      causationId: randomUUID(),
      time: '2026-01-02T03:04:05.678Z',
      schemaVersion: 1,
    },
  };
}

function events(count: number): ProposedEvent[] {
  return Array.from({ length: count }, event);
}

function nested(depth: number): Json {
  return depth === 0 ? 'core' : { inside: [nested(depth - 1)] };
}

async function flat(batches: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it should have been refused');
}

function collect(store: EventStore, stop: AbortController, after: bigint | undefined) {
  const seen: RecordedEvent[] = [];
  // Many subscriptions may end by one signal.
  setMaxListeners(0, stop.signal);
  const subscription = store.subscribe({ ...(after === undefined ? {} : { after }), signal: stop.signal });
  const ended = (async () => {
    for await (const batch of subscription) seen.push(...batch);
  })();
  return { events: seen, ended };
}

function isAscending(positions: readonly bigint[]): boolean {
  return positions.every((position, index) => index === 0 || position > positions[index - 1]!);
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + waitMs;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`did not come about within ${waitMs} ms: ${String(condition)}`);
    await turn();
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
