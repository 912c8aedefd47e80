import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { EmbeddedEventStore } from '@shelfmark/event-store-embedded';
import { copyLog, renewLogId, type CopyProgress } from '@shelfmark/event-store-kurrentdb';
import { embeddedLogs, EventStoreChoice, serviceWord, type EmbeddedLog } from './event-store.js';
import { Progress } from './progress.js';
import { RunFolder } from './run-folder.js';

/** See `npm run store`. */
export type StoreOptions =
  | { readonly command: 'copy'; readonly from: string; readonly to: string; readonly log?: string }
  | { readonly command: 'renew-log-id'; readonly server: string; readonly log: string }
  | { readonly command: 'other'; readonly args: readonly string[] };

/** @returns the exit code */
export async function runStoreCommand(root: string, options: StoreOptions): Promise<number> {
  switch (options.command) {
    case 'copy':
      return told(() => copy(options));
    case 'renew-log-id':
      return told(async () => {
        const logId = await renewLogId({ connectionString: options.server, log: options.log });
        console.log(`${options.log} is the log ${logId} now. Start its service again.`);
        return 0;
      });
    case 'other': {
      const program = join(root, 'packages', 'event-store-embedded', 'dist', 'cli.js');
      return spawnSync(process.execPath, [program, ...options.args], { stdio: 'inherit' }).status ?? 1;
    }
  }
}

async function told(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

async function copy({ from, to, log: name }: Extract<StoreOptions, { command: 'copy' }>): Promise<number> {
  if (existsSync(join(from, 'data.mdb'))) {
    const log = { service: serviceWord(basename(from)), directory: from };
    await copyTo(to, log, name ?? `shelfmark.${log.service}`);
    await retire(log);
    return 0;
  }
  if (name !== undefined) throw new Error(`--log names one log, and ${from} is the folder of none`);
  const logs = embeddedLogs(from);
  if (logs.length === 0) throw new Error(`There are no logs in ${from}.`);
  const holder = new RunFolder(from).holder();
  if (holder) throw new Error(`Shelfmark runs on ${from}: at ${holder.url}. Stop it first.`);

  const choice = new EventStoreChoice(from);
  // Once all of them are there, what is here is never looked at again: it may have been retired already.
  if (choice.kind !== 'server') {
    for (const log of logs) await copyTo(to, log, `shelfmark.${log.service}`);
    choice.make('server');
  }
  for (const log of logs) await retire(log);
  console.log('The library is on the server. Start it with --event-store and where that is.');
  return 0;
}

async function copyTo(connectionString: string, { directory }: EmbeddedLog, log: string): Promise<void> {
  const progress = new Progress(process.stdout);
  const from = await EmbeddedEventStore.open({ directory });
  try {
    const onProgress = ({ phase, position, head }: CopyProgress) =>
      progress.waiting(`${log}: ${phase}, ${position} of ${head}`);
    const { events, sha256 } = await copyLog({ from, connectionString, log, onProgress });
    progress.step(`${log}: ${events} events, compared, SHA-256 ${sha256}`);
  } finally {
    await from.close();
  }
}

/** Whoever started a service on what stays here would go on with a log that is somewhere else by now. */
async function retire({ directory }: EmbeddedLog): Promise<void> {
  const store = await EmbeddedEventStore.open({ directory });
  try {
    await store.renewLogId();
  } finally {
    await store.close();
  }
}
