import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = dirname(fileURLToPath(import.meta.url));

/** Where Go is not installed, what needs it is passed over; in CI, which installs it, it fails. */
export const canValidate =
  process.env['CI'] === 'true' || spawnSync('go', ['list', '-m'], { cwd: folder }).status === 0;

/**
 * Runs this folder's program.
 * @param command `manifests`, `compose` or `tiltfile`, and what each takes; paths are absolute
 * @returns what it prints
 * @throws Error with all that is wrong with what was read
 */
export function validate(...command: readonly string[]): unknown {
  const { status, stdout, stderr, error } = spawnSync('go', ['run', '.', ...command], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${command.join(' ')}: ${error?.message ?? stderr}`);
  return JSON.parse(stdout);
}
