import * as kurrent from '@kurrent/kurrentdb-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEventStoreDbServer, type EventStoreDbServer } from './server.js';
import { collect, failure, newStream } from './testing/client-suite.js';
import { until } from './testing/until.js';

let server: EventStoreDbServer;
let client: kurrent.KurrentDBClient;

beforeAll(async () => {
  server = await startEventStoreDbServer({ systemProjections: true });
  client = kurrent.KurrentDBClient.connectionString(
    `kurrentdb://127.0.0.1:${server.port}?tls=false&defaultDeadline=60000`,
  );
});

afterAll(async () => {
  await client.dispose();
  await server.stop();
});

const read = (stream: string, resolveLinkTos = true) => collect(client.readStream(stream, { resolveLinkTos }));
const count = (stream: string) =>
  read(stream).then(
    ({ length }) => length,
    () => 0,
  );

test('link events by category, type and stream, a moment later', async () => {
  const [type, other] = ['A', 'B'].map((name) => `${name}${newStream()}`);
  const category = `category${newStream().slice(-12)}`;
  const streams = [`${category}-1`, `${category}-2-with-dashes`, 'undashed'];
  for (const stream of streams) {
    await client.appendToStream(stream, [
      kurrent.jsonEvent({ type: type!, data: {} }),
      kurrent.jsonEvent({ type: other!, data: {} }),
    ]);
  }
  await until(async () => (await count(`$et-${other}`)) === 3);
  expect((await read(`$ce-${category}`)).map(({ event }) => `${event!.revision}@${event!.streamId}`)).toEqual(
    [streams[0], streams[1]].flatMap((stream) => [`0@${stream}`, `1@${stream}`]),
  );
  expect((await read(`$et-${type}`)).map(({ event }) => event!.streamId)).toEqual(streams);
  const names = (await read('$streams')).map(({ event }) => event!.streamId);
  expect(names).toEqual(expect.arrayContaining(streams));
  expect(names.some((name) => name.startsWith('$'))).toBe(false);

  const [link] = await read(`$ce-${category}`, false);
  const [resolved] = await read(`$ce-${category}`);
  expect(link!.event).toMatchObject({ type: '$>', isJson: false });
  expect(Buffer.from(link!.event!.data as Uint8Array).toString()).toBe(`0@${streams[0]}`);
  expect(link!.event!.metadata).toMatchObject({ $causedBy: resolved!.event!.id });
  expect(resolved!.link!.id).toBe(link!.event!.id);
});

test('a subscriber to a category hears of new streams, with what their events are', async () => {
  const category = `category${newStream().slice(-12)}`;
  const seen: string[] = [];
  const subscription = client
    .subscribeToStream(`$ce-${category}`, { resolveLinkTos: true })
    .on('data', ({ event, link }) => void seen.push(`${link!.revision}: ${event!.streamId}`));
  for (const name of ['a', 'b']) {
    await client.appendToStream(`${category}-${name}`, [kurrent.jsonEvent({ type: 'test', data: {} })]);
  }
  await until(() => seen.length === 2);
  await subscription.unsubscribe();
  expect(seen).toEqual([`0: ${category}-a`, `1: ${category}-b`]);
});

test('what was deleted is linked to no more', async () => {
  const category = `category${newStream().slice(-12)}`;
  for (const name of ['a', 'b']) {
    await client.appendToStream(`${category}-${name}`, [kurrent.jsonEvent({ type: 'test', data: {} })]);
  }
  await until(async () => (await count(`$ce-${category}`)) === 2);
  await client.deleteStream(`${category}-a`);
  const [first, second] = await read(`$ce-${category}`);
  expect(first!.event).toBeUndefined();
  expect(second!.event).toMatchObject({ streamId: `${category}-b` });
});

test('are off unless they are asked for', async () => {
  const plain = await startEventStoreDbServer();
  const own = kurrent.KurrentDBClient.connectionString(`kurrentdb://127.0.0.1:${plain.port}?tls=false`);
  await own.appendToStream('category-a', [kurrent.jsonEvent({ type: 'test', data: {} })]);
  expect((await failure(collect(own.readStream('$ce-category')))).type).toBe('stream-not-found');
  const all = (await collect(own.readAll())).map(({ event }) => event!.type);
  expect(all).toEqual(['$UserCreated', 'test']);
  await own.dispose();
  await plain.stop();
});
