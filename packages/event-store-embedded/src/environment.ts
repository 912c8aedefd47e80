import { closeSync, existsSync, mkdirSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RootDatabase, type RootDatabaseOptions, open } from 'lmdb';

/** Address space, not memory or disk: with room from the start, LMDB never has to move the map while somebody reads. */
const mapBytes = 2 ** 40;

/** Where a page's header ends, in the first page. */
const lmdbMagic = 0xbeefc0de;
/** A header and 126 readers of 64 bytes each, and some more. */
const lockFileBytes = 16 * 1024;
const toleratedMissingBytes = 1024 * 1024;

/**
 * Opens an LMDB environment, without the ends that LMDB puts to a process whose files are not as it expects them.
 * @param directory its own; one that does not exist is made, unless it is only to be read
 * @throws Error that says what is wrong with the files
 */
export function openEnvironment(
  directory: string,
  options: Omit<RootDatabaseOptions, 'noSubdir' | 'mapSize' | 'overlappingSync'>,
): RootDatabase {
  const file = join(directory, 'data.mdb');
  if (existsSync(file)) assertLmdbFile(file);
  else if (options.readOnly !== true) mkdirSync(directory, { recursive: true });
  allocateLockFile(join(directory, 'lock.mdb'));
  const root = open({
    ...options,
    path: directory,
    // lmdb takes a path with a dot in its last part for a file, if it is not told.
    noSubdir: false,
    mapSize: mapBytes,
    // With overlapping sync an awaited write is committed but not yet flushed, and what an fsync failed for is still
    // readable. Without it LMDB writes the pages, syncs, and only then writes the meta page (through a file opened with
    // O_DSYNC) that makes them visible: whatever can be read is on the disk.
    overlappingSync: false,
  });
  try {
    assertWhole(root, file);
  } catch (error) {
    void root.close();
    throw error;
  }
  return root;
}

/** lmdb crashes when it is to open a file that is none of its own. */
function assertLmdbFile(file: string): void {
  const descriptor = openSync(file, 'r');
  try {
    const start = Buffer.alloc(28);
    const size = readSync(descriptor, start);
    // An empty file is one that was created when the process was killed; LMDB begins it anew.
    if (size > 0 && start.readUInt32LE(24) !== lmdbMagic) throw new Error('data.mdb is not a file of LMDB');
  } finally {
    closeSync(descriptor);
  }
}

/**
 * LMDB maps its lock file and leaves it sparse: on a full disk, the first touch of a page would end the process with SIGBUS.
 * Written beforehand, it is an error here.
 */
function allocateLockFile(file: string): void {
  try {
    writeFileSync(file, Buffer.alloc(lockFileBytes), { flag: 'wx', mode: 0o664 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // Who may only read, from a file system that is read-only for instance, gets by without one.
    if (code === 'EEXIST' || code === 'EACCES' || code === 'EROFS') return;
    rmSync(file, { force: true });
    throw error;
  }
}

/**
 * LMDB maps the file into memory: reading a page that a cut file no longer has would end the process with SIGBUS. The last
 * few pages may rightly be missing, if they were taken and given back in one transaction.
 */
function assertWhole(root: RootDatabase, file: string): void {
  const { env } = root as unknown as { env: { info(): { lastPageNumber: number }; stat(): { pageSize: number } } };
  const used = (env.info().lastPageNumber + 1) * env.stat().pageSize;
  // After asking for the pages in use: a process that writes makes the file longer first.
  const { size } = statSync(file);
  if (size < used - toleratedMissingBytes) throw new Error(`data.mdb is cut: it has ${size} bytes of ${used}`);
}
