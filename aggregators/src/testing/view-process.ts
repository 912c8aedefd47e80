import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { until } from './until.js';

interface Health {
  readonly status: 'ok' | 'error';
  readonly details: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** One view's process as the supervisor starts it, from what was built. */
export class ViewProcess {
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout!.on('data', (text: Buffer) => (this.#output += String(text)));
    child.stderr!.on('data', (text: Buffer) => (this.#output += String(text)));
    // Not at its exit, when what it wrote last may still be on its way.
    this.exited = once(child, 'close').then(([code]: (number | null)[]) => code ?? null);
  }

  static start(view: string, environment: { readonly NATS_URL: string; readonly DATABASE_URL: string }): ViewProcess {
    const main = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
    return new ViewProcess(
      spawn(process.execPath, [main, '--view', view], {
        env: { ...process.env, ...environment, HEALTH_PORT: '0' },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  /** What it wrote so far, for a test that fails. */
  get output(): string {
    return this.#output;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** What `/health/ready` answers; undefined while there is no answer. */
  async health(): Promise<Health | undefined> {
    const url = /"url":"([^"]+)"/.exec(this.#output)?.[1];
    if (url === undefined) return undefined;
    const answer = await fetch(`${url}/health/ready`).catch(() => undefined);
    return answer && ((await answer.json()) as Health);
  }

  /** Waits until its health is as it is to be. */
  async shows(isSo: (health: Health) => boolean): Promise<Health> {
    let health: Health | undefined;
    await until(async () => {
      health = await this.health();
      return health !== undefined && isSo(health);
    });
    return health!;
  }

  async reaches(state: 'active' | 'standby'): Promise<void> {
    await until(async () => {
      if (this.#child.exitCode !== null) throw new Error(`ended:\n${this.#output}`);
      return (await this.health())?.details['view']?.['state'] === state;
    });
  }
}
