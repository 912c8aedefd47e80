import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../../eventstoredb-server/shelfmark-eventstoredb.mjs', import.meta.url));

/** The development server as a process of a test's own, which can be killed and started again on its port with its data. */
export class DevServer {
  readonly #dataDir = mkdtempSync(join(tmpdir(), 'shelfmark-esdb-'));
  #process: ChildProcess | undefined;
  port = 0;

  private constructor(
    private readonly security: readonly string[],
    private readonly keepsData = true,
  ) {}

  static async start(security: readonly string[] = ['--insecure']): Promise<DevServer> {
    const server = new DevServer(security);
    await server.startAgain();
    return server;
  }

  /** For tests that do not stop it: nothing of theirs waits for a disk. */
  static async startInMemory(): Promise<DevServer> {
    const server = new DevServer(['--insecure'], false);
    await server.startAgain();
    return server;
  }

  get url(): string {
    return `kurrentdb://127.0.0.1:${this.port}?tls=false`;
  }

  /** The client waits so long before its first read on a connection, half a second otherwise, although it has a server already. */
  get quickUrl(): string {
    return `${this.url}&discoveryInterval=10`;
  }

  async startAgain(): Promise<void> {
    const data = this.keepsData ? ['--data', this.#dataDir] : ['--in-memory'];
    const args = [program, '--port', String(this.port), ...data, ...this.security];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#process = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const [, port] = /^listening on .*:(\d+)$/.exec(line) ?? [];
      if (port === undefined) continue;
      this.port = Number(port);
      // What it prints later must not fill the pipe.
      child.stdout.resume();
      return;
    }
    throw new Error('the server ended before it listened');
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process!;
    const ended = child.exitCode !== null || child.signalCode !== null ? undefined : once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  /** Neither answers nor lets go of its connections. */
  freeze(): void {
    this.#process!.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process!.kill('SIGCONT');
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.#dataDir, { recursive: true, force: true });
  }
}
