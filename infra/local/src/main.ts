import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailed } from './command.js';
import { type Database, foreignDatabase, ownDatabase } from './database.js';
import { DemoMarker, loadDemoCatalogue } from './demo-catalogue.js';
import {
  eventStoreProblem,
  EventStoreChoice,
  eventStoreName,
  kindOf,
  OtherEventStore,
  setUpDevServer,
} from './event-store.js';
import { hasOtherIssuer, librarianToken } from './local-issuer.js';
import { findNatsServer, setUpNatsServer, whyRefused, parseNatsVersion, NatsServerMissing } from './nats-server.js';
import { assertFree, freePort } from './ports.js';
import { findPostgres, PostgresCannotRun, PostgresMissing, setUpPostgres } from './postgres.js';
import { makePrivateDirectory } from './private-files.js';
import { natsInfo, postgresAnswers } from './probe.js';
import { Progress } from './progress.js';
import { AlreadyRunning, RunFolder } from './run-folder.js';
import { Supervisor, type Death, type ProcessSpec } from './supervisor.js';
import { ownProcesses, viewProcesses } from './system.js';

/** See `npm start -- --help`. */
export interface StartOptions {
  /** The project's folder. */
  readonly root: string;
  readonly port: number;
  readonly data: string;
  readonly empty: boolean;
  /** `embedded`, `dev-server`, or a connection string. */
  readonly eventStore: string;
  readonly natsUrl?: string;
  readonly databaseUrl?: string;
}

/** Something that the person who starts it can put right, said in a sentence. */
class CannotStart extends Error {
  override readonly name = 'CannotStart';
}

const SAYS_WHY_IT_WAITS_EVERY_MS = 20_000;
const SHOWS_WAITING_EVERY_MS = 200;
/** npm passes on a signal that the terminal has sent to the whole group already; the same Ctrl-C arrives twice. */
const SAME_SIGNAL_WITHIN_MS = 500;
const PARENT_WATCHED_EVERY_MS = 500;

/** Runs the whole system until it is told to stop; ends the process. */
export async function start(options: StartOptions): Promise<void> {
  const { data, port } = options;
  const url = `http://127.0.0.1:${port}`;
  const progress = new Progress(process.stdout);
  const runFolder = new RunFolder(data);
  const stopping = new AbortController();
  let supervisor: Supervisor | undefined;
  onStopSignal({
    first: async () => {
      stopping.abort();
      progress.step('Stopping');
      await supervisor?.stop();
      runFolder.release();
      progress.step('Stopped');
      process.exit(0);
    },
    again: () => {
      supervisor?.kill();
      runFolder.release();
      process.exit(130);
    },
  });

  try {
    hold(runFolder, url);
    await clearTheGround(runFolder, port, progress);
    supervisor = await prepare(options, runFolder, progress);
  } catch (error) {
    if (!isExpected(error)) throw error;
    if (!(error instanceof AlreadyRunning)) runFolder.release();
    progress.say(error.message);
    process.exit(1);
  }
  await untilReady(supervisor, progress);
  await fillCatalogue(url, data, options.empty, progress);
  if (stopping.signal.aborted) return;
  progress.say(welcome(url, options));
}

function onStopSignal({ first, again }: { first: () => Promise<void>; again: () => void }): void {
  let firstAt: number | undefined;
  const handle = () => {
    if (firstAt === undefined) {
      firstAt = Date.now();
      void first();
    } else if (Date.now() - firstAt > SAME_SIGNAL_WITHIN_MS) {
      again();
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, handle);
  onceNpmIsGone(handle);
}

/** A SIGTERM to npm reaches only the shell between npm and this process, which dies of it and tells nobody. */
function onceNpmIsGone(handle: () => void): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(watch);
    handle();
  }, PARENT_WATCHED_EVERY_MS);
}

function isExpected(error: unknown): error is Error {
  const expected = [
    CannotStart,
    AlreadyRunning,
    OtherEventStore,
    NatsServerMissing,
    PostgresMissing,
    PostgresCannotRun,
    CommandFailed,
  ];
  return expected.some((kind) => error instanceof kind);
}

function hold(runFolder: RunFolder, url: string): void {
  const { data } = runFolder;
  try {
    makePrivateDirectory(data);
    makePrivateDirectory(join(data, 'logs'));
    runFolder.hold(url);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new CannotStart(`The data folder ${data} cannot be written to (${code}). Choose another one with --data.`, {
      cause,
    });
  }
}

