import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

/** Readable by this user only. A folder that exists keeps its mode: it may be somebody's, given with `--data`. */
export function makePrivateDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** All or nothing, for those who read at the same time and for a process killed in the middle. */
export function writePrivateFile(file: string, text: string): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, text, { mode: 0o600 });
  renameSync(unfinished, file);
}

/**
 * A secret that is made once and then stays, because others know it from former starts.
 * @param make a password unless said otherwise. It begins with a letter: NATS takes what begins with a digit for a number where it comes
 *   from the environment
 */
export function readOrMakeSecret(file: string, make = () => `s${randomBytes(24).toString('hex')}`): string {
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, make(), { mode: 0o600 });
  try {
    linkSync(unfinished, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(unfinished);
  }
  return readFileSync(file, 'utf8').trim();
}
