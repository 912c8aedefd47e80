// Appends and reads through the port, in each of its stores, and what the engine below would do at most, all in one run: the
// machine's speed at the moment is in every number alike. See bench/README.md.
import { Buffer } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { credentials, makeClientConstructor } from '@grpc/grpc-js';
import { InMemoryEventStore } from '@shelfmark/event-sourcing';
import { EmbeddedEventStore } from '@shelfmark/event-store-embedded';
import { KurrentDBEventStore } from '@shelfmark/event-store-kurrentdb';
import { open } from 'lmdb';
import { child, startServer } from './child.mjs';
import { echoService } from './echo-service.mjs';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    events: { type: 'string', default: '50000' },
  },
});
const seconds = Number(values.seconds);
const readEvents = Number(values.events);
const concurrencies = [1, 16, 64];
/** As many as the official client's own suite sends in one turn, of a kilobyte each. */
const flood = 10_000;
const root = mkdtempSync(join(tmpdir(), 'shelfmark-bench-stores-'));

const dataOf = (n) => ({ title: 'Sketch of the Analytical Engine', authors: ['Menabrea, L. F.'], amount: 2, n });
const metadata = {
  commandId: randomUUID(),
  commandHash: '0123456789abcdef',
  correlationId: randomUUID(),
  causationId: randomUUID(),
  time: '2026-01-02T03:04:05.678Z',
  schemaVersion: 1,
};
const eventOf = (n) => ({ id: randomUUID(), type: 'BookCreated', data: dataOf(n), metadata });
const record = () => Buffer.from(JSON.stringify(['BookCreated', dataOf(1), metadata]));

/** So many calls a second, with `concurrency` under way at a time. */
async function rate(concurrency, call) {
  let calls = 0;
  const endsAt = performance.now() + seconds * 1000;
  const startedAt = performance.now();
  const worker = async () => {
    while (performance.now() < endsAt) {
      await call();
      calls++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return (calls / (performance.now() - startedAt)) * 1000;
}

const results = [];
const table = (name, row) => results.push({ name, ...row });

async function measureStore(name, store) {
  const row = {};
  for (const concurrency of concurrencies) {
    row[`appends at ${concurrency}`] = await rate(concurrency, () =>
      store.append([{ stream: `Book-${randomUUID()}`, expected: 'none', events: [eventOf(1)] }]),
    );
  }
  row['appends to two streams at 16'] = await rate(16, () =>
    store.append([1, 2].map((n) => ({ stream: `Book-${randomUUID()}`, expected: 'none', events: [eventOf(n)] }))),
  );
  const flooded = `Book-${randomUUID()}`;
  const floodStartedAt = performance.now();
  const outcomes = await Promise.allSettled(
    Array.from({ length: flood }, () =>
      store.append([
        { stream: flooded, expected: 'any', events: [{ ...eventOf(1), data: { value: 'A'.repeat(904) } }] },
      ]),
    ),
  );
  row[`${flood.toLocaleString('en')} appends at once to one stream`] =
    (outcomes.filter(({ status }) => status === 'fulfilled').length / (performance.now() - floodStartedAt)) * 1000;
  const after = await store.head();
  for (let written = 0; written < readEvents; written += 500) {
    const stream = `Book-${randomUUID()}`;
    await store.append([{ stream, expected: 'none', events: Array.from({ length: 500 }, (_, n) => eventOf(n)) }]);
  }
  let startedAt = performance.now();
  let read = 0;
  for await (const batch of store.readLog({ after })) read += batch.length;
  row['events read from the log'] = (read / (performance.now() - startedAt)) * 1000;

  const stop = new AbortController();
  startedAt = performance.now();
  read = 0;
  for await (const batch of store.subscribe({ after, signal: stop.signal })) {
    read += batch.length;
    if (read >= readEvents) break;
  }
  row['events from a subscription'] = (read / (performance.now() - startedAt)) * 1000;
  const known = `Book-${randomUUID()}`;
  await store.append([{ stream: known, expected: 'none', events: [1, 2, 3].map(eventOf) }]);
  let readBack = 0;
  row['streams read at 16'] = await rate(16, async () => {
    for await (const batch of store.readStream(known)) readBack += batch.length;
  });
  if (readBack === 0) throw new Error(`${name} gave nothing back`);
  table(name, row);
  await store.close();
}

async function measureLmdb() {
  const database = open({
    path: join(root, 'bare'),
    encoding: 'binary',
    noSubdir: false,
    overlappingSync: false,
    eventTurnBatching: false,
  });
  let key = 0;
  const row = {};
  for (const concurrency of concurrencies) {
    row[`appends at ${concurrency}`] = await rate(concurrency, () => database.put(++key, record()));
  }
  const startedAt = performance.now();
  let read = 0;
  for (const { value } of database.getRange({ limit: readEvents })) {
    JSON.parse(value.toString());
    read++;
  }
  row['events read from the log'] = (read / (performance.now() - startedAt)) * 1000;
  table('floor: bare lmdb', row);
  await database.close();
}

async function measureEcho() {
  const server = await child('./echo-server.mjs', [], /^(\d+)$/);
  const Echo = makeClientConstructor(echoService, 'Echo');
  const client = new Echo(`127.0.0.1:${server.port}`, credentials.createInsecure());
  const bytes = record();
  const row = {};
  for (const concurrency of concurrencies) {
    row[`appends at ${concurrency}`] = await rate(
      concurrency,
      () => new Promise((resolve, reject) => client.echo(bytes, (error) => (error ? reject(error) : resolve()))),
    );
  }
  table('floor: gRPC echo', row);
  client.close();
  server.end();
}

await measureStore('in memory', new InMemoryEventStore());
await measureStore('embedded', await EmbeddedEventStore.open({ directory: join(root, 'embedded') }));
await measureLmdb();
const server = await startServer(join(root, 'server'));
await measureStore(
  'KurrentDB client, development server',
  await KurrentDBEventStore.open({ connectionString: server.connectionString, log: 'bench' }),
);
server.end();
await measureEcho();
rmSync(root, { recursive: true, force: true });

const columns = [...new Set(results.flatMap((row) => Object.keys(row).filter((column) => column !== 'name')))];
console.log(`| a second | ${results.map(({ name }) => name).join(' | ')} |`);
console.log(`| --- | ${results.map(() => '---:').join(' | ')} |`);
for (const column of columns) {
  const cells = results.map((row) => (row[column] === undefined ? '' : Math.round(row[column]).toLocaleString('en')));
  console.log(`| ${column} | ${cells.join(' | ')} |`);
}
process.exit();
