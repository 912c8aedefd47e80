import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort, projectRoot, type System, until } from './system.js';

export interface ReplicaOptions {
  /** Where its build lies, if that is not the project: of another version, for instance. */
  readonly root?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** What of a process' readiness the tests look at. */
type Details = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Another process of a service, a view or the edge, beside the one that the system runs, with a folder of its own. */
export class Replica {
  readonly #process: ChildProcess;
  readonly #port: number;

  private constructor(
    readonly name: string,
    process: ChildProcess,
    port: number,
  ) {
    this.#process = process;
    this.#port = port;
  }

  /** @returns once it is ready */
  static async start(
    system: System,
    name: string,
    { root = projectRoot, env = {} }: ReplicaOptions = {},
  ): Promise<Replica> {
    const port = await freePort();
    const process_ = spawn(process.execPath, programOf(name, root), {
      env: {
        ...system.environment(name),
        DATA_DIR: join(system.dataDir, 'replicas', randomUUID()),
        ...(name === 'edge' ? { PORT: String(port), HEALTH_PORT: '0' } : { HEALTH_PORT: String(port) }),
        SHELFMARK_SUPERVISED: '',
        ...env,
      },
      stdio: 'ignore',
    });
    const replica = new Replica(name, process_, port);
    await until(`a replica of ${name} is ready`, async () => (await replica.ready()) !== undefined, 120_000);
    return replica;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** What its readiness tells; nothing while it is not ready. */
  ready(): Promise<Details | undefined> {
    return readyAt(this.url);
  }

  /** @returns its exit code */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exit = once(this.#process, 'exit');
      this.#process.kill(signal);
      await exit;
    }
    return this.#process.exitCode;
  }
}

export async function readyAt(url: string): Promise<Details | undefined> {
  try {
    const response = await fetch(`${url}/health/ready`);
    const { details } = (await response.json()) as { details: Details };
    return response.ok ? details : undefined;
  } catch {
    return undefined;
  }
}

function programOf(name: string, root: string): string[] {
  if (name === 'edge') return [join(root, 'applications', 'edge', 'dist', 'main.js')];
  if (!name.startsWith('view-')) return [join(root, 'services', name, 'dist', 'main.js')];
  return [join(root, 'aggregators', 'dist', 'main.js'), '--view', name.slice('view-'.length)];
}
