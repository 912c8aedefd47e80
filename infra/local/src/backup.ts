import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, readdirSync } from 'node:fs';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type TransformCallback } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { exportLog, importLog } from '@shelfmark/event-store-embedded';
import { EventStoreChoice } from './event-store.js';
import { makePrivateDirectory } from './private-files.js';
import { Progress } from './progress.js';
import { RunFolder } from './run-folder.js';

/** See `npm run backup -- --help` and `npm run restore -- --help`. */
export interface BackupOptions {
  /** The folder of the backup. */
  readonly backup: string;
  /** The data folder of the system. */
  readonly data: string;
}

/*
 * A backup is a folder with an export of each service's log, and `manifest.json`, which is written last: a folder
 * without one is a backup that was interrupted.
 */
interface Manifest {
  readonly format: string;
  readonly version: number;
  readonly takenAt: string;
  readonly logs: readonly BackedUpLog[];
}

interface BackedUpLog {
  readonly service: string;
  readonly file: string;
  readonly events: number;
  readonly bytes: number;
  readonly sha256: string;
}

const backupFormat = 'shelfmark-backup';
const backupVersion = 1;
const manifestFile = 'manifest.json';

/**
 * Goes first, so that no rent in a backup is of a book or a reader that the backup does not have: what a log that is
 * copied later has more than that, nobody has heard of yet.
 */
const knowsOfOthers = ['rent-service'];

/** Something that the person who backs up or restores can put right, said in a sentence. */
class BackupUnusable extends Error {
  override readonly name = 'BackupUnusable';
}

/** Copies the logs of a library, which may be running, into a new folder, and reads back what was written. @returns the exit code */
export function backUp(options: BackupOptions, progress = new Progress(process.stdout)): Promise<number> {
  return told('The backup was not made', progress, () => makeBackup(options, progress));
}

/** Makes a new data folder of a backup. Its logs get new ids: mirrors and views are made anew from them. @returns the exit code */
export function restore(options: BackupOptions, progress = new Progress(process.stdout)): Promise<number> {
  return told('Nothing was restored', progress, () => restoreBackup(options, progress));
}

