import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Trees } from './log-environment.js';
import { StoreOwnedElsewhere } from './store-errors.js';

/** A process, told apart from one that gets the same number later. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When the process started, in clock ticks since boot. */
  readonly startedTicks: string | undefined;
  /** The boot and the PID namespace in which `pid` and `startedTicks` mean something. */
  readonly boot: string | undefined;
  readonly pidNamespace: string | undefined;
}

const ownerKey = 'owner';

/**
 * Who may write. Opening is refused while the owner lives. That cannot always be told (it may run in another container, or
 * on another machine that shares the disk); then the log is taken over, and the token makes it safe: every transaction
 * checks it, so the one that was taken from cannot write any more.
 */
export class Ownership {
  readonly #trees: Trees;
  readonly #token: number;

  private constructor(trees: Trees, token: number) {
    this.#trees = trees;
    this.#token = token;
  }

  /** @throws StoreOwnedElsewhere */
  static take(trees: Trees, directory: string): Ownership {
    // It is stored as a float, which holds 48 bits exactly, and is never one that was there before.
    const token = randomBytes(6).readUIntBE(0, 6) + 1;
    trees.root.transactionSync(() => {
      const owner = trees.meta.get(ownerKey) as Owner | null | undefined;
      if (owner && lives(owner)) throw new StoreOwnedElsewhere(directory, owner);
      void trees.meta.put(ownerKey, self(), token);
    });
    return new Ownership(trees, token);
  }

  /**
   * Commits what `write` puts, in one transaction that takes effect only if this is still the owner. Resolves when it is
   * flushed, to whether it was. The puts are made by lmdb's own thread; none of them is applied if one fails.
   */
  async commit(write: () => void): Promise<boolean> {
    try {
      return await this.#trees.meta.ifVersion(ownerKey, this.#token, write);
    } catch (error) {
      // lmdb tells the reason apart from the failure.
      const { commitError } = error as { commitError?: Promise<never> };
      if (commitError !== undefined) await commitError;
      throw error;
    }
  }

  async release(): Promise<void> {
    await this.commit(() => void this.#trees.meta.put(ownerKey, null, 0));
  }
}

function self(): Owner {
  return {
    pid: process.pid,
    host: hostname(),
    startedTicks: startedTicks(process.pid),
    boot: readIfThere('/proc/sys/kernel/random/boot_id'),
    pidNamespace: pidNamespace(),
  };
}

function lives(owner: Owner): boolean {
  const { host, boot, pidNamespace } = self();
  if (owner.boot === undefined) return owner.host === host && answersSignals(owner.pid);
  if (owner.boot !== boot || owner.pidNamespace !== pidNamespace) return false;
  return owner.startedTicks === startedTicks(owner.pid);
}

/** The 22nd field of /proc/PID/stat; a zombie has ended. */
function startedTicks(pid: number): string | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets, and may hold blanks and brackets itself.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
}

function pidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** Where there is no /proc. */
function answersSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
