import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { type Server, type Socket, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  Supervisor,
  findNatsServer,
  findPostgres,
  freePort,
  ownDatabase,
  ownProcesses,
  setUpDevServer,
  setUpNatsServer,
  setUpPostgres,
  viewProcesses,
  type ProcessSpec,
} from '@shelfmark/local';
import { type AllLogs, type Log, type Service, type StoreKind, embeddedLog, serverLogs } from './logs.js';
import { doubling } from './nats-frames.js';
import { Proxy } from './proxy.js';

/** Compiled, this file is in `e2e/faults/dist`. */
export const projectRoot = join(import.meta.dirname, '..', '..', '..');

/** Waits for a condition. @throws Error, with what `explain` says, when it does not hold in time */
export async function until(
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
  explain: () => string | Promise<string>,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${await explain()}`);
    await delay(50);
  }
}

/** On a machine that is busy with other things, and whose files are cold. */
const startMs = 240_000;

/**
 * The whole library as processes, under the supervisor that `npm start` has; between them and their servers are proxies, in each
 * process {@link file://./preload.mjs}, and a process that ended can be kept from being started again.
 */
export class Library {
  readonly #held = new Map<string, Promise<void>>();
  readonly #controls = new Map<string, Socket>();
  readonly #deaths: string[] = [];
  #supervisor: Supervisor | undefined;
  #controlServer: Server | undefined;
  /** Which of the messages that clients publish are doubled. */
  doubles: (subject: string) => boolean = () => false;
  nats!: Proxy;
  postgres!: Proxy;
  /** Before the server that has the logs, if there is one. */
  eventStore: Proxy | undefined;
  /** The operator's, past the proxy. */
  natsUrl!: string;
  /** The owner's, past the proxy. */
  databaseUrl!: string;
  /** As a process of the library comes to the two, past the proxies. */
  natsUrlOf!: (process: string) => string;
  databaseUrlOf!: (process: string) => string;
  /** Of the server that has the logs, past its proxy. */
  eventStoreUrl: string | undefined;
  port!: number;
  /** Of the logs; `undefined` where no file system may be mounted, which takes root. */
  disk: { readonly directory: string; readonly bytes: number } | undefined;

  private constructor(
    readonly data: string,
    readonly store: StoreKind,
  ) {}

  static async start(data: string, store: StoreKind): Promise<Library> {
    const library = new Library(data, store);
    try {
      await library.#start();
      return library;
    } catch (error) {
      await library.stop(false);
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get processes(): readonly string[] {
    return this.#records.map(({ name }) => name);
  }

  get #records() {
    return this.#supervisor?.records ?? [];
  }

  /** How processes ended, since this was asked the last time. */
  takeDeaths(): string[] {
    return this.#deaths.splice(0);
  }

  signal(name: string, signal: NodeJS.Signals): boolean {
    const pid = this.#records.find((record) => record.name === name)?.identity?.pid;
    try {
      return pid !== undefined && process.kill(pid, signal);
    } catch {
      // It ended by itself a moment ago.
      return false;
    }
  }

  /** What does not run, or is not ready. */
  async waitingFor(): Promise<string[]> {
    return ((await this.#supervisor?.waitingFor()) ?? []).map(({ name, reason }) => `${name}: ${reason}`);
  }

  /** Kills a process, and does the work before it is started again. Where work is being done already, this is done afterwards. */
  async whileDown(name: string, work: () => Promise<void>): Promise<void> {
    while (this.#held.has(name)) await this.#held.get(name);
    let release!: () => void;
    this.#held.set(name, new Promise((resolve) => (release = resolve)));
    try {
      const pid = this.#records.find((record) => record.name === name)?.identity?.pid;
      this.signal(name, 'SIGKILL');
      await until(
        () => pid === undefined || !isRunning(pid),
        60_000,
        () => `${name} does not end`,
      );
      await work();
    } finally {
      this.#held.delete(name);
      release();
    }
  }

  /** Tells what is loaded into a process; one that just starts hears nothing, and is not hurt. */
  order(name: string, order: object): void {
    this.#controls.get(name)?.write(`${JSON.stringify(order)}\n`);
  }

  directoryOf(service: Service): string {
    return join(this.data, 'services', `${service}-service`);
  }

  /** An embedded log, as it is on the disk. */
  async logOf(service: Service): Promise<Log> {
    return embeddedLog(this.directoryOf(service));
  }

  /** All of them, as they are on the disk. */
  async logs(): Promise<AllLogs> {
    if (this.store === 'dev-server') return serverLogs(this.#serverDirectory);
    const [user, book, rent] = await Promise.all([this.logOf('user'), this.logOf('book'), this.logOf('rent')]);
    return { user, book, rent };
  }

  get #serverDirectory(): string {
    return join(this.data, 'event-store');
  }

  /** What its connections to its servers suffer ends, and so does what its processes were told to do to themselves. */
  heal(): void {
    for (const proxy of this.#proxies) proxy.heal();
    for (const name of this.processes) this.order(name, { arm: 'nowhere', after: 1 });
    this.wake();
  }

  /** One that is told no more to stop itself may do so once more before it hears that. */
  wake(): void {
    for (const name of this.processes) this.signal(name, 'SIGCONT');
  }

  get #proxies(): readonly Proxy[] {
    return [this.nats, this.postgres, this.eventStore].filter((proxy) => proxy !== undefined);
  }

  /** @param keepsLogs whether the logs, which may be in memory, are copied to the disk first */
  async stop(keepsLogs: boolean): Promise<void> {
    if (this.#supervisor) {
      this.wake();
      await this.#supervisor.stop();
    }
    this.#controlServer?.close();
    for (const control of this.#controls.values()) control.destroy();
    for (const proxy of this.#proxies) proxy.close();
    if (!this.disk) return;
    const { directory } = this.disk;
    if (keepsLogs) cpSync(directory, `${directory}-kept`, { recursive: true });
    spawnSync('umount', ['-l', directory]);
  }

  async #start(): Promise<void> {
    const { data, store } = this;
    const logs = join(data, 'logs');
    mkdirSync(logs, { recursive: true });
    this.port = await freePort();
    // More than what imports leave free for the logs.
    this.#mountDisk(store === 'dev-server' ? this.#serverDirectory : join(data, 'services'), 512 * 1024 * 1024);
    await this.#listenForControls(join(data, 'control'));

    const natsDirectory = join(data, 'nats');
    const natsPort = await freePort();
    const nats = setUpNatsServer(
      await findNatsServer(process.env, join(projectRoot, '.shelfmark', 'cache')),
      natsDirectory,
      natsPort,
    );
    const postgresDirectory = join(data, 'postgres');
    const postgresPort = await freePort();
    const postgres = await setUpPostgres(
      await findPostgres(process.env, postgresDirectory),
      postgresDirectory,
      postgresPort,
    );
    this.natsUrl = nats.url;
    this.databaseUrl = postgres.url;
    const processes = [...viewProcesses(projectRoot).map(({ name }) => name), 'edge'];
    const database = ownDatabase({
      root: projectRoot,
      ownerUrl: postgres.url,
      directory: postgresDirectory,
      processes,
    });
    this.natsUrlOf = nats.urlOf;
    this.databaseUrlOf = database.urlOf;
    this.nats = await Proxy.open(natsPort, () => doubling((subject) => this.doubles(subject)));
    this.postgres = await Proxy.open(postgresPort);

    const servers: ProcessSpec[] = [
      this.#holdable({ name: 'nats', needs: [], command: async () => nats.command, stopSignal: 'SIGTERM' }),
      this.#holdable({ name: 'postgres', needs: [], command: async () => postgres.command, stopSignal: 'SIGINT' }),
    ];
    let eventStore = 'embedded';
    if (store === 'dev-server') {
      const port = await freePort();
      const server = setUpDevServer(projectRoot, this.#serverDirectory, port);
      this.eventStoreUrl = server.url;
      this.eventStore = await Proxy.open(port);
      eventStore = through(server.url, this.eventStore);
      const spec = {
        name: 'event-store',
        needs: [],
        command: async () => server.command,
        stopSignal: 'SIGTERM',
      } as const;
      servers.push(this.#loaded(spec));
    }
    const surroundings = {
      root: projectRoot,
      data,
      port: this.port,
      natsUrl: (name: string) => through(nats.urlOf(name), this.nats),
      eventStore,
      database: { ...database, urlOf: (name: string) => through(database.urlOf(name), this.postgres) },
    };
    const serverNames = servers.map(({ name }) => name);
    const own = ownProcesses(surroundings, serverNames).map((stage) => stage.map((spec) => this.#loaded(spec)));
    this.#supervisor = new Supervisor([servers, ...own], logs, {
      ready: () => undefined,
      changed: () => undefined,
      died: ({ name, how }) => void this.#deaths.push(`${name} (${how})`),
    });
    await Promise.race([this.#supervisor.start(), this.#startIsOverdue()]);
  }

  async #startIsOverdue(): Promise<never> {
    await delay(startMs, undefined, { ref: false });
    throw new Error(`not ready within ${startMs} ms: ${(await this.waitingFor()).join('; ')}`);
  }

  #holdable(spec: ProcessSpec): ProcessSpec {
    return {
      ...spec,
      command: async () => {
        for (;;) {
          await this.#held.get(spec.name);
          const command = await spec.command();
          // It may have been held up only now; then what it would be started on is being worked at.
          if (!this.#held.has(spec.name)) return command;
        }
      },
    };
  }

  #loaded(spec: ProcessSpec): ProcessSpec {
    return this.#holdable({
      ...spec,
      command: async () => {
        const command = await spec.command();
        const preload = join(projectRoot, 'e2e', 'faults', 'preload.mjs');
        const env = {
          ...command.env,
          // One sender sends what would otherwise come from a whole town.
          RATE_LIMIT_PER_SECOND: '1000000',
          NODE_OPTIONS: `--import ${preload}`,
          FAULTS_PROCESS: spec.name,
          FAULTS_SOCKET: join(this.data, 'control'),
        };
        return { ...command, env };
      },
    });
  }

  async #listenForControls(path: string): Promise<void> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      const lines = createInterface({ input: socket });
      lines.on('line', (line) => this.#controls.set((JSON.parse(line) as { name: string }).name, socket));
      // It passes on what the socket says: the process was killed.
      lines.on('error', () => undefined);
    });
    this.#controlServer = server;
    await new Promise<void>((resolve) => server.listen(path, resolve));
  }

  #mountDisk(directory: string, bytes: number): void {
    mkdirSync(directory, { recursive: true });
    const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', directory]);
    if (status === 0) this.disk = { directory, bytes };
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function through(url: string, proxy: Proxy): string {
  const changed = new URL(url);
  changed.port = String(proxy.port);
  return changed.href;
}
