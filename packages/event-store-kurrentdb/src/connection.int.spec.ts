import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import serverFeaturesGrpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js';
import serverFeatures from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectionMistake, serverProblem } from './connection.js';
import { KurrentDBEventStore } from './kurrentdb-event-store.js';
import { InvalidConnectionString, ServerTooOld, ServerUnauthorized, ServerUnreachable } from './store-errors.js';
import { DevServer } from './testing/dev-server.js';
import { collect, events, until } from './testing/events.js';

async function serverOfVersion(version: string): Promise<{ url: string; stop(): void }> {
  const server = new Server();
  server.addService(serverFeaturesGrpc.ServerFeaturesService, {
    getSupportedMethods: (_: ServerUnaryCall<unknown, unknown>, answer: sendUnaryData<unknown>) =>
      answer(null, new serverFeatures.SupportedMethods().setEventStoreServerVersion(version)),
  });
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  return { url: `kurrentdb://127.0.0.1:${port}?tls=false`, stop: () => server.forceShutdown() };
}

describe('a server', () => {
  it.each(['24.10.4', '25.0.1', '5.0.11', 'oss'])('of version %s is refused, with both versions', async (version) => {
    const old = await serverOfVersion(version);
    const refusal = KurrentDBEventStore.open({ connectionString: old.url, log: 'test' });
    await expect(refusal).rejects.toThrow(ServerTooOld);
    await expect(refusal).rejects.toThrow(new RegExp(`${version}.*25\\.1`));
    old.stop();
  });

  it.each(['25.1.0', '25.1.0-rc.1', '26.0.0.4000', '100.0'])('of version %s is new enough', async (version) => {
    const server = await serverOfVersion(version);
    // It has nothing but a version: the next question is one too many.
    expect(await serverProblem(server.url)).toBeInstanceOf(ServerUnreachable);
    server.stop();
  });

  it('that is not there is waited for, or told', async () => {
    const server = await DevServer.start();
    await server.kill();
    const { url } = server;
    await expect(
      KurrentDBEventStore.open({ connectionString: url, log: 'test', waitForServer: false }),
    ).rejects.toThrow(ServerUnreachable);
    expect(await serverProblem(url)).toBeInstanceOf(ServerUnreachable);
    const waiting = KurrentDBEventStore.open({ connectionString: url, log: 'test' });
    await server.startAgain();
    await (await waiting).close();
    await server.dispose();
  });
});

describe('a connection string', () => {
  it.each([
    'kurrentdb://127.0.0.1:2113?tls=false',
    'kurrentdb://user:pass%40word@a.example:2113,b.example:2114?nodePreference=leader&tlsVerifyCert=false',
    'kurrentdb+discover://user:password@cluster.example',
  ])('reads %s', (text) => {
    expect(connectionMistake(text)).toBeUndefined();
  });

  it.each([
    ['postgres://user:hunter2@host', /has to start with kurrentdb:\/\//],
    ['kurrentdb://user:hunter2@host:port', /has to read/],
    ['kurrentdb://user:hunter2@host?tls=perhaps', /has to read/],
    ['kurrentdb://user:hunter2@host?tlsCaFiel=ca.pem', /does not know: "tlsCaFiel"/],
    ['kurrentdb://user:hunter2@host?tlsCAFile=/nowhere/ca.pem', /names a file/],
  ])('says what is wrong with %s, without the password', async (text, mistake) => {
    const printed = vi.spyOn(console, 'warn');
    expect(connectionMistake(text)).toMatch(mistake);
    const problem = await serverProblem(text);
    expect(problem).toBeInstanceOf(InvalidConnectionString);
    expect(`${problem!.stack} ${JSON.stringify(printed.mock.calls)}`).not.toContain('hunter2');
    printed.mockRestore();
  });
});

describe('a server with TLS and a password', () => {
  let directory: string;
  let server: DevServer;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'shelfmark-tls-'));
    const file = (name: string) => join(directory, name);
    const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'ignore' });
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-days',
      '2',
      '-subj',
      '/CN=authority',
      '-keyout',
      file('ca.key'),
      '-out',
      file('ca.pem'),
    );
    openssl('req', ...newKey, '-subj', '/CN=localhost', '-keyout', file('key.pem'), '-out', file('request.pem'));
    writeFileSync(file('names'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
    openssl(
      ...[
        'x509',
        '-req',
        '-in',
        file('request.pem'),
        '-CA',
        file('ca.pem'),
        '-CAkey',
        file('ca.key'),
        '-CAcreateserial',
      ],
      ...['-days', '2', '-extfile', file('names'), '-out', file('certificate.pem')],
    );
    server = await DevServer.start([
      ...['--tls-cert', file('certificate.pem'), '--tls-key', file('key.pem')],
      ...['--username', 'shelfmark', '--password', 'open sesame'],
    ]);
  });
  afterAll(async () => {
    await server.dispose();
    rmSync(directory, { recursive: true, force: true });
  });

  const url = (credentials: string, options = `?tlsCAFile=${join(directory, 'ca.pem')}`) =>
    `kurrentdb://${credentials}localhost:${server.port}${options}`;

  it('takes the credentials and the CA file of the connection string, for every call', async () => {
    const store = await KurrentDBEventStore.open({
      connectionString: url('shelfmark:open%20sesame@'),
      log: 'test',
    });
    const reader = collect(store);
    await store.append([{ stream: 'Thing-1', expected: 'none', events: events(1) }]);
    await store.append([
      { stream: 'Thing-1', expected: 0, events: events(1) },
      { stream: 'Thing-2', expected: 'none', events: events(1) },
    ]);
    await store.writeSnapshot('Thing-1', { revision: 1, codeVersion: '1', state: 'so' });
    expect(await store.readSnapshot('Thing-1')).toMatchObject({ state: 'so' });
    await until(() => reader.events.length === 3);
    expect(await store.head()).toBe(reader.events[2]!.position);
    await store.deleteStream('Thing-1', 1);
    await reader.stop();
    await store.close();
  });

  it.each(['', 'shelfmark:wrong@', 'nobody:open%20sesame@'])('refuses "%s" at once', async (credentials) => {
    const refusal = KurrentDBEventStore.open({ connectionString: url(credentials), log: 'test' });
    await expect(refusal).rejects.toThrow(ServerUnauthorized);
  });

  it('is not trusted without the CA file', async () => {
    const problem = await serverProblem(url('shelfmark:open%20sesame@', ''));
    expect(problem).toBeInstanceOf(ServerUnreachable);
  });
});
