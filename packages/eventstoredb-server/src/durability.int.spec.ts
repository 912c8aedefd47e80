import * as kurrent from '@kurrent/kurrentdb-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { collect, newStream } from './testing/client-suite.js';
import { Program, temporaryDirectory } from './testing/program.js';
import { until } from './testing/until.js';

let directory: ReturnType<typeof temporaryDirectory>;
let program: Program;
let client: kurrent.KurrentDBClient;

beforeEach(async () => {
  directory = temporaryDirectory();
  await start();
});

afterEach(async () => {
  await client.dispose();
  await program.kill();
  directory.remove();
});

async function start(...args: string[]): Promise<void> {
  program = await Program.start('--data', directory.path, '--insecure', ...args);
  client = kurrent.KurrentDBClient.connectionString(
    `kurrentdb://127.0.0.1:${await program.port()}?tls=false&defaultDeadline=60000`,
  );
}

async function killAndStart(...args: string[]): Promise<void> {
  await program.kill();
  await client.dispose();
  await start(...args);
}

const events = (count: number) =>
  Array.from({ length: count }, (_, index) => kurrent.jsonEvent({ type: 'test', data: { index } }));

test('starts again whatever clients wrote where a name or a form means something to it', async () => {
  const [stream, group] = [newStream(), 'group'];
  await client.createPersistentSubscriptionToStream(
    stream,
    group,
    kurrent.persistentSubscriptionToStreamSettingsFromDefaults({ startFrom: kurrent.START }),
  );
  const json = (type: string, data: object) => kurrent.jsonEvent({ type, data: data as never });
  const nonsense = kurrent.binaryEvent({ type: '$metadata', data: Buffer.from('{ nonsense') });
  const link = (text: string) => kurrent.binaryEvent({ type: '$>', data: Buffer.from(text) });
  const odd = [
    ['$$truncated', [json('$metadata', { $tb: 1.5, $maxCount: '7', $maxAge: -1 })]],
    ['truncated', events(3)],
    ['$$mad', [nonsense]],
    ['mad', events(3)],
    [
      `$persistentsubscription-${stream}::${group}-parked`,
      [link('what'), link('99999999999999999999@mad'), ...events(1)],
    ],
    ['$streams', [link('0@nothing')]],
    ['$ce-mad', events(1)],
  ] as const;
  for (const [name, written] of odd) await client.appendToStream(name, [...written]);
  await killAndStart('--system-projections');
  expect(await collect(client.readStream('truncated'))).toHaveLength(3);
  expect(await collect(client.readStream('mad', { resolveLinkTos: true }))).toHaveLength(3);
  await client.replayParkedMessagesToStream(stream, group);
  await client.appendToStream(stream, events(1));
  const seen: string[] = [];
  const subscription = client.subscribeToPersistentSubscriptionToStream(stream, group);
  subscription.on('data', (delivered) => {
    seen.push(delivered.event?.streamId ?? 'gone');
    void subscription.ack(delivered);
  });
  await until(() => seen.includes(stream));
  await subscription.unsubscribe();
});

test('all that was answered is there after the program was killed, whenever that is', async () => {
  const acknowledged = new Map<string, string[]>();
  for (let round = 0; round < 2; round++) {
    let appends = 0;
    let isOn = true;
    const writing = client;
    // Nobody waits for them to end: where its connection broke at the wrong moment, the client leaves a call without an answer.
    for (let writer = 0; writer < 8; writer++) {
      void (async () => {
        const stream = newStream();
        while (isOn) {
          const batch = events(3);
          await writing.appendToStream(stream, batch);
          acknowledged.set(stream, [...(acknowledged.get(stream) ?? []), ...batch.map(({ id }) => id)]);
          appends++;
        }
      })().catch(() => undefined);
    }
    await until(() => appends >= 20 && acknowledged.size === 8 * (round + 1));
    await program.kill();
    isOn = false;
    await client.dispose();
    await start();
    for (const [stream, ids] of acknowledged) {
      const read = (await collect(client.readStream(stream))).map(({ event }) => event!.id);
      expect(read.slice(0, ids.length)).toEqual(ids);
      // At most one append was not answered, and it is there in whole or not at all.
      expect([0, 3]).toContain(read.length - ids.length);
    }
  }
  expect(acknowledged.size).toBe(16);
});

test.each([
  ['in batches', {}],
  ['one by one', { credentials: { username: 'admin', password: 'changeit' } }],
])(
  'a client whose server is killed under its appends, %s, hears that it is gone, and goes on with the next',
  async (_way, way) => {
    await killAndStart('--max-append-size', '50000000');
    const port = String(await program.port());
    const stream = newStream();
    await client.appendToStream(stream, events(2_000), way);
    const appending = (async () => {
      for (;;) await client.appendToStream(stream, events(50_000), { ...way, deadline: 100_000 });
    })();
    const outcome = appending.catch((error: unknown) => error);
    await new Promise((resolve) => setImmediate(resolve));
    await program.kill();
    expect(await outcome).toMatchObject({ type: 'unavailable' });
    program = new Program(['--port', port, '--data', directory.path, '--insecure']);
    await program.port();
    // What the connection was is found out with the first call on it.
    await until(() =>
      client.appendToStream(newStream(), events(1), way).then(
        ({ success }) => success,
        () => false,
      ),
    );
    // By a client that knows nothing of it.
    await killAndStart();
    const count = (await collect(client.readStream(stream))).length;
    expect((count - 2_000) % 50_000).toBe(0);
  },
);

