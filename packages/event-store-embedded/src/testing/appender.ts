import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('appender.process.mjs', import.meta.url));
const waitMs = 60_000;

export interface AppenderOptions {
  readonly directory: string;
  /** How many appends are under way at once. */
  readonly concurrency?: number;
  readonly count?: number;
  readonly reserveBytes?: number;
  /** A program with its arguments that runs node, like strace. */
  readonly under?: readonly string[];
}

export interface Answer {
  readonly position: bigint;
  readonly id: string;
}

/** A process that appends and says what it was answered. */
export class Appender {
  readonly exit: Promise<number | string>;
  #child: ChildProcess;
  #output = '';
  #errors = '';

  constructor({ directory, concurrency = 1, count = Infinity, reserveBytes = -Infinity, under = [] }: AppenderOptions) {
    const command = [...under, process.execPath, program, directory, ...[concurrency, count, reserveBytes].map(String)];
    this.#child = spawn(command[0]!, command.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child.stdout!.on('data', (chunk) => (this.#output += String(chunk)));
    this.#child.stderr!.on('data', (chunk) => (this.#errors += String(chunk)));
    this.exit = new Promise((resolve) => this.#child.once('close', (code, signal) => resolve(code ?? signal!)));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** Whole lines only: what a kill cut off was not said. */
  get lines(): string[] {
    return this.#output.split('\n').slice(0, -1);
  }

  get answers(): Answer[] {
    return this.lines
      .filter((line) => line.startsWith('answer '))
      .map((line) => line.split(' '))
      .map(([, position, id]) => ({ position: BigInt(position!), id: id! }));
  }

  get errors(): string {
    return this.#errors;
  }

  async says(enough: (lines: readonly string[]) => boolean): Promise<void> {
    const deadline = Date.now() + waitMs;
    while (!enough(this.lines)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null || Date.now() > deadline) {
        throw new Error(`the appender did not say it: ${this.lines.slice(-3).join(' | ')} ${this.#errors}`);
      }
      await setTimeout(1);
    }
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exit;
  }
}
