import { execFileSync, spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { startNatsServer, startPostgres } from '@shelfmark/local';
import { EventStoreChoice } from './event-store.js';
import { freePort } from './ports.js';
import { identify, isRunning } from './process-identity.js';
import { RunFolder } from './run-folder.js';

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

let root: string;
let data: string;
let port: number;
let starts: Start[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'shelfmark-start-'));
  data = join(root, 'data');
  port = await freePort();
  starts = [];
  mkdirSync(join(root, 'journal'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  for (const service of ['book-service', 'user-service']) {
    put(`services/${service}/dist`, service);
    writeFileSync(join(root, 'services', service, 'package.json'), '{"type":"module"}');
  }
  put('services/removed-service/dist', 'removed-service');
  for (const view of ['books', 'removed']) {
    mkdirSync(join(root, 'aggregators/dist/views', view), { recursive: true });
    writeFileSync(join(root, 'aggregators/dist/views', view, 'index.js'), '');
  }
  mkdirSync(join(root, 'aggregators/src/views/books'), { recursive: true });
  put('aggregators/dist', 'view');
  const roles = `Object.keys(process.env).filter((name) => name.startsWith('DATABASE_PASSWORD_'))`;
  writeFileSync(
    join(root, 'aggregators/dist/prepare.js'),
    `import { appendFileSync } from 'node:fs';
    const { DATABASE_URL } = process.env;
    const line = JSON.stringify({ DATABASE_URL, roles: ${roles} });
    appendFileSync('${join(root, 'journal', 'prepared')}', line + '\\n');`,
  );
  put('applications/edge/dist', 'edge');
});

afterEach(async () => {
  for (const { child, exit } of starts) {
    child.kill('SIGKILL');
    await exit;
  }
  await new RunFolder(data).endLeftovers();
  rmSync(root, { recursive: true, force: true });
});

/** A process that behaves as the launcher expects of its children. */
function put(directory: string, name: string): void {
  mkdirSync(join(root, directory), { recursive: true });
  writeFileSync(
    join(root, directory, 'main.js'),
    `Object.assign(process.env, { FAKE_NAME: '${name}', FAKE_JOURNAL: '${join(root, 'journal')}' });
    await import('${fixture('fake-process.mjs')}');`,
  );
}

interface Start {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  output: string;
}

function start(options: object = {}): Start {
  const all = { root, data, port, empty: true, eventStore: 'embedded', ...options };
  return track(spawn(process.execPath, [fixture('start.mjs'), JSON.stringify(all)]));
}

function track(child: ChildProcessWithoutNullStreams): Start {
  // Not at its exit, when what it said last may still be on its way.
  const exit = once(child, 'close').then(([code]) => code as number | null);
  const started: Start = { child, exit, output: '' };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (started.output += String(chunk)));
  starts.push(started);
  return started;
}

async function ready(started: Start): Promise<Start> {
  await expect.poll(() => started.output).toContain(`Shelfmark is ready at http://127.0.0.1:${port}\n`);
  return started;
}

