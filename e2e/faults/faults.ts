import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { exportLog, importLog } from '@shelfmark/event-store-embedded';
import { ServerUnreachable, renewLogId } from '@shelfmark/event-store-kurrentdb';
import { connectToNats } from '@shelfmark/messaging';
import { freePort } from '@shelfmark/local';
import pg from 'pg';
import { type Library, projectRoot, until } from './library.js';
import { type Service, type StoreKind, nameOnServer, services } from './logs.js';
import type { Random } from './random.js';
import { SecondRelay } from './second-relay.js';

/** What is going to be done to the library, and undone: when it resolves, nothing is in the way of recovery any more. */
export interface PlannedFault {
  readonly description: string;
  /** Whether a view may show less afterwards, until it is where it was. */
  readonly takesViewsBack?: boolean;
  readonly run: (library: Library) => Promise<void>;
}

export interface FaultKind {
  readonly name: string;
  /** How often it is in a deck that is dealt to rounds, by where the logs are. */
  readonly weight: Readonly<Record<StoreKind, number>>;
  /** Whether it can be done to a library; where it cannot, something else is. */
  readonly isPossible?: (library: Library) => boolean;
  /** Everything that is left to chance is drawn here. */
  readonly plan: (random: Random, store: StoreKind) => PlannedFault;
}

const ownServices = services.map((service) => `${service}-service`);
const views = ['books', 'users', 'rents', 'holds', 'statistics'] as const;
const viewProcesses = views.map((view) => `view-${view}`);
const everywhere = [...ownServices, ...viewProcesses, 'nats', 'postgres', 'edge'];
/** The processes that can be hurt. */
const everything: Readonly<Record<StoreKind, readonly string[]>> = {
  embedded: everywhere,
  'dev-server': [...everywhere, 'event-store'],
};

/** The points that preload.mjs knows, by the processes that reach them. */
interface Points {
  readonly processes: readonly string[];
  readonly points: readonly string[];
}
const pointsEverywhere: readonly Points[] = [
  { processes: viewProcesses, points: ['commit'] },
  { processes: ['edge'], points: ['send', 'answer'] },
];
const points: Readonly<Record<StoreKind, readonly Points[]>> = {
  embedded: [{ processes: ownServices, points: ['append', 'flush', 'publish', 'answer'] }, ...pointsEverywhere],
  'dev-server': [
    { processes: ownServices, points: ['append', 'publish', 'answer'] },
    { processes: ['event-store'], points: ['append', 'flush'] },
    ...pointsEverywhere,
  ],
};

function pickPoint(random: Random, store: StoreKind): { readonly process: string; readonly point: string } {
  const { processes, points: names } = random.weighted(
    points[store].map((entry) => ({ ...entry, weight: entry.points.length })),
  );
  return { process: random.pick(processes), point: `${random.pick(names)}.${random.pick(['before', 'after'])}` };
}

/** How long nobody may be sure of a lock: longer than Postgres lets a silent session live. */
const pastViewLockMs = 11_500;
/** Longer than an attempt of the store waits for the server's answer. */
const pastAttemptMs = 8_600;