async function clearTheGround(runFolder: RunFolder, port: number, progress: Progress): Promise<void> {
  const leftovers = runFolder.leftovers().map(({ name }) => name);
  if (leftovers.length > 0) {
    progress.step(`Ending what a killed run left: ${leftovers.join(', ')}`);
    await runFolder.endLeftovers();
  }
  try {
    await assertFree(port);
  } catch (cause) {
    const problem =
      (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
        ? `Port ${port} of 127.0.0.1 is taken by another program.`
        : `Port ${port} of 127.0.0.1 cannot be used (${(cause as Error).message}).`;
    throw new CannotStart(`${problem} Choose another one: npm start -- --port ${port === 3000 ? 3100 : 3000}`, {
      cause,
    });
  }
}

/** Finds or makes the servers, and starts everything. */
async function prepare(options: StartOptions, runFolder: RunFolder, progress: Progress): Promise<Supervisor> {
  const { data, port } = options;
  const eventStore = await eventStoreFor(options);
  const [nats, postgres] = await Promise.all([natsFor(options, progress), postgresFor(options, progress)]);
  const servers = [nats.spec, postgres.spec, eventStore.spec].filter((spec) => spec !== undefined);
  const own = ownProcesses(
    {
      root: options.root,
      data,
      port,
      natsUrl: nats.urlOf,
      eventStore: eventStore.url,
      database: postgres.database,
    },
    servers.map(({ name }) => name),
  );
  if (own.flat().length < 2) throw new CannotStart(`There are no services in ${options.root}.`);

  let complained = false;
  return new Supervisor([servers, ...own], join(data, 'logs'), {
    ready: (name) => progress.step(`${name} is ready`),
    died: (death) => progress.alarm(obituary(death)),
    changed: (processes) => {
      try {
        runFolder.write({ processes, eventStore: eventStoreName(options.eventStore) });
      } catch (error) {
        // A full disk must not take the supervisor down too. The next start may then not find what a killed one left.
        if (!complained) progress.alarm(`What runs could not be written down: ${(error as Error).message}`);
        complained = true;
      }
    },
  });
}

interface Server {
  readonly url: string;
  /** None when it runs already and somebody else looks after it. */
  readonly spec?: ProcessSpec;
}

async function eventStoreFor({ root, data, port, eventStore }: StartOptions): Promise<Server> {
  const kind = kindOf(eventStore);
  new EventStoreChoice(data).assert(kind);
  if (kind === 'embedded') return { url: eventStore };
  if (kind === 'server') {
    const problem = await eventStoreProblem(eventStore);
    if (problem) throw new CannotStart(`The event store cannot be used: ${problem.message}.`, { cause: problem });
    return { url: eventStore };
  }
  const { url, command } = setUpDevServer(root, join(data, 'event-store'), await freePort(port));
  return { url, spec: { name: 'event-store', needs: [], command: async () => command, stopSignal: 'SIGTERM' } };
}

async function natsFor(
  { data, port, natsUrl }: StartOptions,
  progress: Progress,
): Promise<Pick<Server, 'spec'> & { readonly urlOf: (process: string) => string }> {
  if (natsUrl !== undefined) {
    await assertUsableNats(new URL(natsUrl));
    return { urlOf: () => natsUrl };
  }
  const directory = join(data, 'nats');
  makePrivateDirectory(directory);
  const binary = await findNatsServer(process.env, join(data, 'cache'), () =>
    progress.step("No NATS server is installed: downloading the distribution's package (the system is not changed)"),
  );
  progress.step(`NATS server ${binary.version}: ${binary.path}`);
  const { urlOf, command } = setUpNatsServer(binary, directory, await freePort(port));
  return { urlOf, spec: { name: 'nats', needs: [], command: async () => command, stopSignal: 'SIGTERM' } };
}

async function postgresFor(
  { root, data, port, databaseUrl }: StartOptions,
  progress: Progress,
): Promise<Pick<Server, 'spec'> & { readonly database: Database }> {
  if (databaseUrl !== undefined) {
    const url = new URL(databaseUrl);
    await reached('Postgres', url.hostname, Number(url.port || 5432), postgresAnswers);
    return { database: foreignDatabase(databaseUrl) };
  }
  const directory = join(data, 'postgres');
  const binaries = await findPostgres(process.env, directory);
  progress.step(`Postgres ${binaries.version}: ${binaries.bin}`);
  const { url, command } = await setUpPostgres(binaries, directory, await freePort(port), (text) =>
    progress.step(text),
  );
  const processes = [...viewProcesses(root).map(({ name }) => name), 'edge'];
  const database = ownDatabase({ root, ownerUrl: url, directory, processes });
  return { database, spec: { name: 'postgres', needs: [], command: async () => command, stopSignal: 'SIGINT' } };
}

async function assertUsableNats({ hostname, port }: URL): Promise<void> {
  const info = await reached('NATS', hostname, Number(port || 4222), natsInfo);
  const version = parseNatsVersion(info.version);
  const reason = version ? whyRefused(version) : `${info.version} is no version`;
  if (reason) throw new CannotStart(`The NATS server at ${hostname} cannot be used: ${reason}.`);
  if (!info.jetstream) throw new CannotStart(`The NATS server at ${hostname} has no JetStream; start it with -js.`);
}

async function reached<T>(
  what: string,
  host: string,
  port: number,
  ask: (host: string, port: number) => Promise<T>,
): Promise<T> {
  try {
    return await ask(host, port);
  } catch (cause) {
    throw new CannotStart(`${what} cannot be reached at ${host}:${port}: ${(cause as Error).message}`, { cause });
  }
}

function obituary({ name, how, inARow, delayMs, logFile, lastLines }: Death): string {
  const what = `${name} ended (${how}) and is started again in ${(delayMs / 1000).toFixed(1)} s`;
  // The third time in a row it is no accident; said in full again now and then, for those who look later.
  if (inARow !== 3 && inARow % 10 !== 0) return what;
  return [`${what}. It keeps failing: ${inARow} times in a row. The end of ${logFile}:`, ...lastLines].join(
    '\n        | ',
  );
}

async function untilReady(supervisor: Supervisor, progress: Progress): Promise<void> {
  let saidAt = Date.now();
  let ready = false;
  const all = supervisor.start().then(() => (ready = true));
  while (!ready) {
    await Promise.race([all, sleep(SHOWS_WAITING_EVERY_MS)]);
    if (ready) return;
    const waiting = await supervisor.waitingFor();
    progress.waiting(`waiting for ${waiting.map(({ name }) => name).join(', ')}`);
    if (Date.now() - saidAt < SAYS_WHY_IT_WAITS_EVERY_MS) continue;
    saidAt = Date.now();
    for (const { name, reason } of waiting) progress.alarm(`still waiting for ${name}: ${reason}`);
  }
}

async function fillCatalogue(url: string, data: string, empty: boolean, progress: Progress): Promise<void> {
  const marker = new DemoMarker(data);
  if (marker.isDecided) return;
  if (empty) return marker.decide('empty');
  const token = await librarianToken(data);
  if (token === undefined) {
    return progress.alarm('The demo catalogue is not loaded: OIDC_ISSUER is set, and SHELFMARK_TOKEN is not.');
  }
  if (await loadDemoCatalogue(url, token, progress)) marker.decide('demo');
}

function welcome(url: string, { root, data }: StartOptions): string {
  const isDefault = data === join(root, '.shelfmark');
  const status = isDefault ? 'npm run status' : `npm run status -- --data ${data}`;
  const token = `npm run -s token -- --role librarian${isDefault ? '' : ` --data ${data}`}`;
  const bearer = hasOtherIssuer() ? `<a token of ${process.env['OIDC_ISSUER']}>` : `$(${token})`;
  return `
Shelfmark is ready at ${url}

Sign in, for twelve hours:
  AUTH="Authorization: Bearer ${bearer}"

Three things to try:
  curl -H "$AUTH" '${url}/books?q=alice'
  curl -H "$AUTH" '${url}/users' -H 'Content-Type: application/json' -H 'Idempotency-Key: ada' \\
    -d '{"name":"Ada Lovelace","email":"ada@example.org"}'
  curl -H "$AUTH" '${url}/users?q=ada'

Data   ${data}
Logs   ${join(data, 'logs')}
Stop   Ctrl-C; what runs is shown by: ${status}
`;
}
