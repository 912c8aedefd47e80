import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Api } from './api.js';
import { logOf, mirrorOf } from './evidence.js';
import { projectRoot, System, until } from './system.js';

const program = join(projectRoot, 'packages', 'eventstoredb-server', 'shelfmark-eventstoredb.mjs');

let system: System;
let directory: string;
let server: ChildProcess;
let url: string;

beforeAll(async () => {
  system = await System.create(['--empty', '--event-store', 'embedded']);
  directory = mkdtempSync(join(tmpdir(), 'shelfmark-moved-'));
  server = spawn(process.execPath, [program, '--port', '0', '--data', directory, '--insecure'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: server.stdout! })) {
    const [, port] = /^listening on .*:(\d+)$/.exec(line) ?? [];
    if (port === undefined) continue;
    url = `kurrentdb://127.0.0.1:${port}?tls=false`;
    break;
  }
  server.stdout!.resume();
  await system.start();
});
afterAll(async () => {
  await system.dispose();
  server.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

const move = () =>
  spawn(process.execPath, ['infra/local/store.mjs', 'copy', system.dataDir, '--to', url], { cwd: projectRoot });

interface Checkpoint {
  readonly view: string;
  readonly source: string;
  readonly log_id: string;
  readonly generation: string;
  readonly position: string;
}

async function checkpoints(): Promise<readonly Checkpoint[]> {
  const database = new pg.Client(system.environment('edge')['DATABASE_URL']);
  await database.connect();
  try {
    const tables = await database.query<{ view: string }>(
      `SELECT table_schema AS view FROM information_schema.tables WHERE table_name = 'checkpoint' ORDER BY view`,
    );
    const selects = tables.rows.map(
      ({ view }) => `SELECT '${view}' AS view, source, log_id, generation, position FROM "${view}".checkpoint`,
    );
    const { rows } = await database.query<Checkpoint>(`${selects.join(' UNION ALL ')} ORDER BY view, source`);
    return rows;
  } finally {
    await database.end();
  }
}

it('a library moves to a server, and mirrors and views go on as if nothing had happened', async () => {
  const api = new Api(system);
  const { body: user } = await api.post('/users', { name: 'Ada', email: 'ada@example.org' });
  const ids: string[] = [];
  for (let n = 0; n < 300; n += 20) {
    const created = await Promise.all(
      Array.from({ length: 20 }, (_, k) => api.post('/books', { title: `Volume ${n + k}`, amount: 2 })),
    );
    ids.push(...created.map(({ body }) => body.id as string));
  }
  const { body: rent } = await api.post('/rents', { userId: user.id, bookId: ids[0]! });
  const paths = [`/books/${ids[0]}`, `/users/${user.id}`, `/rents/${rent.id}`, '/books?q=volume&limit=100'];
  const look = async () => Promise.all(paths.map(async (path) => (await api.get(path)).body));
  await until('the views show it', async () => (await api.get(`/books/${ids[0]}`)).body.inUse === 1);
  const before = await look();
  const log = await logOf(system, 'book');
  const ends = new Map<string, string>();
  for (const service of ['user', 'book', 'rent']) ends.set(service, (await logOf(system, service)).at(-1)!.position);
  await until('the views have seen everything', async () =>
    (await checkpoints()).every(({ source, position }) => position === ends.get(source)),
  );
  const marks = await checkpoints();
  const [mirrored] = await mirrorOf(system, 'book', 1);
  await system.stop();

  // Killed wherever it is, until it has come to its end.
  for (const afterMs of [400, 900]) {
    const copying = move();
    await new Promise((resolve) => {
      copying.once('exit', resolve);
      setTimeout(() => copying.kill('SIGKILL'), afterMs);
    });
  }
  const moved = move();
  let output = '';
  for (const stream of [moved.stdout, moved.stderr]) stream.on('data', (text) => (output += String(text)));
  const code = await new Promise((resolve) => moved.once('exit', resolve));
  expect(code, output).toBe(0);

  const alone = spawnSync(
    process.execPath,
    ['infra/local/start.mjs', '--data', system.dataDir, '--port', String(system.port)],
    {
      cwd: projectRoot,
      encoding: 'utf8',
      timeout: 180_000,
    },
  );
  expect(alone.status).toBe(1);
  expect(alone.stdout + alone.stderr).toContain('--event-store');

  system.options = ['--event-store', url];
  await system.start();
  expect(await checkpoints()).toEqual(marks);
  expect(await logOf(system, 'book')).toEqual(log.map((event) => expect.objectContaining(event)));
  expect(await look()).toEqual(before);

  const { body: book } = await api.post('/books', { title: 'A new volume', amount: 1 });
  expect((await api.post(`/rents/${rent.id}/return`)).status).toBe(200);
  await until('the views show what is new', async () => {
    const answers = await Promise.all([api.get(`/books/${book.id}`), api.get(`/books/${ids[0]}`)]);
    return answers[0].status === 200 && answers[1].body.inUse === 0;
  });
  const mirror = await mirrorOf(system, 'book', log.length + 1);
  expect(mirror.map(({ id }) => id).slice(0, log.length)).toEqual(log.map(({ id }) => id));
  expect(mirror.at(-1)!.stream).toBe(`Book-${book.id}`);
  expect(new Set(mirror.map(({ generation }) => generation))).toEqual(new Set([mirrored!.generation]));
  expect(new Set(mirror.map(({ logId }) => logId))).toEqual(new Set([mirrored!.logId]));
  for (const { view, source, log_id, generation } of await checkpoints()) {
    const mark = marks.find((one) => one.view === view && one.source === source);
    expect({ log_id, generation }).toEqual({ log_id: mark!.log_id, generation: mark!.generation });
  }
});
