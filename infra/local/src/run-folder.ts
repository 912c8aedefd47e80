import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePrivateDirectory, writePrivateFile } from './private-files.js';
import { endProcess, identify, isRunning, type ProcessIdentity } from './process-identity.js';
import type { ProcessRecord } from './supervisor.js';

/** Who runs the system on a data folder. */
export interface Holder extends ProcessIdentity {
  readonly url: string;
}

/** What runs, as `npm run status` and the next start read it. It holds no password. */
export interface RunState {
  readonly processes: readonly ProcessRecord[];
  /** Where the logs are, in words. */
  readonly eventStore?: string;
}

export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
  constructor(
    readonly holder: Holder,
    readonly data: string,
  ) {
    super(`Shelfmark runs on ${data} already: at ${holder.url}, process ${holder.pid}.`);
  }
}

const STOP_PATIENCE_MS = 12_000;

/** The folder `run` of the data: who holds it, and what runs. */
export class RunFolder {
  readonly #lock: string;
  readonly #state: string;
  readonly #targets: string;

  constructor(readonly data: string) {
    this.#lock = join(data, 'run', 'supervisor.json');
    this.#state = join(data, 'run', 'state.json');
    this.#targets = join(data, 'run', 'prometheus.json');
  }

  /** @throws AlreadyRunning while another process that lives holds it */
  hold(url: string): void {
    makePrivateDirectory(join(this.data, 'run'));
    const holder: Holder = { ...identify(process.pid)!, url };
    const mine = `${this.#lock}.${process.pid}`;
    writeFileSync(mine, JSON.stringify(holder), { mode: 0o600 });
    try {
      // A link is made by one process only, and is complete from the first moment, unlike a file that is opened and then written.
      while (!linked(mine, this.#lock)) this.#removeStaleLock();
    } finally {
      rmSync(mine, { force: true });
    }
  }

  /**
   * Moved aside before it is looked at: two starts may both have seen the same dead holder, and the slower one must not remove the
   * lock that the faster one has made since. (A third one, in the microseconds in which that lock is aside, would still find the port
   * and the event stores taken.)
   */
  #removeStaleLock(): void {
    const aside = `${this.#lock}.${process.pid}.stale`;
    const seen = this.holder();
    if (seen) throw new AlreadyRunning(seen, this.data);
    try {
      renameSync(this.#lock, aside);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw error;
    }
    const moved = runningHolder(aside);
    if (moved) linked(aside, this.#lock);
    rmSync(aside);
    if (moved) throw new AlreadyRunning(moved, this.data);
  }

  /** Who runs here now. */
  holder(): Holder | undefined {
    return runningHolder(this.#lock);
  }

  release(): void {
    rmSync(this.#state, { force: true });
    rmSync(this.#targets, { force: true });
    rmSync(this.#lock, { force: true });
  }

  write(state: RunState): void {
    writePrivateFile(this.#state, JSON.stringify(state));
    // As `file_sd_configs` of Prometheus reads it: ports are others at every start.
    const targets = state.processes.flatMap(({ name, metrics }) =>
      metrics === undefined ? [] : [{ targets: [metrics], labels: { process: name } }],
    );
    writePrivateFile(this.#targets, JSON.stringify(targets));
  }

  read(): RunState {
    return readJson<RunState>(this.#state) ?? { processes: [] };
  }

  /** Those of a former run that live still, whose supervisor was killed. */
  leftovers(): ProcessRecord[] {
    return this.read().processes.filter(({ identity }) => identity && isRunning(identity));
  }

  async endLeftovers(): Promise<void> {
    await Promise.all(
      this.leftovers().map(({ identity, stopSignal }) => endProcess(identity!, stopSignal, STOP_PATIENCE_MS)),
    );
  }
}

function runningHolder(file: string): Holder | undefined {
  const holder = readJson<Holder>(file);
  return holder && isRunning(holder) ? holder : undefined;
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}