export const faultKinds: readonly FaultKind[] = [
  {
    name: 'kill',
    weight: { embedded: 4, 'dev-server': 2 },
    plan: (random, store) => {
      const victims = random.shuffled(everything[store]).slice(0, random.between(1, 3));
      const pauseMs = random.between(0, 300);
      return {
        description: `kill -9 ${victims.join(', ')}, ${pauseMs} ms apart`,
        run: async (library) => {
          for (const victim of victims) {
            library.signal(victim, 'SIGKILL');
            await delay(pauseMs);
          }
        },
      };
    },
  },
  {
    name: 'killAtPoint',
    weight: { embedded: 8, 'dev-server': 5 },
    plan: (random, store) => {
      const { process, point } = pickPoint(random, store);
      const after = random.between(1, 6);
      return {
        description: `kill -9 ${process} at ${point}, the ${after}. time`,
        run: async (library) => library.order(process, { arm: point, signal: 'SIGKILL', after }),
      };
    },
  },
  {
    name: 'freeze',
    weight: { embedded: 4, 'dev-server': 1 },
    plan: (random, store) => {
      const victim = random.pick(everything[store]);
      const forMs = random.pick([400, 1_500, 5_600]);
      return {
        description: `stop ${victim} for ${forMs} ms`,
        run: async (library) => {
          library.signal(victim, 'SIGSTOP');
          await delay(forMs);
          library.signal(victim, 'SIGCONT');
        },
      };
    },
  },
  {
    name: 'freezeAtPoint',
    weight: { embedded: 3, 'dev-server': 2 },
    plan: (random, store) => {
      const { process, point } = pickPoint(random, store);
      const forMs = random.pick([800, 2_500, 5_600]);
      return {
        description: `stop ${process} at ${point} for ${forMs} ms`,
        run: async (library) => {
          library.order(process, { arm: point, signal: 'SIGSTOP', after: 1 });
          await delay(forMs);
          library.signal(process, 'SIGCONT');
        },
      };
    },
  },
  {
    name: 'viewPastItsLock',
    weight: { embedded: 1, 'dev-server': 0 },
    plan: (random) => {
      const view = random.pick(views);
      return {
        description: `stop view-${view} before a commit until its lock is gone and another process has it, then wake it`,
        run: async (library) => {
          const second = await secondAggregator(library, view);
          try {
            library.order(`view-${view}`, { arm: 'commit.before', signal: 'SIGSTOP', after: 2 });
            await delay(pastViewLockMs);
            library.signal(`view-${view}`, 'SIGCONT');
            await delay(1_000);
          } finally {
            second.kill('SIGKILL');
          }
        },
      };
    },
  },
  {
    name: 'killEventStore',
    weight: { embedded: 0, 'dev-server': 4 },
    plan: (random) => {
      const times = random.between(1, 3);
      const pauseMs = random.between(200, 1_500);
      return {
        description: `kill -9 the event store ${times} times, ${pauseMs} ms apart`,
        run: async (library) => {
          for (let time = 0; time < times; time++) {
            if (time > 0) await delay(pauseMs);
            library.signal('event-store', 'SIGKILL');
          }
        },
      };
    },
  },
  {
    name: 'freezeEventStore',
    weight: { embedded: 0, 'dev-server': 2 },
    plan: (random) => {
      const forMs = random.pick([400, 1_500, pastAttemptMs]);
      return {
        description: `stop the event store for ${forMs} ms`,
        run: async (library) => {
          library.signal('event-store', 'SIGSTOP');
          await delay(forMs);
          library.signal('event-store', 'SIGCONT');
        },
      };
    },
  },
  {
    name: 'cutEventStore',
    weight: { embedded: 0, 'dev-server': 4 },
    plan: (random) => cut('the event store', random, ({ eventStore }) => eventStore!),
  },
  {
    name: 'twoReplicas',
    weight: { embedded: 0, 'dev-server': 2 },
    plan: (random) => {
      const service = random.pick(services);
      const [aloneMs, forMs] = [random.between(1_500, 3_000), random.between(500, 1_500)];
      return {
        description: `a second ${service}-service; after ${aloneMs} ms the first is killed, ${forMs} ms later the second too`,
        run: async (library) => {
          const second = await secondService(library, service);
          await delay(aloneMs);
          library.signal(`${service}-service`, 'SIGKILL');
          await delay(forMs);
          second.kill('SIGKILL');
        },
      };
    },
  },
  {
    name: 'renewLogId',
    weight: { embedded: 0, 'dev-server': 1 },
    plan: (random) => {
      const service = random.pick(services);
      return {
        description: `give the log of ${service} another id, as after a restore of the server`,
        takesViewsBack: true,
        run: (library) =>
          library.whileDown(`${service}-service`, async () => {
            const place = { connectionString: library.eventStoreUrl!, log: nameOnServer(service) };
            await until(
              () => isDone(renewLogId(place)),
              90_000,
              () => 'the event store does not come back',
            );
          }),
      };
    },
  },
  {
    name: 'twoAggregators',
    weight: { embedded: 2, 'dev-server': 1 },
    plan: (random) => {
      const view = random.pick(views);
      const forMs = random.between(500, 1_500);
      return {
        description: `a second process for view ${view}; the first is killed, after ${forMs} ms the second too`,
        run: async (library) => {
          const second = await secondAggregator(library, view);
          library.signal(`view-${view}`, 'SIGKILL');
          await delay(forMs);
          second.kill('SIGKILL');
        },
      };
    },
  },
  {
    name: 'twoRelays',
    weight: { embedded: 2, 'dev-server': 1 },
    plan: (random) => {
      const service = random.pick(services);
      const forMs = random.between(800, 2_500);
      return {
        description: `a second relay of ${service}'s log for ${forMs} ms`,
        run: async (library) => {
          const relay = await SecondRelay.start(library, service).catch((error: unknown) => {
            // The server is away for another fault's sake.
            if (!(error instanceof ServerUnreachable)) throw error;
          });
          await delay(forMs);
          await relay?.stop();
        },
      };
    },
  },
  {
    name: 'wipeNats',
    weight: { embedded: 2, 'dev-server': 1 },
    plan: () => ({
      description: 'kill NATS and wipe its data',
      run: (library) =>
        library.whileDown('nats', async () => {
          rmSync(join(library.data, 'nats', 'jetstream'), { recursive: true, force: true });
        }),
    }),
  },
  {
    name: 'harmMirror',
    weight: { embedded: 2, 'dev-server': 1 },
    plan: (random) => {
      const service = random.pick(services);
      const isDeleted = random.chance(0.5);
      return {
        description: isDeleted ? `delete the mirror of ${service}` : `a stranger writes into the mirror of ${service}`,
        run: async (library) => {
          const connection = await connectToNats({ url: library.natsUrl, name: 'faults' });
          try {
            const { streams } = await jetstreamManager(connection, { checkAPI: false });
            if (isDeleted) await streams.delete(service.toUpperCase());
            else connection.publish(`shelfmark.events.${service}.Nonsense`, '{}');
            await connection.flush();
          } catch {
            // The server is away for another fault's sake, or so is the mirror.
          } finally {
            await connection.close();
          }
        },
      };
    },
  },
  {
    name: 'cutNats',
    weight: { embedded: 4, 'dev-server': 1 },
    plan: (random) => cut('NATS', random, ({ nats }) => nats),
  },
  {
    name: 'cutPostgres',
    weight: { embedded: 3, 'dev-server': 1 },
    plan: (random) => cut('Postgres', random, ({ postgres }) => postgres),
  },
  {
    name: 'garbleNats',
    weight: { embedded: 4, 'dev-server': 1 },
    plan: (random) => {
      const dice = random.fork(1);
      const [doubled, most, forMs] = [random.pick([0.05, 0.3]), random.pick([5, 60, 400]), random.between(600, 1_800)];
      return {
        description: `double ${doubled * 100} % of the messages and hold all up to ${most} ms, for ${forMs} ms`,
        run: async (library) => {
          library.doubles = (subject) => !subject.startsWith('$JS.API') && dice.chance(doubled);
          library.nats.delayMs = () => dice.between(0, most);
          await delay(forMs);
          library.doubles = () => false;
          library.nats.heal();
        },
      };
    },
  },
  {
    name: 'dropSchema',
    weight: { embedded: 2, 'dev-server': 1 },
    plan: (random) => {
      const view = random.pick(views);
      return {
        description: `drop the schema of view ${view}`,
        takesViewsBack: true,
        run: (library) => execute(library, `DROP SCHEMA IF EXISTS ${view} CASCADE`),
      };
    },
  },
  {
    name: 'fillDisk',
    weight: { embedded: 2, 'dev-server': 2 },
    isPossible: ({ disk }) => disk !== undefined,
    plan: (random) => {
      const [leftBytes, forMs] = [
        random.pick([0, 16 * 1024, 40 * 1024 * 1024, 128 * 1024 * 1024]),
        random.between(300, 1_200),
      ];
      return {
        description: `fill the disk of the logs up to ${leftBytes} bytes for ${forMs} ms`,
        run: async ({ disk }) => {
          const { directory } = disk!;
          const filler = join(directory, 'filler');
          try {
            fill(filler, directory, leftBytes);
            await delay(forMs);
          } finally {
            rmSync(filler, { force: true });
          }
        },
      };
    },
  },
  {
    name: 'wrongClock',
    weight: { embedded: 3, 'dev-server': 2 },
    plan: (random, store) => {
      const clocks = [...ownServices, ...viewProcesses, 'edge', ...(store === 'dev-server' ? ['event-store'] : [])];
      const process = random.pick(clocks);
      const hours = random.pick([-1, 1]);
      const forMs = random.between(500, 1_500);
      return {
        description: `the clock of ${process} is wrong by ${hours} h for ${forMs} ms`,
        run: async (library) => {
          library.order(process, { clockMs: hours * 3_600_000 });
          await delay(forMs);
          library.order(process, { clockMs: 0 });
        },
      };
    },
  },
  {
    name: 'restoreLog',
    weight: { embedded: 2, 'dev-server': 0 },
    plan: (random) => {
      const service = random.pick(services);
      return {
        description: `replace the log of ${service} by a restored backup of it`,
        takesViewsBack: true,
        run: (library) =>
          library.whileDown(`${service}-service`, async () => {
            const directory = library.directoryOf(service);
            const backup = join(library.data, `${service}.ndjson`);
            const restored = `${directory}.restored`;
            await exportLog(directory, createWriteStream(backup));
            await untilRestored(backup, restored);
            // The files that are being imported are no part of the log, and are there still.
            const [files, kept] = [directory, restored].map((place) => join(place, 'imports')) as [string, string];
            if (existsSync(files)) renameSync(files, kept);
            rmSync(directory, { recursive: true });
            renameSync(restored, directory);
            rmSync(backup);
          }),
      };
    },
  },
  {
    name: 'rebuildView',
    weight: { embedded: 2, 'dev-server': 1 },
    plan: (random) => {
      const view = random.pick(views);
      const killedAfterMs = random.chance(0.4) ? random.between(100, 1_500) : undefined;
      return {
        description: `rebuild view ${view}${killedAfterMs === undefined ? '' : `, killed after ${killedAfterMs} ms`}`,
        run: async (library) => {
          const child = spawnAggregator(library, view, 'cli.js', ['rebuild', view]);
          const ended = once(child, 'exit');
          if (killedAfterMs !== undefined) {
            await delay(killedAfterMs);
            child.kill('SIGKILL');
          }
          const patience = setTimeout(() => child.kill('SIGKILL'), 20_000);
          await ended;
          clearTimeout(patience);
        },
      };
    },
  },
];