function journal(file: string): Record<string, unknown>[] {
  const path = join(root, 'journal', file);
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function pids(): Record<string, number> {
  const { processes } = new RunFolder(data).read();
  return Object.fromEntries(processes.map(({ name, identity }) => [name, identity!.pid]));
}

function status(): { output: string; exitCode: number } {
  const script = `const { printStatus } = await import('${new URL('../dist/status.js', import.meta.url).href}');
    process.exitCode = (await printStatus('${data}')) ? 0 : 1;`;
  const args = ['--input-type=module', '-e', script];
  try {
    return { output: execFileSync(process.execPath, args, { encoding: 'utf8' }), exitCode: 0 };
  } catch (error) {
    const { stdout, status } = error as { stdout: string; status: number };
    return { output: stdout, exitCode: status };
  }
}

/** What it shows once all is ready: whoever is asked may be too busy to answer in time, and is not ready then. */
async function readyStatus(): Promise<string> {
  let last = status();
  await expect.poll(() => (last = status()).exitCode).toBe(0);
  return last.output;
}

const all = ['nats', 'postgres', 'book-service', 'user-service', 'view-books', 'edge'];

it('starts what it finds, shows it, repairs each process, and leaves nothing when it is told to stop', async () => {
  const started = await ready(start());
  expect(Object.keys(pids())).toEqual(all);
  const output = await readyStatus();
  for (const name of all) expect(output).toMatch(new RegExp(`^${name} +${pids()[name]} .* 0 +ready$`, 'm'));
  expect(output).toMatch(/^books +book +1234 +7$/m);
  expect(output).toMatch(/^Event store: embedded$/m);

  const before = pids();
  for (const name of all) process.kill(before[name]!, 'SIGKILL');
  const repaired = await readyStatus();
  for (const name of all) expect(pids()[name]).not.toBe(before[name]);
  expect(started.output).toContain(
    `AUTH="Authorization: Bearer $(npm run -s token -- --role librarian --data ${data})"`,
  );
  expect(repaired).toMatch(/^edge .* 1 +ready; last end: killed by SIGKILL$/m);

  const running = Object.values(pids());
  started.child.kill('SIGINT');
  // The same Ctrl-C, passed on by npm.
  started.child.kill('SIGINT');
  expect(await started.exit).toBe(0);
  expect(running.map(identify)).toEqual(running.map(() => undefined));
  expect(
    journal('stopped')
      .slice(-4)
      .map(({ name }) => name),
  ).toEqual(['edge', 'view', expect.stringMatching(/-service$/), expect.stringMatching(/-service$/)]);
  expect(status()).toEqual({ output: `Shelfmark does not run on ${data}.\n`, exitCode: 1 });
});

it('shows what is not ready, and why', async () => {
  await ready(start());
  writeFileSync(join(root, 'journal', 'unready-view'), '');
  await expect.poll(() => status().output).toMatch(/^view-books .* not ready: mirror:book: a gap$/m);
  expect(status().exitCode).toBe(1);
});

it('refuses to run twice on the same data, and says where the first one is', async () => {
  const first = await ready(start());
  const second = start({ port: await freePort() });
  expect(await second.exit).toBe(1);
  expect(second.output).toBe(
    `Shelfmark runs on ${data} already: at http://127.0.0.1:${port}, process ${first.child.pid}.\n`,
  );
  await readyStatus();
});

it('says that the port is taken before it starts anything', async () => {
  const other = createServer().listen(port, '127.0.0.1');
  await once(other, 'listening');
  const started = start();
  expect(await started.exit).toBe(1);
  other.close();
  expect(started.output).toMatch(new RegExp(`^Port ${port} of 127.0.0.1 is taken.*--port`));
  expect(readdirSync(join(data, 'logs'))).toEqual([]);
  await ready(start());
});

it('leaves nothing that blocks the next start when it is killed itself', async () => {
  const first = await ready(start());
  const left = pids();
  // It cannot hear that the supervisor is gone, as one that hangs.
  process.kill(left['book-service']!, 'SIGSTOP');
  first.child.kill('SIGKILL');
  await first.exit;
  const others = Object.keys(left).filter((name) => name !== 'book-service');
  await expect.poll(() => others.filter((name) => identify(left[name]!))).toEqual([]);
  expect(status().output).toContain(
    `A killed run left book-service (process ${left['book-service']}); the next start ends it.`,
  );

  const second = await ready(start());
  expect(second.output).toContain('Ending what a killed run left: book-service\n');
  expect(identify(left['book-service']!)).toBeUndefined();
});

it('ends at once at the second Ctrl-C', async () => {
  writeFileSync(join(root, 'journal', 'deaf-edge'), '');
  const started = await ready(start());
  const running = pids();
  started.child.kill('SIGINT');
  const again = setInterval(() => started.child.kill('SIGINT'), 200);
  onTestFinished(() => clearInterval(again));
  expect(await started.exit).toBe(130);
  await expect.poll(() => Object.values(running).filter(identify)).toEqual([]);
});

it('stops when a signal ended the shell in which npm started it', async () => {
  const command = `"$0" "$@"; exit $?`;
  const args = [
    process.execPath,
    fixture('start.mjs'),
    JSON.stringify({ root, data, port, empty: true, eventStore: 'embedded' }),
  ];
  const shell = track(spawn('sh', ['-c', command, ...args], { env: { ...process.env, npm_lifecycle_event: 'start' } }));
  await ready(shell);
  const supervisor = new RunFolder(data).holder()!;
  shell.child.kill('SIGTERM');
  await expect.poll(() => isRunning(supervisor)).toBe(false);
  expect(new RunFolder(data).read().processes).toEqual([]);
  expect(journal('stopped').at(0)).toEqual({ name: 'edge', how: 'SIGTERM' });
});

it('loads the demo once, goes on with a load that was killed, and tells what was refused', async () => {
  const unfinished = join(root, 'journal', 'unfinished');
  writeFileSync(unfinished, '');
  const killed = start({ empty: false });
  await expect.poll(() => journal('looks').length).toBeGreaterThan(1);
  killed.child.kill('SIGKILL');
  await killed.exit;
  expect(killed.output).not.toContain('loaded');
  rmSync(unfinished);

  const second = await ready(start({ empty: false }));
  expect(second.output).toMatch(
    /The demo catalogue is loaded\n.*1000 rows\n +999 {2}added\n +1 {2}refused\n +line 12, refused: a title is missing/,
  );
  const [first, ...again] = journal('imports');
  expect(first).toEqual({ key: 'demo-catalogue', url: '/imports?kind=books&dryRun=false', rows: 1000 });
  expect(again).toEqual([first]);
  second.child.kill('SIGTERM');
  expect(await second.exit).toBe(0);

  const third = await ready(start({ empty: false }));
  expect(third.output).not.toContain('demo');
});

it('stays empty when the first run was', async () => {
  const first = await ready(start({ empty: true }));
  first.child.kill('SIGTERM');
  await first.exit;
  const second = await ready(start({ empty: false }));
  expect(second.output).not.toContain('demo');
  expect(journal('imports')).toEqual([]);
});

it('uses the servers that it is given, and writes their passwords nowhere', async () => {
  const nats = await startNatsServer({ dataDir: join(root, 'nats') });
  const postgres = await startPostgres({ dataDir: join(root, 'postgres') });
  try {
    const started = await ready(start({ natsUrl: nats.url, databaseUrl: postgres.url }));
    expect(Object.keys(pids())).toEqual(all.slice(2));
    const [edge] = journal('started').filter(({ name }) => name === 'edge');
    expect(edge).toMatchObject({ NATS_URL: nats.url, DATABASE_URL: postgres.url, SHELFMARK_SUPERVISED: '1' });

    const files = readdirSync(data, { recursive: true, withFileTypes: true, encoding: 'utf8' });
    const written = files
      .filter((file) => file.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'));
    for (const { password } of [new URL(nats.url), new URL(postgres.url)]) {
      expect([started.output, status().output, ...written].filter((text) => text.includes(password))).toEqual([]);
    }
  } finally {
    for (const { child, exit } of starts) {
      child.kill('SIGTERM');
      await exit;
    }
    await postgres.stop();
    await nats.stop();
  }
});

it('tells each process its own user and role, and no other', async () => {
  await ready(start());
  const [prepared, ...again] = journal('prepared');
  expect(again).toEqual([]);
  expect(prepared).toMatchObject({
    DATABASE_URL: expect.stringContaining('//shelfmark:') as string,
    roles: ['DATABASE_PASSWORD_VIEW_BOOKS', 'DATABASE_PASSWORD_EDGE'],
  });
  const passwords = (server: string) =>
    readdirSync(join(data, server, 'passwords')).map((name) => {
      expect(statSync(join(data, server, 'passwords', name)).mode & 0o777).toBe(0o600);
      return readFileSync(join(data, server, 'passwords', name), 'utf8');
    });
  const secrets = [
    ...passwords('nats'),
    ...passwords('postgres'),
    readFileSync(join(data, 'postgres/password'), 'utf8'),
  ];
  expect(new Set(secrets).size).toBe(secrets.length);
  for (const [name, role] of [['book-service'], ['user-service'], ['view-books', 'view_books'], ['edge', 'edge']]) {
    const environment = readFileSync(`/proc/${pids()[name!]}/environ`, 'utf8');
    const known = secrets.filter((secret) => environment.includes(secret));
    const own = [readFileSync(join(data, 'nats/passwords', name!), 'utf8')];
    if (role !== undefined) own.push(readFileSync(join(data, 'postgres/passwords', role), 'utf8'));
    expect(known.sort()).toEqual(own.sort());
  }
});

it('writes the passwords of its own servers into their own files only, which nobody else can read', async () => {
  await ready(start());
  for (const file of [
    'nats/passwords/operator',
    'nats/passwords/edge',
    'postgres/passwords/edge',
    'postgres/password',
  ]) {
    const password = readFileSync(join(data, file), 'utf8');
    for (const folder of ['logs', 'run']) {
      for (const name of readdirSync(join(data, folder))) {
        expect(readFileSync(join(data, folder, name), 'utf8')).not.toContain(password);
      }
    }
  }
});

it('says which server that it was given cannot be reached', async () => {
  const nobody = await freePort();
  const started = start({ natsUrl: `nats://u:secret@127.0.0.1:${nobody}` });
  expect(await started.exit).toBe(1);
  expect(started.output).toMatch(new RegExp(`NATS cannot be reached at 127.0.0.1:${nobody}: `));
  expect(started.output).not.toContain('secret');
});

it('says which event store that it was given cannot be used, and why', async () => {
  const nobody = await freePort();
  const started = start({ eventStore: `kurrentdb://u:secret@127.0.0.1:${nobody}?tls=false` });
  expect(await started.exit).toBe(1);
  expect(started.output).toMatch(new RegExp(`no event store answers at 127.0.0.1:${nobody}`));
  expect(started.output).not.toContain('secret');
});

it('does not start a library on another kind of event store than its logs are in', async () => {
  mkdirSync(join(data, 'services', 'book-service'), { recursive: true });
  writeFileSync(join(data, 'services', 'book-service', 'data.mdb'), '');
  const elsewhere = start({ eventStore: 'dev-server' });
  expect(await elsewhere.exit).toBe(1);
  expect(elsewhere.output).toMatch(/embedded in its services.*npm run store -- copy/);

  new EventStoreChoice(data).make('server');
  const moved = start();
  expect(await moved.exit).toBe(1);
  expect(moved.output).toMatch(/are on a server.*--event-store kurrentdb:/);
  expect(existsSync(join(data, 'nats'))).toBe(false);
});
