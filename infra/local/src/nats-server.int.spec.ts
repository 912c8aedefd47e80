import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startNatsServer, type RunningServer } from '@shelfmark/local';
import { findNatsServer } from './nats-server.js';
import { identify } from './process-identity.js';

const isRoot = process.getuid!() === 0;
const NOBODY = 65_534;

let closed: string;

beforeEach(() => {
  closed = mkdtempSync(join(tmpdir(), 'shelfmark-nats-'));
});

afterEach(() => rmSync(closed, { recursive: true, force: true }));

// Longer than the library's own patience, which a busy machine outlasts.
const patient = { timeout: 30_000 };

function connected({ url }: RunningServer) {
  const { username, password, host } = new URL(url);
  return connect({ servers: host, user: username, pass: password });
}

it('keeps its streams when it is killed, and its address with the same port', async () => {
  const first = await startNatsServer({ dataDir: closed });
  const connection = await connected(first);
  await (await jetstreamManager(connection, patient)).streams.add({ name: 'BOOK', subjects: ['book'] });
  await connection.close();
  await first.kill();

  const second = await startNatsServer({ dataDir: closed, port: Number(new URL(first.url).port) });
  const again = await connected(second);
  const info = await (await jetstreamManager(again, patient)).streams.info('BOOK');
  await again.close();
  await second.stop();
  expect(second.url).toBe(first.url);
  expect(info.config.name).toBe('BOOK');
});

it('lets nobody in who does not know the password, which only its owner can read', async () => {
  const server = await startNatsServer({ dataDir: closed });
  await expect(connect({ servers: new URL(server.url).host, reconnect: false })).rejects.toThrow(/authorization/i);
  await server.stop();
  for (const name of ['passwords/operator', 'passwords/edge', 'nats.conf'])
    expect(statSync(join(closed, name)).mode & 0o777).toBe(0o600);
});

it('ends when the process that started it is killed', async () => {
  const index = new URL('../dist/index.js', import.meta.url).href;
  const script = `import('${index}').then(async ({ startNatsServer }) => {
    const { pid } = await startNatsServer({ dataDir: '${closed}' });
    process.stdout.write(String(pid), () => process.kill(process.pid, 'SIGKILL'));
  })`;
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script]).catch((error) => error);
  expect(Number(stdout)).toBeGreaterThan(0);
  await expect.poll(() => identify(Number(stdout))).toBeUndefined();
});

function fakeServer(version: string): string {
  const path = join(closed, 'nats-server');
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`, { mode: 0o755 });
  return path;
}

it('takes the server that NATS_SERVER names', async () => {
  const path = fakeServer('2.11.4');
  expect(await findNatsServer({ NATS_SERVER: path }, closed)).toEqual({ path, version: '2.11.4' });
});

it('refuses a version that loses streams, with the reason', async () => {
  const path = fakeServer('2.10.21');
  await expect(findNatsServer({ NATS_SERVER: path }, closed)).rejects.toThrow(
    /2\.10\.21 is known to lose streams.*NATS_SERVER/s,
  );
});

it('finds one on the PATH', async () => {
  const path = fakeServer('2.10.29');
  expect(await findNatsServer({ PATH: `/nowhere:${closed}` }, closed)).toEqual({ path, version: '2.10.29' });
});

it('says what to install when there is none and none can be downloaded', async () => {
  const bin = join(closed, 'bin');
  mkdirSync(bin);
  for (const name of ['apt-get', 'apt-cache']) writeFileSync(join(bin, name), '#!/bin/sh\nexit 100\n', { mode: 0o755 });
  const script = `import(${JSON.stringify(new URL('../dist/nats-server.js', import.meta.url).href)})
    .then(({ findNatsServer }) => findNatsServer(process.env, ${JSON.stringify(join(closed, 'cache'))}))
    .catch(({ name, message }) => console.log(JSON.stringify({ name, message })))`;
  const env = { PATH: bin, XDG_CACHE_HOME: closed };
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env });
  const error = JSON.parse(stdout) as { name: string; message: string };
  expect(error.name).toBe('NatsServerMissing');
  expect(error.message).toMatch(/Install a NATS server, 2\.9 or newer.*NATS_SERVER.*--nats-url/s);
});

// Where a server is installed, that one is taken and nothing is downloaded.
const itDownloads = it.skipIf(
  ['/usr/sbin', '/usr/bin', '/usr/local/bin', '/usr/local/sbin'].some((bin) => existsSync(join(bin, 'nats-server'))),
);

itDownloads(
  "downloads the distribution's package into the cache, as any user, and finds it there the next time",
  async () => {
    const script = fileURLToPath(new URL('./fixtures/find-nats-server.mjs', import.meta.url));
    const find = [process.execPath, script, join(closed, 'data')];
    if (isRoot) {
      chownSync(closed, NOBODY, NOBODY);
      find.unshift('runuser', '-u', 'nobody', '--');
    }
    const [file = '', ...args] = find;
    const env = { PATH: process.env['PATH'], XDG_CACHE_HOME: join(closed, 'cache') };
    const found = async () => JSON.parse((await promisify(execFile)(file, args, { env, cwd: '/' })).stdout) as object;
    const first = await found();
    expect(first).toMatchObject({
      downloaded: true,
      path: expect.stringContaining(join(closed, 'cache', 'shelfmark')),
    });
    expect(await found()).toEqual({ ...first, downloaded: false });
  },
  600_000,
);

itDownloads('shares the cache with others that download at the same time', async () => {
  const bin = join(closed, 'bin');
  mkdirSync(bin);
  // A distribution with one package.
  const programs = {
    'apt-get': `for last; do :; done; [ "$last" = update ] || : >nats-server.deb`,
    'apt-cache': `echo 'nats-server | 2.9.10-1 | main'`,
    'dpkg-deb': `mkdir -p "$3/usr/sbin"; cp '${fakeServer('2.9.10')}' "$3/usr/sbin/"`,
  };
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\nset -e\n${text}\n`, { mode: 0o755 });
  }
  const script = `import(${JSON.stringify(new URL('../dist/nats-server.js', import.meta.url).href)})
    .then(({ findNatsServer }) => Promise.all(Array.from({ length: 20 }, () => findNatsServer(process.env, '/nowhere'))))
    .then((found) => console.log(JSON.stringify(found)))`;
  const env = { PATH: `${bin}:/usr/bin:/bin`, XDG_CACHE_HOME: join(closed, 'cache') };
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], { env });
  const path = join(closed, 'cache', 'shelfmark', 'nats-server-2.9.10', 'usr', 'sbin', 'nats-server');
  expect(JSON.parse(stdout)).toEqual(Array(20).fill({ path, version: '2.9.10' }));
});
