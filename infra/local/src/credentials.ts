import { readFileSync } from 'node:fs';

/** The same server, as a user comes to it whose password is in a file. */
export function withCredentials(url: string, user: string, passwordFile: string): string {
  const changed = new URL(url);
  changed.username = user;
  changed.password = readFileSync(passwordFile, 'utf8').trim();
  return changed.href;
}