async function makeBackup({ backup, data }: BackupOptions, progress: Progress): Promise<void> {
  const services = logsIn(data);
  const { kind = 'embedded' } = new EventStoreChoice(data);
  // What may still lie there is what was there before the library moved.
  if (kind !== 'embedded') {
    throw new BackupUnusable(`The logs of ${data} are on a server; its own means are for their backup.`);
  }
  if (services.length === 0) throw new BackupUnusable(`There is no library in ${data}.`);
  if (!isEmpty(backup)) throw new BackupUnusable(`${backup} is not empty; a backup needs a folder of its own.`);
  makePrivateDirectory(backup);

  const logs: BackedUpLog[] = [];
  for (const service of services) logs.push(await backUpLog(service, { backup, data }, progress));
  for (const log of logs) {
    progress.waiting(`Reading ${log.file} back`);
    await assertWhole(backup, log);
    progress.step(`${log.service}: ${log.events} events, ${log.bytes} bytes`);
  }
  const manifest: Manifest = { format: backupFormat, version: backupVersion, takenAt: new Date().toISOString(), logs };
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`;
  await writeFile(join(backup, manifestFile), text, { mode: 0o600, flush: true });
  await sync(backup);
  progress.say(`\nThe library is in ${backup}. It holds the names and addresses of readers: keep it closed.`);
}

async function backUpLog(service: string, { backup, data }: BackupOptions, progress: Progress): Promise<BackedUpLog> {
  const file = `${service}.ndjson`;
  const digest = new Digest();
  const target = createWriteStream(join(backup, file), { flags: 'wx', mode: 0o600, flush: true });
  const onProgress = (at: { readonly events: number; readonly totalEvents: number }) =>
    progress.waiting(`${service}: ${at.events} of ${at.totalEvents} events`);
  const [events] = await Promise.all([
    exportLog(join(data, 'services', service), digest, { onProgress }),
    pipeline(digest, target),
  ]);
  return { service, file, events, bytes: digest.bytes, sha256: digest.sha256() };
}

async function restoreBackup({ backup, data }: BackupOptions, progress: Progress): Promise<void> {
  const { takenAt, logs } = await readManifest(backup);
  if (new RunFolder(data).holder()) throw new BackupUnusable(`Shelfmark runs on ${data}; restore into a new folder.`);
  const services = join(data, 'services');
  if (!isEmpty(services)) throw new BackupUnusable(`There is a library in ${data} already; restore into a new folder.`);
  for (const log of logs) {
    progress.waiting(`Checking ${log.file}`);
    await assertWhole(backup, log);
  }
  // All logs or none: a library that lacks one of them would start, and be wrong.
  const building = join(data, 'services.restoring');
  await rm(building, { recursive: true, force: true });
  makePrivateDirectory(building);
  for (const { service, file } of logs) {
    const onProgress = (at: { readonly events: number; readonly totalEvents: number }) =>
      progress.waiting(`${service}: ${at.events} of ${at.totalEvents} events`);
    const events = await importLog(createReadStream(join(backup, file)), join(building, service), { onProgress });
    progress.step(`${service}: ${events} events`);
  }
  await rm(services, { recursive: true, force: true });
  await rename(building, services);
  await sync(data);
  progress.say(`\nThe library of ${takenAt} is in ${data}. Start it: npm start -- --data ${data} --empty`);
}

async function readManifest(backup: string): Promise<Manifest> {
  const text = await readFile(join(backup, manifestFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new BackupUnusable(`${backup} is no backup, or one that was interrupted: it has no ${manifestFile}.`);
  });
  let manifest: Manifest | undefined;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch {
    // It is told below.
  }
  if (manifest?.format !== backupFormat) throw new BackupUnusable(`${manifestFile} in ${backup} is not a backup's.`);
  if (manifest.version !== backupVersion) {
    throw new BackupUnusable(`The backup's version is ${manifest.version}; this program knows ${backupVersion}.`);
  }
  for (const { service, file } of manifest.logs) {
    // What a manifest says becomes paths.
    if (!/^[a-z][a-z-]*$/.test(service) || file !== `${service}.ndjson`) {
      throw new BackupUnusable(`${manifestFile} in ${backup} names a log that no backup holds.`);
    }
  }
  return manifest;
}

/** Compares what lies on the disk with what was written when the backup was made. */
async function assertWhole(backup: string, { file, bytes, sha256 }: BackedUpLog): Promise<void> {
  const digest = new Digest();
  try {
    await pipeline(createReadStream(join(backup, file)), digest.resume());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new BackupUnusable(`${file} is missing in ${backup}.`);
  }
  if (digest.bytes !== bytes) throw new BackupUnusable(`${file} in ${backup} has ${digest.bytes} bytes of ${bytes}.`);
  if (digest.sha256() !== sha256)
    throw new BackupUnusable(`${file} in ${backup} is damaged: its digest does not match.`);
}

/** Passes on what goes through it, and knows its SHA-256 in the end. */
class Digest extends Transform {
  readonly #hash = createHash('sha256');
  bytes = 0;

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    done(null, chunk);
  }

  /** Once everything went through. */
  sha256(): string {
    return this.#hash.digest('hex');
  }
}

/** The services that have a log, in the order in which their logs are to be copied. */
function logsIn(data: string): string[] {
  const directory = join(data, 'services');
  if (!existsSync(directory)) return [];
  const found = readdirSync(directory).filter((name) => existsSync(join(directory, name, 'data.mdb')));
  const rank = (service: string) => (knowsOfOthers.includes(service) ? 0 : 1);
  return found.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function isEmpty(directory: string): boolean {
  return !existsSync(directory) || readdirSync(directory).length === 0;
}

/** A file's name is safe only once its folder is. */
async function sync(directory: string): Promise<void> {
  const folder = await open(directory);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function told(failure: string, progress: Progress, work: () => Promise<void>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    progress.say(`${failure}. ${(error as Error).message}`);
    return 1;
  }
}
