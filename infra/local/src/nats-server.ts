import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { endingWithParent, run, type Command } from './command.js';
import { makePrivateDirectory, readOrMakeSecret, writePrivateFile } from './private-files.js';

/** A version of the NATS server, as numbers. */
export type NatsVersion = readonly [major: number, minor: number, patch: number];

export interface NatsBinary {
  readonly path: string;
  readonly version: string;
}

export class NatsServerMissing extends Error {
  override readonly name = 'NatsServerMissing';
}

const OLDEST: NatsVersion = [2, 9, 0];
const WHAT_TO_DO =
  'Install a NATS server, 2.9 or newer but none of 2.10.20 to 2.10.22 (https://github.com/nats-io/nats-server/releases), ' +
  'and put it on the PATH or its path into NATS_SERVER; or give the URL of one that runs with --nats-url.';

/** Reads `nats-server: v2.9.10` and a package's `2.9.10-1+b3` alike. */
export function parseNatsVersion(text: string): NatsVersion | undefined {
  const [, major, minor, patch] = /(\d+)\.(\d+)\.(\d+)/.exec(text) ?? [];
  return patch === undefined ? undefined : [Number(major), Number(minor), Number(patch)];
}

/** @returns why this version must not be used, or undefined when it may be */
export function whyRefused(version: NatsVersion): string | undefined {
  const [major, minor, patch] = version;
  if (compare(version, OLDEST) < 0) return `${version.join('.')} is older than 2.9, which the client library needs`;
  // https://github.com/nats-io/nats-server/issues/6888
  if (major === 2 && minor === 10 && patch >= 20 && patch <= 22) {
    return `${version.join('.')} is known to lose streams when it is killed (2.10.20 to 2.10.22 do)`;
  }
  return undefined;
}

/**
 * Looks into NATS_SERVER, the PATH, the usual places and the cache; then gets the distribution's package, without changing the
 * system.
 * @throws NatsServerMissing saying what was found and refused, and what to install
 */
export async function findNatsServer(
  env: NodeJS.ProcessEnv,
  fallbackCache: string,
  onDownload: () => void = () => undefined,
): Promise<NatsBinary> {
  const chosen = env['NATS_SERVER'];
  if (chosen) {
    const found = await examine(chosen);
    if ('refused' in found) throw new NatsServerMissing(`NATS_SERVER cannot be used: ${found.refused}. ${WHAT_TO_DO}`);
    return found;
  }

  const cache = cacheDirectory(env, fallbackCache);
  const refused: string[] = [];
  for (const path of [...installedPaths(env), ...cachedPaths(cache)]) {
    const found = await examine(path);
    if (!('refused' in found)) return found;
    refused.push(found.refused);
  }
  onDownload();
  try {
    return await download(cache);
  } catch (cause) {
    const reasons = [...refused, (cause as Error).message].join('; ');
    throw new NatsServerMissing(`There is no NATS server that can be used: ${reasons}. ${WHAT_TO_DO}`, { cause });
  }
}

function installedPaths(env: NodeJS.ProcessEnv): string[] {
  // Debian installs it in /usr/sbin, which is not on everybody's PATH.
  const directories = [
    ...(env['PATH'] ?? '').split(delimiter),
    '/usr/local/bin',
    '/usr/local/sbin',
    '/usr/sbin',
    '/usr/bin',
  ];
  return [...new Set(directories.filter(Boolean))]
    .map((directory) => join(directory, 'nats-server'))
    .filter(existsSync);
}

function cachedPaths(cache: string): string[] {
  const versions = readdirSync(cache)
    .filter((name) => name.startsWith('nats-server-'))
    .map(parseNatsVersion)
    .filter((version) => version !== undefined)
    .sort((a, b) => compare(b, a));
  return versions.map((version) => cachedPath(cache, version));
}

function cachedPath(cache: string, version: NatsVersion): string {
  return join(cache, `nats-server-${version.join('.')}`, 'usr', 'sbin', 'nats-server');
}

async function examine(path: string): Promise<NatsBinary | { refused: string }> {
  try {
    const version = parseNatsVersion(await run(path, ['--version']));
    if (!version) return { refused: `${path} does not tell its version` };
    const reason = whyRefused(version);
    return reason ? { refused: `${path}: ${reason}` } : { path, version: version.join('.') };
  } catch (error) {
    return { refused: `${path} does not run (${(error as Error).message})` };
  }
}

