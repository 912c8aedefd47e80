import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withCredentials } from './credentials.js';
import { roleOf } from './database.js';
import { isRunning } from './process-identity.js';
import { RunFolder } from './run-folder.js';

/** Runs the aggregators' own program on the servers of the system that runs on the data. @returns its exit code */
export async function runViewsCommand(root: string, data: string, args: readonly string[]): Promise<number> {
  const runFolder = new RunFolder(data);
  // Its own help and its own mistakes need no servers.
  const servers = serversOf(runFolder, args);
  if (servers === undefined && args.length > 0 && !args.some((arg) => arg === '--help' || arg === '-h')) {
    console.error(`Shelfmark does not run on ${data}, or none of its views does. \`npm start\` starts it.`);
    return 1;
  }
  const program = join(root, 'aggregators', 'dist', 'cli.js');
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...servers }, stdio: 'inherit' });
  // Ctrl-C reaches both; the program ends in order, and this process with it. A signal to this one alone is passed on.
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => undefined);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/**
 * Where the running system's servers are, with their passwords, as one of its processes was told: they may be servers that
 * somebody else looks after, and what is written down of a run holds no password. A view is built by the process' role and user that
 * keep it, so that its tables are theirs; all views can be read by the edge's.
 */
function serversOf(
  runFolder: RunFolder,
  args: readonly string[],
): { NATS_URL: string; DATABASE_URL: string } | undefined {
  if (runFolder.holder() === undefined) return undefined;
  const { processes } = runFolder.read();
  const keeper = processes.find(({ name }) => args.some((arg) => name === `view-${arg}`))?.name ?? 'edge';
  for (const { name, identity } of processes) {
    if (identity === undefined || !isRunning(identity)) continue;
    const environment = environmentOf(identity.pid);
    const [natsUrl, databaseUrl] = [environment.get('NATS_URL'), environment.get('DATABASE_URL')];
    if (natsUrl === undefined || databaseUrl === undefined) continue;
    return {
      NATS_URL: urlAs(natsUrl, name, keeper, join(runFolder.data, 'nats', 'passwords')),
      DATABASE_URL: urlAs(databaseUrl, roleOf(name), roleOf(keeper), join(runFolder.data, 'postgres', 'passwords')),
    };
  }
  return undefined;
}

/** The same server for another user. To one that somebody else looks after, all processes come as the same user anyway. */
function urlAs(url: string, user: string, other: string, passwords: string): string {
  const password = join(passwords, other);
  return new URL(url).username === user && existsSync(password) ? withCredentials(url, other, password) : url;
}

function environmentOf(pid: number): Map<string, string> {
  try {
    const lines = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return new Map(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
  } catch {
    return new Map();
  }
}
