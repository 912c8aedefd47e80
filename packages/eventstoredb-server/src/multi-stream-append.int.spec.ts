import * as kurrent from '@kurrent/kurrentdb-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startEventStoreDbServer, type EventStoreDbServer } from './server.js';
import { collect, failure, newStream } from './testing/client-suite.js';

const { binaryEvent, jsonEvent, ANY, NO_STREAM, STREAM_EXISTS, STREAM_STATE } = kurrent;
type State = kurrent.ConsistencyCheck['expectedState'];

let server: EventStoreDbServer;
let client: kurrent.KurrentDBClient;

beforeAll(async () => {
  server = await startEventStoreDbServer();
  client = kurrent.KurrentDBClient.connectionString(
    `kurrentdb://127.0.0.1:${server.port}?tls=false&defaultDeadline=60000`,
  );
});

afterAll(async () => {
  await client.dispose();
  await server.stop();
});

const event = (data: object = { some: 'thing' }, metadata?: object) =>
  jsonEvent({ type: 'test', data, metadata } as never);
const request = (streamName: string, expectedState: State, count = 1): kurrent.AppendStreamRequest => {
  return { streamName, expectedState, events: Array.from({ length: count }, () => event()) };
};
const record = (streamName: string, data?: object, metadata?: object): kurrent.AppendRecordInput => {
  return { streamName, record: event(data, metadata) };
};
const check = (streamName: string, expectedState: State): kurrent.ConsistencyCheck => {
  return { type: STREAM_STATE, streamName, expectedState };
};
const lengthOf = async (stream: string) => (await collect(client.readStream(stream)).catch(() => [])).length;

async function streamWith(count: number): Promise<string> {
  const stream = newStream();
  await client.appendToStream(stream, request(stream, ANY, count).events);
  return stream;
}

async function deletedStream(): Promise<string> {
  const stream = await streamWith(3);
  await client.deleteStream(stream);
  return stream;
}

async function tombstonedStream(): Promise<string> {
  const stream = await streamWith(3);
  await client.tombstoneStream(stream);
  return stream;
}

test.each(['$persistentSubscriptionConfig', '$$$persistentsubscription-a::b-checkpoint'])(
  'nothing is written beside what the server itself goes by: %s',
  async (own) => {
    const stream = newStream();
    const attempts = [
      client.multiStreamAppend([request(stream, ANY), request(own, ANY)]),
      client.appendRecords([record(stream), record(own)]),
    ];
    for (const error of await Promise.all(attempts.map(failure))) expect(error.type).toBe('access-denied');
    expect(await lengthOf(stream)).toBe(0);
  },
);

