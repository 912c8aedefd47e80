import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as Official from '@kurrent/kurrentdb-client';
import { Program, temporaryDirectory } from './program.js';
import { until } from './until.js';

export type Client = Official.KurrentDBClient;
type State = bigint | 'any' | 'no_stream' | 'stream_exists';

/** One of the official clients. Their exports are the same but for a few names. */
export interface OfficialClient {
  readonly exports: typeof Official;
  readonly connect: (connectionString: string) => Client;
  /** Whether a read of `$all`, and not only a subscription, takes a filter. */
  readonly filtersReads: boolean;
}

/**
 * Every public call of an official client against the program. The two clients cannot be in one process: their generated
 * messages have the same global names, and the second to be loaded replaces those of the first.
 */
export function describeClient({ exports, connect, filtersReads }: OfficialClient): void {
  const { jsonEvent, binaryEvent, START, END, BACKWARDS } = exports;
  const directory = temporaryDirectory();
  let program: Program;
  let client: Client;

  beforeAll(async () => {
    program = await Program.start('--data', directory.path, '--insecure');
    client = connect(await address('&defaultDeadline=60000'));
  });

  afterAll(async () => {
    await client.dispose();
    expect(await program.stop()).toBe(0);
    expect(program.errors).toBe('');
    directory.remove();
  });

  const address = async (parameters = '') => `kurrentdb://127.0.0.1:${await program.port()}?tls=false${parameters}`;

  // Without credentials the client appends in batches, with credentials of the call one by one.
  const oneByOne = { credentials: { username: 'admin', password: 'changeit' } };
  const waysToAppend = [
    ['batch append', {}],
    ['append', oneByOne],
  ] as const;

  describe.each(waysToAppend)('appending, by %s', (_way, way) => {
    const append = (stream: string, events: Official.EventData | Official.EventData[], expected: State = 'any') =>
      client.appendToStream(stream, events, { ...way, ...expecting(expected) });

    test('answers the revision and the position of the last event', async () => {
      const stream = newStream();
      const first = await append(stream, events(3), 'no_stream');
      const second = await append(stream, events(2), 2n);
      expect(first).toMatchObject({ success: true, nextExpectedRevision: 2n });
      expect(second).toMatchObject({ success: true, nextExpectedRevision: 4n });
      expect(second.position!.commit).toBeGreaterThan(first.position!.commit);
      expect(second.position!.prepare).toBe(second.position!.commit);
      const [last] = await collect(client.readStream(stream, { direction: BACKWARDS, fromRevision: END, maxCount: 1 }));
      expect(last!.event).toMatchObject({ revision: 4n, position: second.position });
    });

    test.each<[State, State | undefined, State]>([
      ['no_stream', undefined, 1n],
      [0n, undefined, 1n],
      [7n, 7n, 1n],
    ])('refuses what expects %s of a stream at 1', async (expected) => {
      const stream = newStream();
      await append(stream, events(2));
      const error = await failure(append(stream, events(1), expected));
      expect(error.type).toBe('wrong-expected-version');
      expect(conflictOf(error)).toEqual({ streamName: stream, expected, actual: 1n });
      expect(await collect(client.readStream(stream))).toHaveLength(2);
    });

    test.each<State>(['stream_exists', 1n])(
      'refuses what expects %s of a stream that does not exist',
      async (expected) => {
        const stream = newStream();
        const error = await failure(append(stream, events(1), expected));
        expect(conflictOf(error)).toEqual({ streamName: stream, expected, actual: 'no_stream' });
      },
    );

    test('takes what expects that the stream exists, also when it only has metadata', async () => {
      const [stream, onlyMetadata] = [newStream(), newStream()];
      await append(stream, events(1));
      await client.setStreamMetadata(onlyMetadata, { maxCount: 10 });
      expect(await append(stream, events(1), 'stream_exists')).toMatchObject({ nextExpectedRevision: 1n });
      expect(await append(onlyMetadata, events(1), 'stream_exists')).toMatchObject({ nextExpectedRevision: 0n });
    });

    test.each<State>(['any', 'stream_exists', 'no_stream', 0n])(
      'answers a repetition that expects %s as the first time',
      async (expected) => {
        const stream = newStream();
        if (expected !== 'no_stream') await append(stream, events(1));
        const batch = events(3);
        const first = await append(stream, batch, expected);
        await append(stream, events(2));
        expect(await append(stream, batch, expected)).toEqual(first);
        const part = await failure(append(stream, [...batch.slice(0, 2), ...events(1)], expected));
        expect(part.type).toBe('wrong-expected-version');
      },
    );

    test('answers the repetition of a deletion’s aftermath as the first time', async () => {
      const stream = newStream();
      const before = events(2);
      await append(stream, before);
      await client.deleteStream(stream);
      const after = events(2);
      const first = await append(stream, after, 'any');
      expect(first.nextExpectedRevision).toBe(3n);
      expect(await append(stream, after, 'any')).toEqual(first);
      expect(await append(stream, before, 'no_stream')).toMatchObject({ nextExpectedRevision: 1n });
    });

    test('keeps data and metadata byte by byte', async () => {
      const stream = newStream();
      const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index);
      const text = 'CC ‐ 1830 😾 \u0000';
      await append(stream, [
        binaryEvent({ type: 'B', data: everyByte, metadata: everyByte }),
        binaryEvent({ type: 'B', data: Buffer.from('text'), metadata: { a: 'JSON' } }),
        jsonEvent({ type: 'J', data: text, metadata: { text } }),
        jsonEvent({ type: 'J', data: { deep: [{ n: 1.5 }, null] } }),
      ]);
      const [bytes, mixed, string, object] = (await collect(client.readStream(stream))).map(({ event }) => event!);
      expect(bytes).toMatchObject({ isJson: false, type: 'B' });
      expect(Buffer.from(bytes!.data as Uint8Array)).toEqual(Buffer.from(everyByte));
      expect(Buffer.from(bytes!.metadata as Uint8Array)).toEqual(Buffer.from(everyByte));
      expect(Buffer.from(mixed!.data as Uint8Array).toString()).toBe('text');
      expect(mixed!.metadata).toEqual({ a: 'JSON' });
      expect(string).toMatchObject({ isJson: true, data: text, metadata: { text } });
      expect(object!.data).toEqual({ deep: [{ n: 1.5 }, null] });
      expect(object!.metadata).toBeUndefined();
    });

    test('tells when an event was taken', async () => {
      const stream = newStream();
      // One of the clients cuts the time to whole seconds.
      const before = Date.now() - 1000;
      await append(stream, events(1));
      const [{ event }] = (await collect(client.readStream(stream))) as [Official.ResolvedEvent];
      expect(event!.created.getTime()).toBeGreaterThanOrEqual(before);
      expect(event!.created.getTime()).toBeLessThanOrEqual(Date.now());
    });

    test('refuses more than 1 MiB, and takes nearly as much', async () => {
      const stream = newStream();
      const sized = (bytes: number) => binaryEvent({ type: 'big', data: Buffer.alloc(bytes, 0xff) });
      const error = await failure(append(stream, [sized(600_000), sized(600_000)]));
      expect(error).toMatchObject({ type: 'maximum-append-size-exceeded', maxAppendSize: 1024 * 1024 });
      expect(await append(stream, [sized(1_000_000)])).toMatchObject({ nextExpectedRevision: 0n });
      const [{ event }] = (await collect(client.readStream(stream))) as [Official.ResolvedEvent];
      expect((event!.data as Uint8Array).length).toBe(1_000_000);
    });

    test('gives up at the deadline', async () => {
      const error = await failure(client.appendToStream(newStream(), events(20_000), { ...way, deadline: 1 }));
      expect(error.type).toBe('deadline-exceeded');
    });

    test('refuses the streams that the server itself goes by, and their metadata', async () => {
      const own = [
        '$persistentSubscriptionConfig',
        '$$$persistentSubscriptionConfig',
        '$persistentsubscription-any::group-checkpoint',
        '$projections-$system-checkpoint',
      ];
      for (const stream of own) {
        expect((await failure(append(stream, events(1)))).type).toBe('access-denied');
      }
      expect((await append('$persistentsubscription-any::group-parked', events(1))).success).toBe(true);
    });

    test('goes on after a batch that was refused in the middle', async () => {
      const [refused, fine] = [newStream(), newStream()];
      const big = binaryEvent({ type: 'big', data: Buffer.alloc(700_000) });
      const outcomes = await Promise.allSettled([append(refused, [big, big]), append(fine, events(3))]);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
      expect(await append(fine, events(1), 2n)).toMatchObject({ nextExpectedRevision: 3n });
    });

    test('appends side by side, each once', async () => {
      const streams = Array.from({ length: 5 }, newStream);
      await Promise.all(streams.flatMap((stream) => Array.from({ length: 20 }, () => append(stream, events(2)))));
      for (const stream of streams) {
        const revisions = (await collect(client.readStream(stream))).map(({ event }) => event!.revision);
        expect(revisions).toEqual(Array.from({ length: 40 }, (_, index) => BigInt(index)));
      }
    });
  });

  test('deletes and truncates nothing that the server itself goes by', async () => {
    const stream = '$persistentSubscriptionConfig';
    const attempts = [
      client.deleteStream(stream),
      client.tombstoneStream(stream),
      client.setStreamMetadata(stream, { truncateBefore: 100 }),
    ];
    for (const error of await Promise.all(attempts.map(failure))) expect(error.type).toBe('access-denied');
  });

  test('takes thousands of appends at once', async () => {
    const stream = newStream();
    const count = 2_000;
    const value = 'A'.repeat(904);
    const appends = Array.from({ length: count }, () =>
      client.appendToStream(stream, jsonEvent({ type: 'kilobyte', data: { value } })),
    );
    const revisions = (await Promise.all(appends)).map(({ nextExpectedRevision }) => Number(nextExpectedRevision));
    expect(revisions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
  });

  test('says what failed in the result, when it is asked to', async () => {
    const asking = connect(await address('&throwOnAppendFailure=false'));
    const stream = newStream();
    await client.appendToStream(stream, events(2));
    for (const [, way] of waysToAppend) {
      const result = await asking.appendToStream(stream, events(1), { ...way, ...expecting('no_stream') });
      expect(result.success).toBe(false);
    }
    await asking.dispose();
  });

  describe('reading a stream', () => {
    const stream = newStream();
    beforeAll(() => client.appendToStream(stream, events(600)));

    const revisions = async (options: Official.ReadStreamOptions) =>
      (await collect(client.readStream(stream, options))).map(({ event }) => Number(event!.revision));

    test('forwards and backwards, from anywhere, as many as wanted', async () => {
      expect(await revisions({})).toEqual(Array.from({ length: 600 }, (_, index) => index));
      expect(await revisions({ fromRevision: 597n })).toEqual([597, 598, 599]);
      expect(await revisions({ fromRevision: START, maxCount: 2 })).toEqual([0, 1]);
      expect(await revisions({ direction: BACKWARDS, fromRevision: END, maxCount: 3 })).toEqual([599, 598, 597]);
      expect(await revisions({ direction: BACKWARDS, fromRevision: 1n })).toEqual([1, 0]);
      expect(await revisions({ direction: BACKWARDS, fromRevision: END })).toHaveLength(600);
      expect(await revisions({ fromRevision: 600n })).toEqual([]);
    });

    test('that does not exist is an error that names it', async () => {
      const missing = newStream();
      const error = await failure(collect(client.readStream(missing)));
      expect(error).toMatchObject({ type: 'stream-not-found', streamName: missing });
    });

    test('resolves links, to what is still there', async () => {
      const [links, original] = [newStream(), newStream()];
      await client.appendToStream(original, events(3));
      await client.appendToStream(links, [link(2n, original), link(9n, original), link(0n, newStream())]);
      const plain = await collect(client.readStream(links));
      expect(plain.map(({ event }) => event!.type)).toEqual(['$>', '$>', '$>']);
      const [resolved, ...gone] = await collect(client.readStream(links, { resolveLinkTos: true }));
      expect(resolved).toMatchObject({
        event: { streamId: original, revision: 2n },
        link: { streamId: links, revision: 0n, type: '$>' },
      });
      expect(gone.map(({ event, link }) => [event, link!.revision])).toEqual([
        [undefined, 1n],
        [undefined, 2n],
      ]);
    });

    test('takes names of any kind', async () => {
      const names = [`어학연구소/0️⃣ ${randomUUID()}`, `a b-${randomUUID()}`, `$mine-${randomUUID()}`, 'x'.repeat(300)];
      for (const name of names) {
        await client.appendToStream(name, events(1));
        expect(await collect(client.readStream(name))).toHaveLength(1);
      }
    });
  });

  describe('reading $all', () => {
    const prefix = `all${randomUUID()}`;
    const marks: Official.Position[] = [];
    beforeAll(async () => {
      for (const name of ['a', 'b', 'c']) {
        const { position } = await client.appendToStream(`${prefix}-${name}`, events(300, `${prefix}.${name}`));
        marks.push(position!);
      }
    });
    const filter = { filter: exports.streamNameFilter({ prefixes: [prefix] }) };
    const streams = (read: readonly Official.ResolvedEvent[]) =>
      new Set(read.map(({ event }) => event!.streamId.slice(-1)));

    test('forwards from a position on, inclusive', async () => {
      const read = await collect(client.readAll({ fromPosition: marks[1]!, maxCount: 2 }));
      expect(read[0]!.event).toMatchObject({ streamId: `${prefix}-b`, revision: 299n, position: marks[1] });
      expect(read[1]!.event).toMatchObject({ streamId: `${prefix}-c`, revision: 0n });
    });

    test('backwards from what lies before a position, and from the end', async () => {
      const before = await collect(client.readAll({ direction: BACKWARDS, fromPosition: marks[1]!, maxCount: 400 }));
      expect(before[0]!.event).toMatchObject({ streamId: `${prefix}-b`, revision: 298n });
      expect(before.at(-1)!.event!.streamId).toBe(`${prefix}-a`);
      const [last] = await collect(client.readAll({ direction: BACKWARDS, fromPosition: END, maxCount: 1 }));
      expect(last!.event!.position.commit).toBeGreaterThanOrEqual(marks[2]!.commit);
    });

    test('the server’s own events are there too', async () => {
      const [first] = await collect(client.readAll({ maxCount: 1 }));
      expect(first!.event!.type).toMatch(/^\$/);
    });

    test.runIf(filtersReads)('with filters by stream and by type, by prefix and by expression', async () => {
      const read = (given: Official.Filter, maxCount = 2000) => collect(client.readAll({ filter: given, maxCount }));
      expect(await read(filter.filter)).toHaveLength(900);
      expect(streams(await read(exports.streamNameFilter({ regex: `^${prefix}-[ab]$` })))).toEqual(new Set(['a', 'b']));
      expect(await read(exports.eventTypeFilter({ prefixes: [`${prefix}.a`, `${prefix}.c`] }))).toHaveLength(600);
      expect(await read(exports.eventTypeFilter({ regex: `${prefix}\\.b` }), 7)).toHaveLength(7);
      const user = await read(exports.excludeSystemEvents());
      expect(user.filter(({ event }) => event!.type.startsWith('$'))).toEqual([]);
      const error = await failure(read(exports.eventTypeFilter({ regex: '(' })));
      expect(error).toBeInstanceOf(Error);
    });
  });

  describe('subscribing to a stream', () => {
    test.each([
      ['the start', START, [0, 1, 2, 3]],
      ['a revision, which it has seen', 0n, [1, 2, 3]],
      ['the end', END, [2, 3]],
    ] as const)('from %s, then live, with word when it has caught up', async (_from, fromRevision, expected) => {
      const stream = newStream();
      await client.appendToStream(stream, events(2));
      const seen: (number | string)[] = [];
      const subscription = client
        .subscribeToStream(stream, { fromRevision })
        .on('confirmation', () => void seen.push('confirmed'))
        .on('caughtUp', () => void seen.push('caught up'))
        .on('data', ({ event }) => void seen.push(Number(event!.revision)));
      await until(() => seen.includes('caught up'));
      await client.appendToStream(stream, events(1));
      await client.appendToStream(stream, events(1));
      await until(() => seen.at(-1) === 3);
      await subscription.unsubscribe();
      const before = expected.filter((revision) => revision < 2);
      expect(seen).toEqual(['confirmed', ...before, 'caught up', 2, 3]);
    });

    test('that does not exist yet', async () => {
      const stream = newStream();
      const subscription = client.subscribeToStream(stream);
      let caughtUp = false;
      subscription.on('caughtUp', () => (caughtUp = true));
      await until(() => caughtUp);
      await client.appendToStream(stream, events(2));
      const seen: bigint[] = [];
      for await (const { event } of subscription) {
        seen.push(event!.revision);
        if (seen.length === 2) break;
      }
      expect(seen).toEqual([0n, 1n]);
    });

    test('while it is written to, without a gap or a repetition', async () => {
      const stream = newStream();
      const writing = (async () => {
        for (let count = 0; count < 50; count++) await client.appendToStream(stream, events(10));
      })();
      await until(async () => (await collect(client.readAll({ maxCount: 1 }))).length > 0);
      const seen: number[] = [];
      for await (const { event } of client.subscribeToStream(stream)) {
        seen.push(Number(event!.revision));
        if (seen.length === 500) break;
      }
      await writing;
      expect(seen).toEqual(Array.from({ length: 500 }, (_, index) => index));
    });

    test('again and again over one connection, between appends one by one', async () => {
      for (let round = 0; round < 40; round++) {
        const stream = newStream();
        const [before, after] = [events(3), events(7)];
        await client.appendToStream(stream, before, { ...oneByOne, ...expecting('no_stream') });
        const seen: string[] = [];
        const subscription = client.subscribeToStream(stream, { fromRevision: START });
        subscription.on('data', ({ event }) => void seen.push(event!.id));
        await until(() => seen.length === 3);
        await client.appendToStream(stream, after, { ...oneByOne, ...expecting(2n) });
        await until(() => seen.length === 10);
        await subscription.unsubscribe();
        expect(seen).toEqual([...before, ...after].map(({ id }) => id));
      }
    });

    test('that is tombstoned ends with an error', async () => {
      const stream = newStream();
      await client.appendToStream(stream, events(1));
      const errors: Error[] = [];
      let caughtUp = false;
      client
        .subscribeToStream(stream)
        .on('error', (error) => void errors.push(error))
        .on('caughtUp', () => (caughtUp = true))
        .resume();
      await until(() => caughtUp);
      await client.tombstoneStream(stream);
      await until(() => errors.length > 0);
      expect(errors[0]).toMatchObject({ type: 'stream-deleted' });
    });
  });

  describe('subscribing to $all', () => {
    test('from a position, which it has seen, then live', async () => {
      const stream = newStream();
      const { position } = await client.appendToStream(stream, events(1));
      await client.appendToStream(stream, events(1));
      const seen: (bigint | string)[] = [];
      const subscription = client
        .subscribeToAll({ fromPosition: position! })
        .on('caughtUp', () => void seen.push('caught up'))
        .on('data', ({ event }) => void (event!.streamId === stream && seen.push(event!.revision)));
      await until(() => seen.includes('caught up'));
      await client.appendToStream(stream, events(1));
      await until(() => seen.length === 3);
      await subscription.unsubscribe();
      expect(seen).toEqual([1n, 'caught up', 2n]);
    });

    test('from the end', async () => {
      const stream = newStream();
      const seen: string[] = [];
      const subscription = client.subscribeToAll({ fromPosition: END });
      subscription
        .on('caughtUp', () => void seen.push('caught up'))
        .on('data', ({ event }) => void seen.push(event!.streamId));
      await until(() => seen.includes('caught up'));
      await client.appendToStream(stream, events(1));
      await until(() => seen.length === 2);
      await subscription.unsubscribe();
      expect(seen).toEqual(['caught up', stream]);
    });

    test('with a filter that nothing passes, catches up all the same', async () => {
      let caughtUp = false;
      const seen: unknown[] = [];
      const subscription = client
        .subscribeToAll({ fromPosition: START, filter: exports.streamNameFilter({ prefixes: [newStream()] }) })
        .on('caughtUp', () => (caughtUp = true))
        .on('data', (event) => void seen.push(event));
      await until(() => caughtUp);
      await subscription.unsubscribe();
      expect(seen).toEqual([]);
    });

    test('with a filter, and word of how far the log was read', async () => {
      const [wanted, other] = [newStream(), newStream()];
      const checkpoints: bigint[] = [];
      const seen: bigint[] = [];
      const { position: start } = await client.appendToStream(other, events(1));
      await client.appendToStream(other, events(200));
      const { position } = await client.appendToStream(wanted, events(1));
      const subscription = client
        .subscribeToAll({
          fromPosition: start!,
          filter: exports.streamNameFilter({
            prefixes: [wanted],
            maxSearchWindow: 10,
            checkpointInterval: 2,
            checkpointReached: async (_subscription, { commit }) => void checkpoints.push(commit),
          }),
        })
        .on('data', ({ event }) => void seen.push(event!.revision));
      await until(() => seen.length === 1 && checkpoints.length >= 11);
      await client.appendToStream(other, events(40));
      await until(() => checkpoints.length >= 12);
      await subscription.unsubscribe();
      // One for every twenty events, chosen or not, and one when it has caught up.
      const first = start!.commit;
      expect(checkpoints.slice(0, 10)).toEqual(Array.from({ length: 10 }, (_, at) => first + BigInt((at + 1) * 20)));
      expect(checkpoints[10]).toBe(position!.commit);
      expect(checkpoints[11]).toBeGreaterThan(position!.commit);
    });
  });

  describe('deleting', () => {
    test('hides a stream until its next event, which has the next revision', async () => {
      const stream = newStream();
      await client.appendToStream(stream, events(3));
      const { position } = await client.deleteStream(stream);
      expect(position!.commit).toBeGreaterThan(0n);
      expect((await failure(collect(client.readStream(stream)))).type).toBe('stream-not-found');
      const anew = await client.appendToStream(stream, events(2), expecting('no_stream'));
      expect(anew.nextExpectedRevision).toBe(4n);
      const revisions = (await collect(client.readStream(stream))).map(({ event }) => event!.revision);
      expect(revisions).toEqual([3n, 4n]);
      const backwards = await collect(client.readStream(stream, { direction: BACKWARDS, fromRevision: END }));
      expect(backwards.map(({ event }) => event!.revision)).toEqual([4n, 3n]);
      expect((await client.getStreamMetadata(stream)).metadata).toEqual({ truncateBefore: 3 });
    });

    test.each([['any' as const], [2n]])('a deleted stream takes what expects %s', async (expected) => {
      const stream = newStream();
      await client.appendToStream(stream, events(3));
      await client.deleteStream(stream, { expectedRevision: 2n });
      expect(await client.appendToStream(stream, events(1), expecting(expected))).toMatchObject({
        nextExpectedRevision: 3n,
      });
      expect(await collect(client.readStream(stream))).toHaveLength(1);
    });

    test('a deleted stream does not exist, to what expects that it does', async () => {
      const stream = newStream();
      await client.appendToStream(stream, events(3));
      await client.deleteStream(stream);
      const error = await failure(client.appendToStream(stream, events(1), expecting('stream_exists')));
      expect(error.type).toBe('wrong-expected-version');
    });

    test.each(['deleteStream', 'tombstoneStream'] as const)('%s refuses an unexpected revision', async (call) => {
      const stream = newStream();
      await client.appendToStream(stream, events(3));
      const conflict = await failure(client[call](stream, { expectedRevision: 1n }));
      expect(conflictOf(conflict)).toEqual({ streamName: stream, expected: 1n, actual: 2n });
      const exists = await failure(client[call](stream, { expectedRevision: 'no_stream' }));
      expect(exists).toMatchObject({ type: 'wrong-expected-version', streamName: stream });
    });

    test('a stream with metadata alone can be deleted, one with nothing cannot', async () => {
      const [onlyMetadata, nothing] = [newStream(), newStream()];
      await client.setStreamMetadata(onlyMetadata, { cacheControl: 10 });
      await client.deleteStream(onlyMetadata, { expectedRevision: 'no_stream' });
      expect((await failure(client.deleteStream(nothing))).type).toBe('wrong-expected-version');
    });

    test('a tombstone is for ever', async () => {
      for (const stream of [newStream(), newStream()]) {
        await client.appendToStream(stream, events(2));
        const { position } = await client.tombstoneStream(stream, { expectedRevision: 1n });
        const [{ event }] = (await collect(client.readAll({ fromPosition: position!, maxCount: 1 }))) as [
          Official.ResolvedEvent,
        ];
        expect(event).toMatchObject({ type: '$streamDeleted', streamId: stream, revision: 2n ** 63n - 1n });
        const attempts = [
          collect(client.readStream(stream)),
          client.appendToStream(stream, events(1)),
          client.appendToStream(stream, events(1), oneByOne),
          client.tombstoneStream(stream),
          client.deleteStream(stream),
        ];
        for (const error of await Promise.all(attempts.map(failure))) {
          expect(error).toMatchObject({ type: 'stream-deleted', streamName: stream });
        }
      }
      const never = newStream();
      await client.tombstoneStream(never, { expectedRevision: 'no_stream' });
      expect((await failure(client.appendToStream(never, events(1)))).type).toBe('stream-deleted');
    });
  });

  describe('metadata', () => {
    test('are kept as they were given', async () => {
      const stream = newStream();
      expect(await client.getStreamMetadata(stream)).toEqual({ streamName: stream });
      const metadata = {
        maxAge: 20,
        cacheControl: 15,
        truncateBefore: 1,
        maxCount: 12,
        acl: { readRoles: ['admin'], writeRoles: ['admin'] },
        kitten: '😾',
      };
      await client.setStreamMetadata(stream, metadata);
      expect((await client.getStreamMetadata(stream)).metadata).toEqual(metadata);
      const first = await client.setStreamMetadata(stream, { maxCount: 3 }, expecting(0n));
      expect(first.nextExpectedRevision).toBe(1n);
      expect((await client.getStreamMetadata(stream)).metadata).toEqual({ maxCount: 3 });
      const conflict = await failure(client.setStreamMetadata(stream, {}, expecting(0n)));
      expect(conflict.type).toBe('wrong-expected-version');
      // Of a metastream only the last event counts.
      expect(await collect(client.readStream(`$$${stream}`))).toHaveLength(1);
    });

    test('cut a stream, and not $all', async () => {
      const stream = newStream();
      const { position } = await client.appendToStream(stream, events(1));
      await client.appendToStream(stream, events(9));
      const revisions = async (options: Official.ReadStreamOptions = {}) =>
        (await collect(client.readStream(stream, options))).map(({ event }) => Number(event!.revision));
      await client.setStreamMetadata(stream, { maxCount: 2 });
      expect(await revisions()).toEqual([8, 9]);
      expect(await revisions({ direction: BACKWARDS, fromRevision: END })).toEqual([9, 8]);
      await client.setStreamMetadata(stream, { truncateBefore: 5, maxCount: 100 });
      expect(await revisions()).toEqual([5, 6, 7, 8, 9]);
      expect(await revisions({ fromRevision: 7n, maxCount: 1 })).toEqual([7]);
      await client.setStreamMetadata(stream, { truncateBefore: 10 });
      expect(await revisions()).toEqual([]);
      await client.setStreamMetadata(stream, { maxAge: 3600 });
      expect(await revisions()).toHaveLength(10);
      await client.setStreamMetadata(stream, { maxAge: 0 });
      await until(async () => (await revisions()).length === 0);
      const all = await collect(client.readAll({ fromPosition: position!, maxCount: 10 }));
      expect(all.every(({ event }) => event!.streamId === stream)).toBe(true);
    });

    test('set on a deleted stream leave what it held hidden', async () => {
      const stream = newStream();
      await client.appendToStream(stream, events(3));
      await client.deleteStream(stream);
      await client.setStreamMetadata(stream, { maxCount: 100 });
      expect((await client.getStreamMetadata(stream)).metadata).toEqual({ maxCount: 100, truncateBefore: 3 });
      expect(await collect(client.readStream(stream))).toEqual([]);
      await client.appendToStream(stream, events(1), expecting(2n));
      expect(await collect(client.readStream(stream))).toHaveLength(1);
    });
  });

  describe('connecting', () => {
    test('by gossip', async () => {
      const port = await program.port();
      const strings = [
        `kurrentdb+discover://127.0.0.1:${port}?tls=false`,
        `kurrentdb://127.0.0.1:${port},127.0.0.1:${port}?tls=false`,
      ];
      for (const string of strings) {
        const discovering = connect(string);
        const stream = newStream();
        await discovering.appendToStream(stream, events(1));
        expect(await collect(discovering.readStream(stream))).toHaveLength(1);
        await discovering.dispose();
      }
    });

    test('with keep-alive, a name and a default deadline', async () => {
      const named = connect(
        await address('&keepAliveInterval=10000&keepAliveTimeout=5000&connectionName=me&defaultDeadline=20000'),
      );
      expect(named.connectionName).toBe('me');
      await named.appendToStream(newStream(), events(1));
      await named.dispose();
    });

    test('to a server that is not there', async () => {
      const lost = connect('kurrentdb://127.0.0.1:1?tls=false');
      const error = await failure(lost.appendToStream(newStream(), events(1), { deadline: 30_000 }));
      expect(error).toMatchObject({ code: 14 });
      await lost.dispose();
    });

    test('disposing ends subscriptions', async () => {
      const own = connect(await address());
      let ended = false;
      let caughtUp = false;
      own
        .subscribeToAll()
        .on('caughtUp', () => (caughtUp = true))
        .on('error', () => (ended = true))
        .on('close', () => (ended = true))
        .resume();
      await until(() => caughtUp);
      await own.dispose();
      await until(() => ended);
    });

    test('a client that was disposed appends again', async () => {
      const own = connect(await address());
      const stream = newStream();
      await own.appendToStream(stream, events(1));
      await own.dispose();
      expect(await own.appendToStream(stream, events(1))).toMatchObject({ nextExpectedRevision: 1n });
      await own.dispose();
    });

    test('tells which version it is', async () => {
      const { capabilities } = client as unknown as { capabilities: Promise<{ serverVersion: string }> };
      const { serverVersion } = await capabilities;
      expect(serverVersion).toBe('26.1.0');
    });

    test('what it does not have is refused as that', async () => {
      const error = await failure(client.createProjection(`p${randomUUID()}`, 'fromAll()'));
      expect(error).toMatchObject({ code: 12 });
    });
  });

  describe('persistent subscriptions', () => {
    const toStream = exports.persistentSubscriptionToStreamSettingsFromDefaults;
    const toAll = exports.persistentSubscriptionToAllSettingsFromDefaults;

    test.each([
      ['the start', START, [0, 1, 2, 3]],
      ['a revision on', 1n, [1, 2, 3]],
      ['the end', END, [3]],
    ] as const)('give a stream’s events from %s', async (_from, startFrom, expected) => {
      const [stream, group] = [newStream(), 'group'];
      await client.appendToStream(stream, events(3));
      await client.createPersistentSubscriptionToStream(stream, group, toStream({ startFrom }));
      const seen: number[] = [];
      const subscription = client.subscribeToPersistentSubscriptionToStream(stream, group);
      subscription.on('data', (event) => {
        seen.push(Number(event.event!.revision));
        void subscription.ack(event);
      });
      await client.appendToStream(stream, events(1));
      await until(() => seen.length >= expected.length);
      await subscription.unsubscribe();
      expect(seen).toEqual(expected);
    });

    test('give each event to one consumer, and what is not acknowledged again', async () => {
      const [stream, group] = [newStream(), 'group'];
      await client.createPersistentSubscriptionToStream(stream, group, toStream({ startFrom: START }));
      const seen: bigint[] = [];
      const first = client.subscribeToPersistentSubscriptionToStream(stream, group, { bufferSize: 2 });
      const held: bigint[] = [];
      first.on('data', ({ event }) => void held.push(event!.revision));
      await client.appendToStream(stream, events(10));
      await until(() => held.length === 2);
      const second = client.subscribeToPersistentSubscriptionToStream(stream, group);
      second.on('data', (event) => {
        seen.push(event.event!.revision);
        void second.ack(event);
      });
      await until(() => seen.length === 8);
      expect(held).toEqual([0n, 1n]);
      await first.unsubscribe();
      await until(() => seen.length === 10);
      expect([...seen].sort((one, other) => Number(one - other))).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n]);
      await second.unsubscribe();
    });

    test('retry, skip, park and stop, as a consumer says', async () => {
      const [stream, group] = [newStream(), 'group'];
      await client.createPersistentSubscriptionToStream(
        stream,
        group,
        toStream({ startFrom: START, maxRetryCount: 2 }),
      );
      await client.appendToStream(
        stream,
        ['retry', 'skip', 'park', 'stubborn', 'stop'].map((type) => event(type)),
      );
      const seen: string[] = [];
      let stopped: Error | undefined;
      const subscription = client.subscribeToPersistentSubscriptionToStream(stream, group, { bufferSize: 1 });
      subscription
        .on('data', (delivered) => {
          const { type } = delivered.event!;
          seen.push(`${type} ${delivered.retryCount}`);
          if (type === 'retry' && delivered.retryCount === 1) void subscription.ack(delivered);
          else if (type === 'stubborn') void subscription.nack('retry', 'again', delivered);
          else void subscription.nack(type as 'retry', 'because', delivered);
        })
        .on('error', (error) => (stopped = error));
      await until(() => stopped !== undefined);
      expect(stopped).toMatchObject({ type: 'persistent-subscription-dropped' });
      expect(seen).toEqual([
        'retry 0',
        'retry 1',
        'skip 0',
        'park 0',
        'stubborn 0',
        'stubborn 1',
        'stubborn 2',
        'stop 0',
      ]);
      await until(async () => {
        const { stats } = await client.getPersistentSubscriptionToStreamInfo(stream, group);
        return stats.parkedMessageCount === 2n;
      });
      const parked = await collect(
        client.readStream(`$persistentsubscription-${stream}::${group}-parked`, { resolveLinkTos: true }),
      );
      expect(parked.map(({ event }) => event!.type)).toEqual(['park', 'stubborn']);
    });

    test('replay what was parked, up to a place, and let go of it once it is done', async () => {
      const [stream, group] = [newStream(), 'group'];
      await client.createPersistentSubscriptionToStream(stream, group, toStream({ startFrom: START }));
      await client.appendToStream(stream, events(5));
      const seen: bigint[] = [];
      let park = true;
      const subscription = client.subscribeToPersistentSubscriptionToStream(stream, group);
      subscription.on('data', (delivered) => {
        seen.push(delivered.event!.revision);
        void (park ? subscription.nack('park', 'later', delivered) : subscription.ack(delivered));
      });
      const parkedCount = async () =>
        (await client.getPersistentSubscriptionToStreamInfo(stream, group)).stats.parkedMessageCount;
      await until(async () => (await parkedCount()) === 5n);
      park = false;
      await client.replayParkedMessagesToStream(stream, group, { stopAt: 2 });
      await until(async () => (await parkedCount()) === 3n);
      expect(seen.slice(5)).toEqual([0n, 1n]);
      await client.replayParkedMessagesToStream(stream, group);
      await until(async () => (await parkedCount()) === 0n);
      expect(seen.slice(5)).toEqual([0n, 1n, 2n, 3n, 4n]);
      await subscription.unsubscribe();
    });

    test('give an event to the next when nobody acknowledges it in time', async () => {
      const [stream, group] = [newStream(), 'group'];
      const settings = toStream({ startFrom: START, messageTimeout: 50, maxRetryCount: 1 });
      await client.createPersistentSubscriptionToStream(stream, group, settings);
      await client.appendToStream(stream, events(1));
      const counts: number[] = [];
      const subscription = client.subscribeToPersistentSubscriptionToStream(stream, group);
      subscription.on('data', ({ retryCount }) => void counts.push(retryCount));
      await until(async () => {
        const { stats } = await client.getPersistentSubscriptionToStreamInfo(stream, group);
        return stats.parkedMessageCount === 1n && counts.length >= 2;
      });
      expect(counts).toEqual([0, 1]);
      await subscription.unsubscribe();
    });

    test('give $all’s events through a filter, from a position on', async () => {
      const prefix = newStream();
      const group = `group-${prefix}`;
      await client.appendToStream(`${prefix}-a`, events(1));
      const { position } = await client.appendToStream(`${prefix}-a`, events(1));
      await client.createPersistentSubscriptionToAll(group, toAll({ startFrom: position! }), {
        filter: exports.streamNameFilter({ prefixes: [prefix] }),
      });
      await client.appendToStream(newStream(), events(5));
      await client.appendToStream(`${prefix}-b`, events(2));
      const seen: string[] = [];
      const subscription = client.subscribeToPersistentSubscriptionToAll(group);
      subscription.on('data', (delivered) => {
        seen.push(`${delivered.event!.streamId.slice(-1)}${delivered.event!.revision}`);
        void subscription.ack(delivered);
      });
      await until(() => seen.length === 3);
      await client.appendToStream(`${prefix}-c`, events(1));
      await until(() => seen.length === 4);
      expect(seen).toEqual(['a1', 'b0', 'b1', 'c0']);
      await client.replayParkedMessagesToAll(group);
      await subscription.unsubscribe();
      await client.deletePersistentSubscriptionToAll(group);
      expect((await failure(client.getPersistentSubscriptionToAllInfo(group))).type).toBe(
        'persistent-subscription-does-not-exist',
      );
    });

    test('of all of $all, are not kept busy by what they write themselves', async () => {
      const group = newStream();
      await client.createPersistentSubscriptionToAll(group, toAll({ startFrom: END, checkPointUpperBound: 1 }));
      const seen: string[] = [];
      const subscription = client.subscribeToPersistentSubscriptionToAll(group);
      subscription.on('data', (delivered) => {
        seen.push(delivered.event!.streamId);
        void subscription.ack(delivered);
      });
      const stream = newStream();
      await client.appendToStream(stream, events(3));
      await until(async () => {
        const { stats } = await client.getPersistentSubscriptionToAllInfo(group);
        return seen.filter((name) => name === stream).length === 3 && stats.lastCheckpointedEventPosition !== undefined;
      });
      await client.appendToStream(stream, events(1));
      await until(() => seen.at(-1) === stream && seen.length >= 4);
      expect(seen.some((name) => name.includes('persistentsubscription-'))).toBe(false);
      await subscription.unsubscribe();
      await client.deletePersistentSubscriptionToAll(group);
    });

    test('pin a stream’s events to one consumer', async () => {
      const prefix = newStream();
      const group = `group-${prefix}`;
      await client.createPersistentSubscriptionToAll(
        group,
        toAll({ startFrom: START, consumerStrategyName: 'Pinned' }),
        { filter: exports.streamNameFilter({ prefixes: [prefix] }) },
      );
      const consumers = [0, 1].map(() => {
        const streams: string[] = [];
        const subscription = client.subscribeToPersistentSubscriptionToAll(group);
        subscription.on('data', (delivered) => {
          streams.push(delivered.event!.streamId);
          void subscription.ack(delivered);
        });
        return { streams, subscription };
      });
      await until(async () => (await client.getPersistentSubscriptionToAllInfo(group)).connections.length === 2);
      const names = Array.from({ length: 20 }, (_, index) => `${prefix}-${index}`);
      for (const name of [...names, ...names]) await client.appendToStream(name, events(1));
      await until(() => consumers[0]!.streams.length + consumers[1]!.streams.length === 40);
      const [first, second] = consumers.map(({ streams }) => new Set(streams));
      expect(first!.size).toBeGreaterThan(0);
      expect(second!.size).toBeGreaterThan(0);
      expect([...first!].filter((name) => second!.has(name))).toEqual([]);
      for (const { subscription } of consumers) await subscription.unsubscribe();
      await client.deletePersistentSubscriptionToAll(group);
    });

    test('tell of themselves, and can be changed', async () => {
      const [stream, group] = [newStream(), 'group'];
      const settings = toStream({ startFrom: START, extraStatistics: true });
      await client.createPersistentSubscriptionToStream(stream, group, settings);
      const info = await client.getPersistentSubscriptionToStreamInfo(stream, group);
      expect(info).toMatchObject({ eventSource: stream, groupName: group, connections: [] });
      expect(info.settings).toEqual(settings);
      expect(info.stats.lastKnownEventRevision).toBeUndefined();

      const changed = { ...settings, startFrom: 2n, maxSubscriberCount: 1, checkPointUpperBound: 1, maxRetryCount: 7 };
      await client.updatePersistentSubscriptionToStream(stream, group, changed);
      await client.appendToStream(stream, events(5));
      const seen: bigint[] = [];
      const named = connect(await address('&connectionName=named'));
      const subscription = named.subscribeToPersistentSubscriptionToStream(stream, group);
      subscription.on('data', (delivered) => {
        seen.push(delivered.event!.revision);
        void subscription.ack(delivered);
      });
      await until(() => seen.length === 3);
      expect(seen).toEqual([2n, 3n, 4n]);
      await until(async () => {
        const { stats } = await client.getPersistentSubscriptionToStreamInfo(stream, group);
        return stats.lastCheckpointedEventRevision === 4n;
      });
      const busy = await client.getPersistentSubscriptionToStreamInfo(stream, group);
      expect(busy.settings).toEqual(changed);
      expect(busy.stats.lastKnownEventRevision).toBe(4n);
      expect(busy.connections).toHaveLength(1);
      expect(busy.connections[0]).toMatchObject({ connectionName: 'named', username: 'anonymous', totalItems: 3n });
      expect(busy.connections[0]!.extraStatistics!.get('quintile 3')).toBeTypeOf('bigint');
      const full = await subscriptionError(client.subscribeToPersistentSubscriptionToStream(stream, group));
      expect(full).toMatchObject({ type: 'maximum-subscribers-reached', streamName: stream, groupName: group });

      const dropped = subscriptionError(subscription);
      await client.deletePersistentSubscriptionToStream(stream, group);
      expect(await dropped).toMatchObject({ type: 'persistent-subscription-dropped', streamName: stream });
      await named.dispose();
    });

    test('are listed', async () => {
      const [stream, other] = [newStream(), newStream()];
      const settings = toStream({ startFrom: 2n });
      for (const group of ['one', 'two']) {
        await client.createPersistentSubscriptionToStream(stream, group, settings);
      }
      await client.createPersistentSubscriptionToStream(other, 'three', settings);
      const ofAll = `group-${stream}`;
      await client.createPersistentSubscriptionToAll(ofAll, toAll());
      await client.updatePersistentSubscriptionToAll(ofAll, toAll({ startFrom: { commit: 5n, prepare: 5n } }));
      const names = (list: readonly { eventSource: string; groupName: string }[]) =>
        list.map(({ eventSource, groupName }) => `${eventSource}/${groupName}`);
      expect(names(await client.listPersistentSubscriptionsToStream(stream))).toEqual([
        `${stream}/one`,
        `${stream}/two`,
      ]);
      const toAllList = await client.listPersistentSubscriptionsToAll();
      const found = toAllList.find(({ groupName }) => groupName === ofAll)!;
      expect(found.settings).toEqual(toAll({ startFrom: { commit: 5n, prepare: 5n } }));
      const all = names(await client.listAllPersistentSubscriptions());
      expect(all).toEqual(
        expect.arrayContaining([`${stream}/one`, `${stream}/two`, `${other}/three`, `$all/${ofAll}`]),
      );
      await client.restartPersistentSubscriptionSubsystem();
      expect(names(await client.listAllPersistentSubscriptions())).toEqual(all);
    });

    test('are refused where there are none, or are some already', async () => {
      const [stream, group] = [newStream(), 'group'];
      const missing = { type: 'persistent-subscription-does-not-exist', streamName: stream, groupName: group };
      const attempts = [
        client.updatePersistentSubscriptionToStream(stream, group, toStream()),
        client.deletePersistentSubscriptionToStream(stream, group),
        client.getPersistentSubscriptionToStreamInfo(stream, group),
        client.replayParkedMessagesToStream(stream, group),
        subscriptionError(client.subscribeToPersistentSubscriptionToStream(stream, group)).then((error) => {
          throw error;
        }),
      ];
      for (const error of await Promise.all(attempts.map(failure))) expect(error).toMatchObject(missing);
      expect((await failure(client.listPersistentSubscriptionsToStream(stream))).type).toBe(missing.type);
      await client.createPersistentSubscriptionToStream(stream, group, toStream());
      const exists = await failure(client.createPersistentSubscriptionToStream(stream, group, toStream()));
      expect(exists).toMatchObject({ ...missing, type: 'persistent-subscription-exists' });
    });
  });

  function event(type: string): Official.JSONEventData {
    return jsonEvent({ type, data: { some: 'thing' } });
  }

  function events(count: number, type = 'test'): Official.JSONEventData[] {
    return Array.from({ length: count }, (_, index) => jsonEvent({ type, data: { index } }));
  }

  function link(revision: bigint, stream: string): Official.BinaryEventData {
    return binaryEvent({ type: '$>', data: Buffer.from(`${revision}@${stream}`) });
  }
}

/** The two clients have two names for what is expected. */
function expecting(state: State) {
  return { streamState: state, expectedRevision: state };
}

export function newStream(): string {
  return `stream-${randomUUID()}`;
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

export interface ClientError extends Error {
  readonly type?: string;
  readonly [field: string]: unknown;
}

/** The error of what has to fail. */
export async function failure(attempt: Promise<unknown>): Promise<ClientError> {
  const outcome: unknown = await attempt.then(
    (result) => ({ result }),
    (error: unknown) => error,
  );
  if (!(outcome instanceof Error)) throw new Error(`it did not fail: ${String(outcome)}`);
  return outcome as ClientError;
}

/** What is wrong with a stream, under both clients' names. */
export function conflictOf(error: ClientError) {
  return {
    streamName: error['streamName'],
    expected: error['expectedState'] ?? error['expectedVersion'],
    actual: error['actualState'] ?? error['actualVersion'],
  };
}

function subscriptionError(subscription: NodeJS.EventEmitter & { resume(): unknown }): Promise<ClientError> {
  return new Promise((resolve) => {
    subscription.on('error', resolve);
    subscription.resume();
  });
}
