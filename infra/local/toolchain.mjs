// What `npm start` and `npm run status` do before they can import anything: plain JavaScript without dependencies, because
// on a fresh clone there is neither a node_modules folder nor a build.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NODE_MINIMUM = [20, 19];

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export function requireNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NODE_MINIMUM[0] || (major === NODE_MINIMUM[0] && minor >= NODE_MINIMUM[1])) return;
  fail(
    `Shelfmark needs Node ${NODE_MINIMUM.join('.')} or newer, and this is ${process.versions.node} (${process.execPath}).`,
  );
}

export function installWhatIsMissing() {
  if (isInstalled()) return;
  console.log('Installing the dependencies (npm ci); this is done once');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'The dependencies could not be installed.');
}

/** `tsc -b` does its own bookkeeping, and needs half a second to see that nothing changed: cheaper than being wrong about it. */
export function build() {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  if (!existsSync(join(root, 'infra', 'local', 'dist', 'main.js'))) {
    console.log('Building (tsc -b); later starts build only what changed');
  }
  run(process.execPath, [compiler, '-b'], 'The build failed.');
}

export function fail(message, exitCode = 1) {
  console.error(message);
  process.exit(exitCode);
}

/**
 * Compares what npm installed with what the lockfile asks for, package by package. Times of files would be cheaper and wrong:
 * npm writes both files in the same millisecond, and copies and checkouts set times as they like.
 */
function isInstalled() {
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'));
  const wanted = packagesOf(join(root, 'package-lock.json'));
  if (!installed || !wanted) return false;
  return Object.entries(wanted).every(([path, { version, integrity, resolved, optional }]) => {
    if (!path.includes('node_modules/')) return true;
    const there = installed[path];
    if (!there) return optional === true;
    return there.version === version && there.integrity === integrity && there.resolved === resolved;
  });
}

function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(lockfile, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

function run(file, args, failure) {
  const { status, signal, error } = spawnSync(file, args, { cwd: root, stdio: 'inherit' });
  if (signal) process.exit(1);
  if (error) fail(`${failure} ${file} could not be run: ${error.message}`);
  if (status !== 0) fail(failure);
}