describe('an append session', () => {
  test('appends to all streams at once, next to each other', async () => {
    const [first, second] = [newStream(), await streamWith(2)];
    const answer = await client.multiStreamAppend([request(first, NO_STREAM, 2), request(second, 1n, 3)]);
    expect(answer.responses).toEqual([
      { streamName: first, revision: 1n },
      { streamName: second, revision: 4n },
    ]);
    const from = { commit: answer.position - 4n, prepare: answer.position - 4n };
    const all = await collect(client.readAll({ fromPosition: from, maxCount: 10 }));
    expect(all.map(({ event }) => event!.streamId)).toEqual([first, first, second, second, second]);
  });

  test('appends nothing when one stream is not as expected', async () => {
    const [first, second, third] = [newStream(), await streamWith(2), newStream()];
    const requests = [request(first, NO_STREAM), request(second, 0n), request(third, ANY)];
    const error = await failure(client.multiStreamAppend(requests));
    expect(error).toMatchObject({
      type: 'wrong-expected-version',
      streamName: second,
      expectedState: 0n,
      actualState: 1n,
    });
    expect(await Promise.all([first, second, third].map(lengthOf))).toEqual([0, 2, 0]);
    const missing = await failure(client.multiStreamAppend([request(third, STREAM_EXISTS)]));
    expect(missing).toMatchObject({ expectedState: 'stream_exists', actualState: 'no_stream' });
  });

  test('brings deleted streams back, and not tombstoned ones', async () => {
    const [deleted, tombstoned, other] = [await deletedStream(), await tombstonedStream(), newStream()];
    const error = await failure(client.multiStreamAppend([request(other, ANY), request(tombstoned, ANY)]));
    expect(error).toMatchObject({ type: 'stream-tombstoned', stream: tombstoned });
    expect(await lengthOf(other)).toBe(0);
    const { responses } = await client.multiStreamAppend([request(other, ANY), request(deleted, NO_STREAM, 2)]);
    expect(responses[1]).toEqual({ streamName: deleted, revision: 4n });
    expect(await lengthOf(deleted)).toBe(2);
  });

  test('answers a repetition as the first time', async () => {
    const requests = [request(newStream(), NO_STREAM, 2), request(newStream(), ANY)];
    const first = await client.multiStreamAppend(requests);
    await client.multiStreamAppend([{ ...request(requests[0]!.streamName, 1n), streamName: requests[0]!.streamName }]);
    expect(await client.multiStreamAppend(requests)).toEqual(first);
    const partly = [requests[0]!, request(newStream(), ANY)];
    expect((await failure(client.multiStreamAppend(partly))).type).toBe('wrong-expected-version');
  });

  test('refuses a stream that comes twice, no streams, and too much', async () => {
    const stream = newStream();
    const twice = await failure(client.multiStreamAppend([request(stream, ANY), request(stream, ANY)]));
    expect(twice).toMatchObject({ code: 10 });
    expect(await failure(client.multiStreamAppend([]))).toMatchObject({ code: 9 });
    const big = () => binaryEvent({ type: 'big', data: Buffer.alloc(400_000) });
    const requests = [stream, newStream(), newStream()].map((streamName): kurrent.AppendStreamRequest => {
      return { streamName, expectedState: ANY, events: [big()] };
    });
    const error = await failure(client.multiStreamAppend(requests));
    expect(error).toMatchObject({ type: 'transaction-max-size-exceeded', maxSize: 1024 * 1024 });
    expect(error['size']).toBeGreaterThan(1_200_000);
    expect(await lengthOf(stream)).toBe(0);
    // The connection is as good as before.
    expect(await client.multiStreamAppend(requests.slice(0, 2))).toMatchObject({ responses: [{ revision: 0n }, {}] });
  });

  test('keeps properties and bytes', async () => {
    const stream = newStream();
    const bytes = Buffer.from([0, 255, 128, 7]);
    await client.multiStreamAppend([
      {
        streamName: stream,
        expectedState: ANY,
        events: [event({ n: 1 }, { who: 'me' }), binaryEvent({ type: 'bytes', data: bytes })],
      },
    ]);
    const [json, binary] = (await collect(client.readStream(stream))).map(({ event }) => event!);
    expect(json).toMatchObject({
      type: 'test',
      isJson: true,
      data: { n: 1 },
      metadata: { '$schema.format': 'Json', '$schema.name': 'test', who: 'me' },
    });
    expect(binary).toMatchObject({ type: 'bytes', isJson: false, metadata: { '$schema.format': 'Bytes' } });
    expect(Buffer.from(binary!.data as Uint8Array)).toEqual(bytes);
  });
});