function cut(what: string, random: Random, of: (library: Library) => Library['nats']): PlannedFault {
  const dice = random.fork(1);
  const how = random.pick(['reset some', 'cut', 'stall some', 'stall all'] as const);
  const forMs = random.pick([150, 900, 2_600]);
  return {
    description: `${how} connections to ${what} for ${forMs} ms`,
    run: async (library) => {
      const proxy = of(library);
      if (how === 'reset some' || how === 'cut') proxy.cut(() => dice.chance(0.5), how === 'cut');
      else proxy.stall(() => how === 'stall all' || dice.chance(0.5));
      await delay(forMs);
      proxy.heal();
    },
  };
}

async function execute({ databaseUrl }: Library, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl, statement_timeout: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query(sql);
  } catch {
    // The server is away for another fault's sake.
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Whether it was done, and not that the server is away for another fault's sake. */
async function isDone(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof ServerUnreachable) return false;
    throw error;
  }
}

/** Restores a log to a place; the disk may be full for another fault's sake, and is so for a moment only. */
async function untilRestored(backup: string, place: string): Promise<void> {
  let last: unknown;
  const restore = async () => {
    try {
      await importLog(createReadStream(backup), place);
      return true;
    } catch (error) {
      last = error;
      rmSync(place, { recursive: true, force: true });
      return false;
    }
  };
  await until(restore, 30_000, () => `the log cannot be restored: ${String(last)}`);
}

