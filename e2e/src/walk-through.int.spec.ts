import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectRoot } from './system.js';

const patch = join(projectRoot, 'docs', 'walk-through', 'add-an-event.patch');
let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'shelfmark-walk-'));
  const skipped = new Set(['node_modules', '.git', 'dist', '.shelfmark', '.cache']);
  cpSync(projectRoot, copy, { recursive: true, filter: (path) => !skipped.has(path.split('/').at(-1)!) });
});
afterAll(() => rmSync(copy, { recursive: true }));

it('adding an event takes three files, as CONTRIBUTING says', () => {
  const touched = [...readFileSync(patch, 'utf8').matchAll(/^\+\+\+ b\/(.*)$/gm)].map(([, file]) => file);
  expect(touched.sort()).toEqual([
    'contracts/src/book.ts',
    'services/book-service/src/book/book.spec.ts',
    'services/book-service/src/book/book.ts',
  ]);
});

// It compiles most of the project.
it('the walk through adding an event compiles, and its examples pass', { timeout: 600_000 }, () => {
  const run = (file: string, ...args: string[]) =>
    execFileSync(file, args, { cwd: copy, encoding: 'utf8', stdio: 'pipe' });
  run('git', 'apply', patch);
  linkModules();
  run(process.execPath, 'contracts/generate.mjs');
  // The bus lets the edge send it, with nothing done for that.
  const permissions = readFileSync(join(copy, 'infra', 'nats', 'authorization.conf'), 'utf8');
  expect(permissions).toContain('"shelfmark.commands.book.ShelveBook"');
  run('node_modules/.bin/tsc', '-b', 'services/book-service');
  const output = run(
    'node_modules/.bin/vitest',
    'run',
    '--project',
    'unit',
    '-t',
    'ShelveBook',
    'services/book-service',
  );
  expect(output).toMatch(/2 passed/);
});

/** The installed packages, with our own ones taken from the copy. */
function linkModules(): void {
  const workspaces = [
    '.',
    ...['packages', 'services'].flatMap((folder) => readdirSync(join(copy, folder)).map((name) => join(folder, name))),
  ];
  for (const workspace of workspaces) {
    const installed = join(projectRoot, workspace, 'node_modules');
    if (!existsSync(installed)) continue;
    const linked = join(copy, workspace, 'node_modules');
    mkdirSync(linked);
    for (const name of readdirSync(installed)) {
      if (name === '@shelfmark')
        cpSync(join(installed, name), join(linked, name), { recursive: true, verbatimSymlinks: true });
      else symlinkSync(join(installed, name), join(linked, name));
    }
  }
}
