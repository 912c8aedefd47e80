import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './command.js';
import { issuerEnvironment } from './local-issuer.js';
import { makePrivateDirectory } from './private-files.js';
import { freePort } from './ports.js';
import type { Database } from './database.js';
import type { ProcessSpec } from './supervisor.js';

/** Where the parts find each other. */
export interface Surroundings {
  readonly root: string;
  readonly data: string;
  readonly port: number;
  /** By the process that it is for. */
  readonly natsUrl: (process: string) => string;
  /** As a service takes it: `embedded`, or a connection string. */
  readonly eventStore: string;
  readonly database: Database;
}

/**
 * Everything of ours that runs, found by looking: a service or a view that is added needs no change here. Sources are
 * looked for as well, because a removed one leaves its build behind.
 * @returns stages, each of which is stopped before the one ahead of it
 */
export function ownProcesses(surroundings: Surroundings, servers: readonly string[]): ProcessSpec[][] {
  const { root, data, port, natsUrl, eventStore, database } = surroundings;
  const need = (...names: string[]) => names.filter((name) => servers.includes(name));

  const services = foldersIn(join(root, 'services'), 'package.json').map((name) =>
    node(surroundings, name, need('nats', 'event-store'), async () => {
      const url = natsUrl(name);
      const directory = join(data, 'services', name);
      makePrivateDirectory(directory);
      const env = { SERVICE_NAME: name, NATS_URL: url, DATA_DIR: directory, EVENT_STORE: eventStore };
      return {
        args: [join(root, 'services', name, 'dist', 'main.js')],
        env,
        healthPort: await freePort(port),
      };
    }),
  );

  const readsViews = async (name: string) => {
    await database.prepared();
    return { NATS_URL: natsUrl(name), DATABASE_URL: database.urlOf(name) };
  };

  const views = viewProcesses(root).map(({ name, view }) =>
    node(surroundings, name, need('nats', 'postgres'), async () => {
      const env = await readsViews(name);
      const args = [join(root, 'aggregators', 'dist', 'main.js'), '--view', view];
      return { args, env, healthPort: await freePort(port) };
    }),
  );

  const edge = node(surroundings, 'edge', need('nats', 'postgres'), async () => {
    const issuer = await issuerEnvironment(data);
    const env = {
      ...(await readsViews('edge')),
      HOST: '127.0.0.1',
      PORT: String(port),
      // Whoever gets here is on this machine, and may use all of it.
      RATE_LIMIT_PER_SECOND: process.env['RATE_LIMIT_PER_SECOND'] ?? '10000',
      ...issuer,
    };
    const args = [join(root, 'applications', 'edge', 'dist', 'main.js')];
    return { args, env, healthPort: await freePort(port), port };
  });

  return [services, views, [edge]];
}

/**
 * More than any of them needs. With room for more than 2 GiB, V8 lets a heap grow to four times what is alive in it before it looks; with less, to
 * less than twice as much.
 */
const MAX_HEAP_MIB = 1024;

interface NodeProcess {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Where its metrics are, and its health, */
  readonly healthPort: number;
  /** unless that is asked here, where everybody is served. */
  readonly port?: number;
}

function node(
  { root }: Surroundings,
  name: string,
  needs: readonly string[],
  describe: () => Promise<NodeProcess>,
): ProcessSpec {
  const command = async (): Promise<Command> => {
    const { args, env, healthPort, port = healthPort } = await describe();
    const own = {
      ...env,
      HEALTH_PORT: String(healthPort),
      LOG_LEVEL: process.env['LOG_LEVEL'] ?? 'info',
      SHELFMARK_SUPERVISED: '1',
    };
    return {
      file: process.execPath,
      args: [`--max-old-space-size=${MAX_HEAP_MIB}`, ...args],
      env: { ...process.env, NODE_ENV: 'production', ...own },
      cwd: root,
      ipc: true,
      probe: { kind: 'http', url: `http://127.0.0.1:${port}/health/ready` },
      metrics: `127.0.0.1:${healthPort}`,
    };
  };
  return { name, needs, command, stopSignal: 'SIGTERM' };
}

/** Those that keep the views. */
export function viewProcesses(root: string): { readonly name: string; readonly view: string }[] {
  const aggregators = join(root, 'aggregators');
  return foldersIn(join(aggregators, 'dist', 'views'), 'index.js')
    .filter((view) => existsSync(join(aggregators, 'src', 'views', view)))
    .map((view) => ({ name: `view-${view}`, view }));
}

function foldersIn(directory: string, marker: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .filter((name) => existsSync(join(directory, name, marker)))
    .sort();
}
