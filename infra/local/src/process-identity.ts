import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process and the moment of its start: a pid alone may be somebody else's by the time it is read again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The boot's id and the start time in clock ticks since then: only both together name a moment. */
  readonly started: string;
}

/** @returns undefined when there is no such process, or when it ended and only waits for its parent to notice. */
export function identify(pid: number): ProcessIdentity | undefined {
  try {
    const started = startTicks(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    if (started === undefined) return undefined;
    return { pid, started: `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${started}` };
  } catch {
    return undefined;
  }
}

/**
 * The 22nd field of /proc/<pid>/stat (proc(5)). The second one is the program's name in brackets and may itself hold brackets
 * and blanks, so counting begins behind the last bracket.
 */
export function startTicks(stat: string): string | undefined {
  const [state, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? undefined : rest[18];
}

export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.started === identity.started;
}

/** Asks the process to end, waits, and kills it when it does not; returns when it is gone. */
export async function endProcess(identity: ProcessIdentity, signal: NodeJS.Signals, patienceMs: number): Promise<void> {
  send(identity, signal);
  // One that is stopped, as by Ctrl-Z, would not hear it.
  send(identity, 'SIGCONT');
  for (const giveUp = Date.now() + patienceMs; Date.now() < giveUp; await sleep(20)) {
    if (!isRunning(identity)) return;
  }
  send(identity, 'SIGKILL');
  while (isRunning(identity)) await sleep(20);
}

function send(identity: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
