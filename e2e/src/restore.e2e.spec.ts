import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, startNatsServer, startPostgres } from '@shelfmark/local';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Api } from './api.js';
import { System, eventStore, projectRoot, until } from './system.js';

let folder: string;
let servers: readonly RunningServer[];
let original: System;
let restored: System;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shelfmark-restore-'));
  // They outlive the library: what is restored meets the mirrors and the views of the log that it is a copy of.
  const [nats, postgres] = await Promise.all([
    startNatsServer({ dataDir: join(folder, 'nats') }),
    startPostgres({ dataDir: join(folder, 'postgres') }),
  ]);
  servers = [nats, postgres];
  const options = ['--empty', '--nats-url', nats.url, '--database-url', postgres.url];
  original = await System.create(options);
  restored = await System.create(options);
  await original.start();
});
afterAll(async () => {
  await original.dispose();
  await restored.dispose();
  await Promise.all(servers.map((server) => server.stop()));
  rmSync(folder, { recursive: true, force: true });
});

// The logs on a server are backed up by its own means.
it.skipIf(eventStore !== 'embedded')(
  'a library that was backed up while it ran is restored under the bus that it ran on, as it was, and goes on',
  async () => {
    const api = new Api(original);
    const { body: book } = await api.post('/books', { title: 'Emma', authors: ['Austen, Jane'], amount: 2 });
    const { body: user } = await api.post('/users', { name: 'Ada', email: 'ada@example.org' });
    const { body: rent } = await api.post('/rents', { userId: user.id, bookId: book.id });
    const paths = [`/books/${book.id}`, `/users/${user.id}`, `/rents/${rent.id}`];
    const before = await Promise.all(paths.map(async (path) => (await api.get(path)).body));

    const run = (...args: string[]) =>
      execFileSync(process.execPath, [join(projectRoot, 'infra', 'local', 'backup.mjs'), ...args], { stdio: 'pipe' });
    const backup = join(folder, 'backup');
    run('backup', backup, '--data', original.dataDir);
    const { body: lost } = await api.post('/books', { title: 'Made after the backup', amount: 1 });
    expect((await api.get(`/books/${lost.id}`)).status).toBe(200);
    run('restore', backup, '--data', restored.dataDir);
    await original.stop();
    await restored.start();

    const after = new Api(restored);
    await until('the views are there', async () => {
      const answers = await Promise.all(paths.map((path) => after.get(path)));
      const isForgotten = (await after.get(`/books/${lost.id}`)).status === 404;
      return isForgotten && answers.every(({ status }) => status === 200) && answers[0]!.body.inUse === 1;
    });
    // Each view empties itself when it meets the restored log, one after the other.
    await expect.poll(() => Promise.all(paths.map(async (path) => (await after.get(path)).body))).toEqual(before);

    // What one service knows of another's log is of the log before; the owner's new one counts.
    expect((await after.post('/users', { name: 'Eve', email: 'ADA@example.org' })).body.code).toBe('EmailTaken');
    expect((await after.request('PATCH', `/books/${book.id}`, { body: { amount: 1 } })).status).toBe(200);
    const { body: other } = await after.post('/users', { name: 'Eve', email: 'eve@example.org' });
    expect((await after.post('/rents', { userId: other.id, bookId: book.id })).body.code).toBe('NoCopyAvailable');
    expect((await after.post(`/rents/${rent.id}/return`)).status).toBe(200);
    expect((await after.post('/rents', { userId: other.id, bookId: book.id })).status).toBe(201);
  },
);
