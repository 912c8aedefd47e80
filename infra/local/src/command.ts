import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Probe } from './probe.js';

/** How to start a process, and how to see that it is ready. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Processes of our own end by themselves when this channel closes, which it does however this process ends. */
  readonly ipc?: boolean;
  readonly probe: Probe;
  /** The address that serves its `/metrics`. */
  readonly metrics?: string;
}

/** In a session of its own, so that Ctrl-C in the terminal reaches this process alone, which then stops the others in order. */
export function startInBackground({ file, args, env, cwd, ipc }: Command, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const stdio = ipc ? (['ignore', log, log, 'ipc'] as const) : (['ignore', log, log] as const);
    return spawn(file, args, { env, detached: true, stdio: [...stdio], ...(cwd === undefined ? {} : { cwd }) });
  } finally {
    closeSync(log);
  }
}

/** Resolves with how the process ended, also when it could not be started at all. */
export function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ? `killed by ${signal}` : `exit code ${code}`));
  });
}

/** The whole group: what the process started goes with it. */
export function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function lastLines(logFile: string, count: number): string[] {
  try {
    return readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-count);
  } catch {
    return [];
  }
}

export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  constructor(
    readonly command: string,
    readonly output: string,
    options: ErrorOptions,
  ) {
    super(`${command} failed: ${output.trim() || String((options.cause as Error).message)}`, options);
  }
}

/** Runs a short command to its end. @returns what it printed. @throws CommandFailed */
export function run(
  file: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; input?: string } = {},
): Promise<string> {
  const { input, ...rest } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { ...rest, maxBuffer: 64 * 1024 * 1024 }, (cause, stdout, stderr) => {
      if (cause) reject(new CommandFailed(file, stderr || stdout, { cause }));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => undefined).end(input);
  });
}

/**
 * A prefix that makes the kernel send `signal` to the command when this process is gone, however it went: NATS and Postgres
 * know nothing of their supervisor. It is part of util-linux, which every Debian has.
 */
export function endingWithParent(signal: 'TERM' | 'INT'): string[] {
  canEndWithParent ??= spawnSync('setpriv', ['--pdeathsig', 'keep', 'true']).status === 0;
  return canEndWithParent ? ['setpriv', '--pdeathsig', signal, '--'] : [];
}

let canEndWithParent: boolean | undefined;
