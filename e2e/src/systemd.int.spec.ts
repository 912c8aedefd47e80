import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectRoot } from './system.js';

const unit = readFileSync(join(projectRoot, 'infra', 'systemd', 'shelfmark.service'), 'utf8');
const isInstalled = spawnSync('systemd-analyze', ['--version']).status === 0;

it('the unit starts the launcher, with options that it takes', () => {
  const [, script, ...options] = /^ExecStart=(.*)$/m.exec(unit)![1]!.split(' ');
  expect(existsSync(join(projectRoot, script!))).toBe(true);
  execFileSync(process.execPath, [join(projectRoot, script!), ...options, '--help']);
});

// Continuous integration installs systemd; elsewhere it may be missing, as on a Mac.
it.skipIf(!isInstalled && process.env['CI'] === undefined)('the unit is one that systemd accepts, and closed', () => {
  const folder = mkdtempSync(join(tmpdir(), 'shelfmark-systemd-'));
  try {
    const file = join(folder, 'shelfmark.service');
    // It is also checked that the program is there, and Node is not everywhere in the same place.
    writeFileSync(file, unit.replace('/usr/bin/node', process.execPath));
    const verified = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    const complaints = verified.stderr.split('\n').filter((line) => line.includes('shelfmark.service'));
    expect({ status: verified.status, complaints }).toEqual({ status: 0, complaints: [] });
    // In tenths, from 0 (closed) to 100.
    const security = spawnSync('systemd-analyze', ['security', '--offline=true', '--threshold=25', file]);
    expect(security.status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