/** The user's cache; the data folder when there is none to write to, as for `nobody`. */
function cacheDirectory(env: NodeJS.ProcessEnv, fallback: string): string {
  const preferred = join(env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache'), 'shelfmark');
  try {
    makePrivateDirectory(preferred);
    accessSync(preferred, constants.R_OK | constants.W_OK | constants.X_OK);
    return preferred;
  } catch {
    makePrivateDirectory(fallback);
    return fallback;
  }
}

/** With lists, a cache and a state of its own, apt needs no root, writes nowhere else, and works where there are no lists at all. */
async function download(cache: string): Promise<NatsBinary> {
  const workplace = await mkdtemp(join(cache, '.download-'));
  try {
    await Promise.all(
      ['lists/partial', 'archives/partial'].map((name) => mkdir(join(workplace, name), { recursive: true })),
    );
    const config = join(workplace, 'apt.conf');
    await writeFile(config, aptConfig(workplace));
    const apt = (program: string, ...args: string[]) => run(program, ['-c', config, ...args], { cwd: workplace });

    // A source that cannot be reached is no reason to give up: another one may have the package.
    const problem = await apt('apt-get', '-q', 'update').then(
      () => undefined,
      (error: Error) => error,
    );
    const newest = newestUsable(await apt('apt-cache', 'madison', 'nats-server'));
    if (!newest) throw problem ?? new Error("the distribution's packages have no usable nats-server");
    await apt('apt-get', '-q', 'download', `nats-server=${newest.packageVersion}`);
    const [archive] = readdirSync(workplace).filter((name) => name.endsWith('.deb'));
    if (!archive) throw new Error('apt-get downloaded nothing');

    const unpacked = join(workplace, 'unpacked');
    await run('dpkg-deb', ['-x', join(workplace, archive), unpacked]);
    const path = cachedPath(cache, newest.version);
    const home = join(cache, `nats-server-${newest.version.join('.')}`);
    // Whoever started at the same moment may have been faster, and runs what is there: it is replaced only where it does not run.
    if (!(await renamed(unpacked, home)) && 'refused' in (await examine(path))) {
      await rm(home, { recursive: true, force: true });
      await renamed(unpacked, home);
    }
    const found = await examine(path);
    if ('refused' in found) throw new Error(found.refused);
    return found;
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
}

/** @returns whether it is there now; otherwise another one is there already */
async function renamed(folder: string, to: string): Promise<boolean> {
  try {
    await rename(folder, to);
    return true;
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code!)) throw error;
    return false;
  }
}

/** The lines of `apt-cache madison` are `package | version | source`. */
export function newestUsable(madison: string): { packageVersion: string; version: NatsVersion } | undefined {
  return madison
    .split('\n')
    .flatMap((line) => {
      const packageVersion = line.split('|')[1]?.trim() ?? '';
      const version = parseNatsVersion(packageVersion);
      return version && !whyRefused(version) ? { packageVersion, version } : [];
    })
    .sort((a, b) => compare(b.version, a.version))[0];
}

function aptConfig(workplace: string): string {
  const quoted = (text: string) => `"${text.replaceAll('"', '')}"`;
  return [
    `Dir::State ${quoted(workplace)};`,
    `Dir::State::Lists ${quoted(join(workplace, 'lists'))};`,
    'Dir::State::status "/var/lib/dpkg/status";',
    `Dir::Cache ${quoted(workplace)};`,
    `Dir::Cache::archives ${quoted(join(workplace, 'archives'))};`,
    // Hooks of the system would touch the system's own cache.
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    // As root, apt would let the user _apt do the download, who cannot write here.
    'APT::Sandbox::User "root";',
    // Packages only: no descriptions in other languages, no icons.
    'Acquire::Languages "none";',
    '#clear Acquire::IndexTargets::deb::DEP-11;',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";',
    'Acquire::http::Timeout "20";',
    'Acquire::https::Timeout "20";',
    'Acquire::Retries "2";',
    '',
  ].join('\n');
}

function compare(a: NatsVersion, b: NatsVersion): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

export interface NatsSetup {
  /** The operator's, who may do everything. */
  readonly url: string;
  /** A process', with its own user and password. @throws Error where the server's configuration knows no such process */
  readonly urlOf: (process: string) => string;
  readonly command: Command;
}

/** Who may do what, here as in a cluster. */
const authorizationFile = join(import.meta.dirname, '..', '..', 'nats', 'authorization.conf');
const operator = 'operator';

/** Writes the server's configuration below `directory`, where the passwords and the streams live too. */
export function setUpNatsServer(
  binary: NatsBinary,
  directory: string,
  port: number,
  maxPayloadBytes = 1024 * 1024,
): NatsSetup {
  makePrivateDirectory(directory);
  const passwords = join(directory, 'passwords');
  makePrivateDirectory(passwords);
  const authorization = readFileSync(authorizationFile, 'utf8');
  const users = [...authorization.matchAll(/user: "(.+)"\n *password: \$(\w+)/g)].map(
    ([, name = '', variable = '']) => {
      return { name, variable, password: readOrMakeSecret(join(passwords, name)) };
    },
  );
  const urlOf = (name: string) => {
    const user = users.find((user) => user.name === name);
    if (!user) throw new Error(`the bus knows no ${name}; npm run generate adds it to infra/nats/authorization.conf`);
    return `nats://${name}:${user.password}@127.0.0.1:${port}`;
  };
  const config = join(directory, 'nats.conf');
  writePrivateFile(config, configuration(port, authorization, join(directory, 'jetstream'), maxPayloadBytes));
  const env = {
    PATH: process.env['PATH'],
    ...Object.fromEntries(users.map(({ variable, password }) => [variable, password])),
  };
  const [file = binary.path, ...args] = [...endingWithParent('TERM'), binary.path, '--config', config];
  return {
    url: urlOf(operator),
    urlOf,
    command: { file, args, env, probe: { kind: 'nats', host: '127.0.0.1', port } },
  };
}

/**
 * The passwords keep other users of this machine out, whom loopback does not. The server's own interval of syncing stays: the
 * event stores are the truth, and a mirror that lost its tail is noticed and made anew by its relay.
 */
function configuration(port: number, authorization: string, storeDirectory: string, maxPayloadBytes: number): string {
  return `listen: "127.0.0.1:${port}"
server_name: "shelfmark"
max_payload: ${maxPayloadBytes}
jetstream { store_dir: ${JSON.stringify(storeDirectory)}, max_memory_store: 64MB }

${authorization}`;
}