describe('appending records', () => {
  test('takes records of several streams in any order', async () => {
    const [first, second] = [newStream(), newStream()];
    const records = [1, 2, 3, 4, 5].map((order) => record(order % 2 === 1 ? first : second, { order }, { a: 'b' }));
    const { position, responses } = await client.appendRecords(records);
    expect(position).toBeGreaterThan(0n);
    expect(responses).toEqual([
      { streamName: first, revision: 2n },
      { streamName: second, revision: 1n },
    ]);
    const orders = async (stream: string) =>
      (await collect(client.readStream(stream))).map(
        ({ event }) => (event!.data as unknown as { order: number }).order,
      );
    expect(await orders(first)).toEqual([1, 3, 5]);
    expect(await orders(second)).toEqual([2, 4]);
  });

  // What a stream is, what is expected of it, and what is told when it is not so.
  const live = () => streamWith(3);
  const absent = async () => newStream();
  test.each<[string, () => Promise<string>, State, State | undefined]>([
    ['live', live, ANY, undefined],
    ['live', live, 2n, undefined],
    ['live', live, STREAM_EXISTS, undefined],
    ['live', live, NO_STREAM, 2n],
    ['live', live, 7n, 2n],
    ['absent', absent, ANY, undefined],
    ['absent', absent, NO_STREAM, undefined],
    ['absent', absent, STREAM_EXISTS, NO_STREAM],
    ['absent', absent, 0n, NO_STREAM],
    ['deleted', deletedStream, ANY, undefined],
    ['deleted', deletedStream, NO_STREAM, undefined],
    ['deleted', deletedStream, 2n, undefined],
    ['deleted', deletedStream, STREAM_EXISTS, -5n],
    ['deleted', deletedStream, 7n, -5n],
    ['tombstoned', tombstonedStream, STREAM_EXISTS, -6n],
    ['tombstoned', tombstonedStream, 2n, -6n],
  ])('a stream that is %s (%#), expected %s', async (_kind, make, expected: State, told) => {
    const written = newStream();
    // As a condition alone, and as one on a stream that is written to.
    for (const records of [[record(written)], [record(written), record('target')]]) {
      const stream = await make();
      const targets = records.map((one) => (one.streamName === 'target' ? record(stream) : one));
      const before = await lengthOf(written);
      const attempt = client.appendRecords(targets, [check(stream, expected)]);
      if (told === undefined) {
        expect((await attempt).responses).toHaveLength(targets.length);
      } else {
        expect(await failure(attempt)).toMatchObject({
          type: 'append-consistency-violation',
          violations: [{ checkIndex: 0, streamName: stream, expectedState: expected, actualState: told }],
        });
        expect(await lengthOf(written)).toBe(before);
      }
    }
  });

  test('for a condition, a tombstoned stream is none; it takes no records', async () => {
    const tombstoned = await tombstonedStream();
    for (const expected of [ANY, NO_STREAM] as const) {
      await client.appendRecords([record(newStream())], [check(tombstoned, expected)]);
      const error = await failure(client.appendRecords([record(tombstoned)], [check(tombstoned, expected)]));
      expect(error).toMatchObject({ violations: [{ streamName: tombstoned, actualState: -6n }] });
    }
    expect((await failure(client.appendRecords([record(tombstoned)]))).type).toBe('append-consistency-violation');
  });

  test('tells all conditions that do not hold', async () => {
    const [fine, absentOne, other, written] = [await streamWith(3), newStream(), await streamWith(2), newStream()];
    const checks = [check(fine, 2n), check(absentOne, STREAM_EXISTS), check(other, 10n)];
    const error = (await failure(client.appendRecords([record(written)], checks))) as unknown as {
      violations: { checkIndex: number; streamName: string }[];
    };
    expect(error.violations.map(({ checkIndex, streamName }) => [checkIndex, streamName])).toEqual([
      [1, absentOne],
      [2, other],
    ]);
    expect(await lengthOf(written)).toBe(0);
  });

  test('conditions hold until the append is done', async () => {
    const guard = newStream();
    const attempts = Array.from({ length: 20 }, () =>
      client.appendRecords([record(guard), record(newStream())], [check(guard, NO_STREAM)]).then(
        () => 'done',
        () => 'refused',
      ),
    );
    const outcomes = await Promise.all(attempts);
    expect(outcomes.filter((outcome) => outcome === 'done')).toHaveLength(1);
    expect(await lengthOf(guard)).toBe(1);
  });
});
