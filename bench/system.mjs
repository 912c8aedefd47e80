import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tokenFor, withCredentials } from '../infra/local/dist/index.js';

export const root = join(import.meta.dirname, '..');

/** The whole system, run by `npm start` on data of its own. */
export class System {
  #launcher;
  #watch;
  #most = new Map();

  static async start() {
    const system = new System();
    system.data = mkdtempSync(join(tmpdir(), 'shelfmark-bench-'));
    const port = await freePort();
    system.url = `http://127.0.0.1:${port}`;
    const args = ['infra/local/start.mjs', '--empty', '--port', String(port), '--data', system.data];
    // One sender sends what would otherwise come from a whole town.
    const env = { ...process.env, RATE_LIMIT_PER_SECOND: '1000000' };
    const launcher = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
    system.#launcher = launcher;
    await new Promise((resolve, reject) => {
      let output = '';
      launcher.once('exit', () => reject(new Error(`npm start ended:\n${output}`)));
      launcher.stdout.setEncoding('utf8').on('data', (text) => {
        output += text;
        if (output.includes('Shelfmark is ready at')) resolve();
      });
    });
    // Where `authorization()` finds it, here and in programs that are started by hand.
    process.env.SHELFMARK_TOKEN = await tokenFor(system.data, { role: 'librarian' });
    await delay(5_000);
    system.idle = system.memory();
    system.#watch = setInterval(() => system.memory(), 500);
    return system;
  }

  /** The environment of one of its processes. */
  environment(name) {
    const text = readFileSync(`/proc/${this.#pid(name)}/environ`, 'utf8');
    return Object.fromEntries(
      text.split('\0').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );
  }

  /** The bus as its operator comes to it, who may do everything there. */
  get busUrl() {
    return withCredentials(this.environment('edge').NATS_URL, 'operator', join(this.data, 'nats/passwords/operator'));
  }

  /** The view data as their owner comes to them. */
  get databaseUrl() {
    return withCredentials(this.environment('edge').DATABASE_URL, 'shelfmark', join(this.data, 'postgres/password'));
  }

  /** Anonymous memory of each process now, in MiB. */
  memory() {
    const memory = new Map();
    for (const { name, identity } of this.#processes()) {
      try {
        const status = readFileSync(`/proc/${identity.pid}/status`, 'utf8');
        const mebibytes = Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)[1]) / 1024;
        memory.set(name, mebibytes);
        this.#most.set(name, Math.max(mebibytes, this.#most.get(name) ?? 0));
      } catch {
        // It has ended, or is being started.
      }
    }
    return memory;
  }

  /** The most that each process was seen to have. */
  mostMemory() {
    return this.#most;
  }

  async stop() {
    clearInterval(this.#watch);
    const ended = new Promise((resolve) => this.#launcher.once('exit', resolve));
    if (this.#launcher.exitCode === null) {
      this.#launcher.kill('SIGINT');
      await ended;
    }
    rmSync(this.data, { recursive: true, force: true });
  }

  #pid(name) {
    return this.#processes().find((process) => process.name === name).identity.pid;
  }

  #processes() {
    return JSON.parse(readFileSync(join(this.data, 'run', 'state.json'), 'utf8')).processes;
  }
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