/** Another process of a service on the same log, with a folder of its own. */
async function secondService(library: Library, service: Service) {
  const name = `${service}-service`;
  return spawnBeside(library, name, [join(projectRoot, 'services', name, 'dist', 'main.js')], {
    SERVICE_NAME: name,
    EVENT_STORE: library.eventStoreUrl,
    DATA_DIR: join(library.data, 'replicas', randomUUID()),
    HEALTH_PORT: String(await freePort()),
  });
}

async function secondAggregator(library: Library, view: string) {
  return spawnAggregator(library, view, 'main.js', ['--view', view], { HEALTH_PORT: String(await freePort()) });
}

function spawnAggregator(
  library: Library,
  view: string,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
) {
  const name = `view-${view}`;
  const databaseUrl = library.databaseUrlOf(name);
  return spawnBeside(library, name, [join(projectRoot, 'aggregators', 'dist', program), ...args], {
    DATABASE_URL: databaseUrl,
    ...env,
  });
}

/** @param name as which process it comes to the bus */
function spawnBeside(library: Library, name: string, args: readonly string[], env: NodeJS.ProcessEnv) {
  mkdirSync(join(library.data, 'logs'), { recursive: true });
  const log = openSync(join(library.data, 'logs', 'second.log'), 'a');
  try {
    return spawn(process.execPath, args, {
      stdio: ['ignore', log, log],
      env: { ...process.env, NATS_URL: library.natsUrlOf(name), LOG_LEVEL: 'info', ...env },
    });
  } finally {
    closeSync(log);
  }
}

/** Takes all of a file system but for a rest. */
function fill(file: string, directory: string, leftBytes: number): void {
  const piece = Buffer.alloc(4 * 1024 * 1024);
  const descriptor = openSync(file, 'w');
  try {
    for (;;) {
      const { bavail, bsize } = statfsSync(directory);
      const bytes = Math.min(piece.length, bavail * bsize - leftBytes);
      if (bytes <= 0) return;
      writeSync(descriptor, piece, 0, bytes);
    }
  } catch (error) {
    // Somebody else was faster with the last bytes.
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(descriptor);
  }
}
