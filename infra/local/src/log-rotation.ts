import { copyFileSync, renameSync, statSync, truncateSync } from 'node:fs';

const ROTATED_FROM_BYTES = 10 * 1024 * 1024;
/** `.log.1` is the youngest. So a process takes up some 40 MiB with its logs, however long it runs. */
const KEPT = 3;

/**
 * Puts the content of a log file aside once it is large. Whoever writes to it keeps it open, in append mode, and goes on at its new
 * beginning; what is written in the instant between the copy and the cut is lost.
 */
export function rotateLog(logFile: string): void {
  const bytes = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (bytes <= ROTATED_FROM_BYTES) return;
  for (let age = KEPT; age > 1; age--) {
    const younger = `${logFile}.${age - 1}`;
    if (statSync(younger, { throwIfNoEntry: false })) renameSync(younger, `${logFile}.${age}`);
  }
  copyFileSync(logFile, `${logFile}.1`);
  truncateSync(logFile);
}
