import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as kurrent from '@kurrent/kurrentdb-client';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, failure, newStream } from './testing/client-suite.js';
import { Program, temporaryDirectory } from './testing/program.js';
import { until } from './testing/until.js';

const directory = temporaryDirectory();
const authority = join(directory.path, 'ca.pem');
let program: Program;

beforeAll(async () => {
  const ca = await generate([{ name: 'commonName', value: 'Test authority' }], {
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true, critical: true },
    ],
  });
  const node = await generate([{ name: 'commonName', value: 'localhost' }], {
    ca: { key: ca.private, cert: ca.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  const [certificate, key] = [join(directory.path, 'node.pem'), join(directory.path, 'node.key')];
  writeFileSync(authority, ca.cert);
  writeFileSync(certificate, node.cert);
  writeFileSync(key, node.private);
  program = await Program.start(
    '--tls-cert',
    certificate,
    '--tls-key',
    key,
    '--username',
    'admin',
    '--password',
    'secret',
  );
});

afterAll(async () => {
  await program.stop();
  directory.remove();
});

const events = () => [kurrent.jsonEvent({ type: 'test', data: {} })];

async function connect(userinfo: string, parameters = `tlsCAFile=${authority}`): Promise<kurrent.KurrentDBClient> {
  const host = `localhost:${await program.port()}`;
  return kurrent.KurrentDBClient.connectionString(`kurrentdb://${userinfo}${host}?${parameters}`);
}

test('lets in who knows the name and the password, by every way', async () => {
  const client = await connect('admin:secret@');
  const stream = newStream();
  await client.appendToStream(stream, events());
  await client.appendToStream(stream, events(), { credentials: { username: 'admin', password: 'secret' } });
  await client.multiStreamAppend([{ streamName: stream, expectedState: 1n, events: events() }]);
  expect(await collect(client.readStream(stream))).toHaveLength(3);
  expect((await collect(client.readAll())).length).toBeGreaterThan(3);
  let caughtUp = false;
  const subscription = client.subscribeToStream(stream).on('caughtUp', () => (caughtUp = true));
  subscription.resume();
  await until(() => caughtUp);
  await subscription.unsubscribe();

  await client.createPersistentSubscriptionToStream(
    stream,
    'group',
    kurrent.persistentSubscriptionToStreamSettingsFromDefaults(),
  );
  const consumer = client.subscribeToPersistentSubscriptionToStream(stream, 'group');
  consumer.resume();
  await until(async () => {
    const { connections } = await client.getPersistentSubscriptionToStreamInfo(stream, 'group');
    return connections[0]?.username === 'admin';
  });
  await consumer.unsubscribe();
  await client.dispose();
});

test('keeps out whoever does not, and an append of theirs does nothing', async () => {
  const insider = await connect('admin:secret@');
  const stream = newStream();
  await insider.appendToStream(stream, events());
  for (const userinfo of ['admin:wrong@', 'somebody:secret@', '']) {
    const client = await connect(userinfo);
    const attempts = [
      collect(client.readStream(stream)),
      collect(client.readAll({ maxCount: 1 })),
      client.appendToStream(stream, events()),
      client.deleteStream(stream),
      client.multiStreamAppend([{ streamName: stream, expectedState: 'any', events: events() }]),
      client.listAllPersistentSubscriptions(),
    ];
    for (const error of await Promise.all(attempts.map(failure))) expect(error.type).toBe('access-denied');
    const override = { credentials: { username: 'admin', password: 'secret' } };
    expect(await collect(client.readStream(stream, override))).toHaveLength(1);
    await client.dispose();
  }
  const wrong = { credentials: { username: 'admin', password: 'hunter2' } };
  expect((await failure(collect(insider.readStream(stream, wrong)))).type).toBe('access-denied');
  expect((await failure(insider.appendToStream(stream, events(), wrong))).type).toBe('access-denied');
  await insider.dispose();
});

test('is found by gossip without credentials', async () => {
  const port = await program.port();
  const string = `kurrentdb://admin:secret@localhost:${port},127.0.0.1:${port}?tlsCAFile=${authority}`;
  const client = kurrent.KurrentDBClient.connectionString(string);
  expect(await client.appendToStream(newStream(), events())).toMatchObject({ success: true });
  await client.dispose();
});

test('a client that does not know the authority does not talk to it', async () => {
  const client = await connect('admin:secret@', 'defaultDeadline=2000');
  expect(await failure(client.appendToStream(newStream(), events()))).toBeInstanceOf(Error);
  await client.dispose();
  const trusting = await connect('admin:secret@', 'tlsVerifyCert=false');
  expect(await trusting.appendToStream(newStream(), events())).toMatchObject({ success: true });
  await trusting.dispose();
});
