import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, startNatsServer } from '@shelfmark/local';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectToNats } from './connection.js';
import { type Headers, receivedHeaders } from './received-headers.js';

let dataDir: string;
let server: RunningServer;
let connection: NatsConnection;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shelfmark-headers-'));
  server = await startNatsServer({ dataDir });
  connection = await connectToNats({ url: server.url, name: 'test' });
});
afterAll(async () => {
  await connection.close();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Sends a message through the server. @returns it as it came in */
async function throughServer(sent: ReturnType<typeof headers> | undefined, body = ''): Promise<Msg> {
  const subscription = connection.subscribe('shelfmark.test', { max: 1 });
  connection.publish('shelfmark.test', body, sent && { headers: sent, reply: 'shelfmark.reply' });
  for await (const message of subscription) return message;
  throw new Error('nothing came');
}

function listed(values: Headers | undefined): [string, readonly string[]][] {
  return [...(values ?? [])].map(([name, value]) => [name, value]);
}

it('reads what the client reads, however the headers look', async () => {
  const name = fc.oneof(
    fc.constantFrom('ce-id', 'ce-type', 'Nats-Sequence', 'x'),
    fc.stringMatching(/^[!-9;-~]{1,20}$/),
  );
  const value = fc.oneof(fc.constantFrom('NATS/1.0', 'a: b', ' blank ', ''), fc.stringMatching(/^[^\r\n]{0,40}$/u));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(name, value), { minLength: 1, maxLength: 24 }),
      fc.string(),
      async (all, body) => {
        const sent = headers();
        for (const [key, text] of all) sent.append(key, text);
        const message = await throughServer(sent, body);
        expect(listed(receivedHeaders(message))).toEqual(listed(message.headers));
      },
    ),
    { numRuns: 200 },
  );
});

it('has none where there are none', async () => {
  expect(receivedHeaders(await throughServer(undefined, 'NATS/1.0\r\nce-id: 1\r\n\r\n'))).toBeUndefined();
});

it('leaves a status to the client', async () => {
  const message = await throughServer(headers(404, 'No Messages'));
  expect(receivedHeaders(message)).toBe(message.headers);
  expect(message.headers?.code).toBe(404);
});

it('reads the bytes themselves, and not through the client', async () => {
  const sent = headers();
  sent.append('ce-id', '1');
  const message = await throughServer(sent, '{}');
  Object.defineProperty(message, 'headers', { get: () => expect.fail('asked the client') });
  expect(listed(receivedHeaders(message))).toEqual([['ce-id', ['1']]]);
});