test('a client whose server is killed in the middle of its read hears that it is gone, and reads all with the next', async () => {
  const stream = newStream();
  const count = 400;
  // More than a connection holds on its way.
  const text = 'x'.repeat(100_000);
  for (let written = 0; written < count; written += 8) {
    const some = Array.from({ length: 8 }, () => kurrent.jsonEvent({ type: 'test', data: { text } }));
    await client.appendToStream(stream, some);
  }
  const port = String(await program.port());
  const reads = [client.readStream(stream), client.readAll()].map(async (reading) => {
    let seen = 0;
    for await (const _event of reading) if (seen++ === 0) await program.kill();
    return seen;
  });
  for (const outcome of await Promise.allSettled(reads)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { type: 'unavailable' } });
  }
  program = new Program(['--port', port, '--data', directory.path, '--insecure']);
  await program.port();
  // What the connection was is found out with the first call on it.
  const read = () => collect(client.readStream(stream)).catch(() => []);
  await until(async () => (await read()).length === count);
});

test('an append that is repeated after a crash has one effect', async () => {
  const [stream, other] = [newStream(), newStream()];
  const batch = events(3);
  const first = await client.appendToStream(stream, batch, { streamState: 'no_stream' });
  const requests: kurrent.AppendStreamRequest[] = [{ streamName: other, expectedState: 'any', events: events(2) }];
  const session = await client.multiStreamAppend(requests);
  await killAndStart();
  expect(await client.appendToStream(stream, batch, { streamState: 'no_stream' })).toEqual(first);
  expect(await client.appendToStream(stream, batch)).toEqual(first);
  expect(await client.multiStreamAppend(requests)).toEqual(session);
  expect(await collect(client.readStream(stream))).toHaveLength(3);
});

test('deletions, tombstones and metadata hold', async () => {
  const [deleted, tombstoned, cut] = [newStream(), newStream(), newStream()];
  for (const stream of [deleted, tombstoned, cut]) await client.appendToStream(stream, events(5));
  await client.deleteStream(deleted);
  await client.tombstoneStream(tombstoned);
  await client.setStreamMetadata(cut, { maxCount: 2 });
  await killAndStart();
  await expect(collect(client.readStream(deleted))).rejects.toMatchObject({ type: 'stream-not-found' });
  await expect(collect(client.readStream(tombstoned))).rejects.toMatchObject({ type: 'stream-deleted' });
  expect(await collect(client.readStream(cut))).toHaveLength(2);
  expect(await client.appendToStream(deleted, events(1))).toMatchObject({ nextExpectedRevision: 5n });
});

test('a persistent subscription loses nothing, and does not begin anew', async () => {
  const stream = newStream();
  const settings = kurrent.persistentSubscriptionToStreamSettingsFromDefaults({
    startFrom: 'start',
    checkPointUpperBound: 1,
  });
  await client.createPersistentSubscriptionToStream(stream, 'group', settings);
  await client.appendToStream(stream, events(20));
  const work = (until: (revision: bigint) => 'ack' | 'park' | 'hold', seen: bigint[]) => {
    const subscription = client.subscribeToPersistentSubscriptionToStream(stream, 'group');
    subscription
      .on('error', () => undefined)
      .on('data', (event) => {
        const { revision } = event.event!;
        seen.push(revision);
        const what = until(revision);
        if (what === 'ack') void subscription.ack(event);
        if (what === 'park') void subscription.nack('park', 'later', event);
      });
  };
  const info = () => client.getPersistentSubscriptionToStreamInfo(stream, 'group');
  const before: bigint[] = [];
  work((revision) => (revision < 4n ? 'park' : revision < 10n ? 'ack' : 'hold'), before);
  await until(async () => (await info()).stats.lastCheckpointedEventRevision === 9n);
  await killAndStart();
  const { settings: kept, stats } = await info();
  expect(kept).toEqual(settings);
  expect(stats).toMatchObject({ parkedMessageCount: 4n, lastCheckpointedEventRevision: 9n });
  const after: bigint[] = [];
  work(() => 'ack', after);
  await until(() => after.length >= 10);
  expect(after).toEqual(Array.from({ length: 10 }, (_, index) => BigInt(10 + index)));
  await client.replayParkedMessagesToStream(stream, 'group');
  await until(async () => (await info()).stats.parkedMessageCount === 0n);
  expect(after.slice(10)).toEqual([0n, 1n, 2n, 3n]);
});

test('the system projections link each event once, across crashes', async () => {
  await killAndStart('--system-projections');
  const category = `cat${newStream().replaceAll('-', '')}`;
  for (let round = 0; round < 2; round++) {
    await Promise.all(
      Array.from({ length: 20 }, (_, index) => client.appendToStream(`${category}-${round}${index}`, events(2))),
    );
    await killAndStart('--system-projections');
  }
  const links = async () =>
    (await collect(client.readStream(`$ce-${category}`, { resolveLinkTos: true }))).map(({ event }) => event!.id);
  await until(async () => (await links().catch(() => [])).length >= 80);
  const ids = await links();
  expect(new Set(ids).size).toBe(80);
  expect(ids).toHaveLength(80);
});
