import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../shelfmark-eventstoredb.mjs', import.meta.url));
const startsWithinMs = 30_000;

/** The server as a program, on a free port. It has to be built. */
export class Program {
  output = '';
  errors = '';
  readonly exit: Promise<number | string>;
  readonly #child: ChildProcess;

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout!.on('data', (chunk) => (this.output += String(chunk)));
    this.#child.stderr!.on('data', (chunk) => (this.errors += String(chunk)));
    this.exit = once(this.#child, 'close').then(([code, signal]: (number | string)[]) => code ?? signal!);
  }

  static async start(...args: readonly string[]): Promise<Program> {
    const started = new Program(['--port', '0', ...args]);
    await started.port();
    return started;
  }

  /** The port, as soon as it listens. */
  async port(): Promise<number> {
    const deadline = performance.now() + startsWithinMs;
    for (;;) {
      const [, port] = /^listening on [^:]+:(\d+)$/m.exec(this.output) ?? [];
      if (port !== undefined) return Number(port);
      if (this.#child.exitCode !== null || this.#child.signalCode !== null || performance.now() > deadline) {
        throw new Error(`it does not listen: ${this.output} ${this.errors}`);
      }
      await setTimeout(10);
    }
  }

  async stop(): Promise<number | string> {
    this.#child.kill('SIGTERM');
    return this.exit;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exit;
  }
}

/** A directory, and what removes it. */
export function temporaryDirectory(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'eventstoredb-server-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
