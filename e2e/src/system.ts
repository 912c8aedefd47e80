import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tokenFor, withCredentials } from '@shelfmark/local';

export const projectRoot = join(import.meta.dirname, '..', '..');

/** Where the systems of this run have their logs: the same tests hold in each store. */
export const eventStore = process.env['SHELFMARK_E2E_STORE'] ?? 'embedded';

/** What `npm start` keeps about a process that it runs. */
interface ProcessRecord {
  readonly name: string;
  readonly identity?: { readonly pid: number };
  readonly restarts: number;
}

/** The whole library, run by the command that a user runs. */
export class System {
  #launcher: ChildProcess | undefined;
  #output = '';
  /** A librarian's. */
  token = '';

  private constructor(
    readonly dataDir: string,
    readonly port: number,
    /** What `npm start` is given; it may be told otherwise before the next start. */
    public options: readonly string[],
  ) {}

  /** A system with a data directory of its own; it is not started yet. */
  static async create(options: readonly string[] = ['--empty']): Promise<System> {
    const all = options.includes('--event-store') ? options : [...options, '--event-store', eventStore];
    return new System(mkdtempSync(join(tmpdir(), 'shelfmark-e2e-')), await freePort(), all);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The header with which a librarian signs in. */
  get authorization(): { readonly Authorization: string } {
    return { Authorization: `Bearer ${this.token}` };
  }

  /** What the launcher printed. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when it says that it is ready. */
  async start(): Promise<void> {
    assert(!this.#launcher, 'it runs already');
    this.#output = '';
    const args = ['infra/local/start.mjs', '--port', String(this.port), '--data', this.dataDir, ...this.options];
    // One sender sends what would otherwise come from a whole town.
    const env = { ...process.env, RATE_LIMIT_PER_SECOND: '1000000' };
    const launcher = spawn(process.execPath, args, { cwd: projectRoot, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#launcher = launcher;
    for (const stream of [launcher.stdout, launcher.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    await until(
      'the system is ready',
      () => {
        assert.equal(launcher.exitCode, null, `npm start ended:\n${this.#output}`);
        return this.#output.includes(`Shelfmark is ready at ${this.url}`);
      },
      240_000,
    );
    this.token = await tokenFor(this.dataDir, { role: 'librarian' });
  }

  /** Stops as Ctrl-C does. @returns the launcher's exit code */
  async stop(): Promise<number | null> {
    return this.#end('SIGINT');
  }

  /** As if the power went for the launcher alone. */
  async killLauncher(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const launcher = this.#launcher;
    this.#launcher = undefined;
    if (!launcher || launcher.exitCode !== null) return launcher?.exitCode ?? null;
    const ended = new Promise<number | null>((resolve) => launcher.once('exit', (code) => resolve(code)));
    launcher.kill(signal);
    return ended;
  }

  /** Stops it and removes its data. */
  async dispose(): Promise<void> {
    await this.stop();
    await until('nothing runs', () => this.running().length === 0);
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  processes(): readonly ProcessRecord[] {
    const state = JSON.parse(readFileSync(join(this.dataDir, 'run', 'state.json'), 'utf8')) as {
      processes: readonly ProcessRecord[];
    };
    return state.processes;
  }

  pid(name: string): number {
    const pid = this.processes().find((process) => process.name === name)?.identity?.pid;
    assert(pid !== undefined, `${name} does not run`);
    return pid;
  }

  kill(name: string, signal: NodeJS.Signals = 'SIGKILL'): void {
    process.kill(this.pid(name), signal);
  }

  /** The command lines of all processes on this machine that work on the system's data. */
  running(): readonly string[] {
    const all = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
    const children = all.filter((line) => line.includes(this.dataDir) && !line.includes('ps -eo'));
    return children;
  }

  /** What the bus did not let processes do, as their logs say. */
  refusals(): readonly string[] {
    const folder = join(this.dataDir, 'logs');
    const lines = readdirSync(folder).flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'));
    return lines.filter((line) => line.includes('the NATS server does not let'));
  }

  /** The bus, as whoever looks after the system comes to it: everything is allowed. */
  get busUrl(): string {
    return withCredentials(
      this.environment('edge')['NATS_URL']!,
      'operator',
      join(this.dataDir, 'nats/passwords/operator'),
    );
  }

  /** The view data, as their owner. */
  get databaseUrl(): string {
    return withCredentials(
      this.environment('edge')['DATABASE_URL']!,
      'shelfmark',
      join(this.dataDir, 'postgres/password'),
    );
  }

  /** The environment that a running process was given, for instance its `NATS_URL`. */
  environment(name: string): Readonly<Record<string, string>> {
    const text = readFileSync(`/proc/${this.pid(name)}/environ`, 'utf8');
    return Object.fromEntries(
      text.split('\0').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }
}

/** Waits for a condition. @throws when it does not hold in time */
export async function until(
  what: string,
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 60_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    assert(Date.now() < deadline, `${what}: not within ${timeoutMs} ms`);
    await delay(50);
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
