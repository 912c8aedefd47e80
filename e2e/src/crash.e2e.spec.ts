import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api.js';
import { logOf, mirrorOf, verifyLog } from './evidence.js';
import { eventStore, System, projectRoot, until } from './system.js';

let system: System;
let api: Api;

beforeAll(async () => {
  system = await System.create();
  await system.start();
  api = new Api(system);
});
afterAll(() => system.dispose());

/** Creates books, 16 at a time, each until it is answered. @returns their ids in the order of their numbers */
async function createBooks(
  count: number,
  title: string,
  halfway: (done: number) => void = () => undefined,
): Promise<string[]> {
  const ids: string[] = [];
  let next = 0;
  let done = 0;
  const worker = async () => {
    for (let n = next++; n < count; n = next++) {
      const { status, body } = await api.insist('POST', '/books', {
        body: { title: `${title} ${n}`, amount: 1 },
        headers: { 'Idempotency-Key': `${title}-${n}` },
      });
      expect(status, JSON.stringify(body)).toBe(201);
      ids[n] = body.id;
      halfway(++done);
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  return ids;
}

async function expectOnceEverywhere(ids: readonly string[], title: string): Promise<void> {
  const streams = ids.map((id) => `Book-${id}`).sort();
  const logged = await logOf(system, 'book');
  const mine = new Set(streams);
  const created = logged.filter(({ type, stream }) => type === 'BookCreated' && mine.has(stream));
  expect(created.map(({ stream }) => stream).sort()).toEqual(streams);

  const mirrored = await mirrorOf(system, 'book', logged.length);
  expect(mirrored.map(({ id }) => id)).toEqual(logged.map(({ id }) => id));

  api.forget();
  await until(
    'the view has them',
    async () => (await api.insist('GET', `/books?q=${title}&limit=1`, {})).body.total === ids.length,
  );
  const seen = new Set<string>();
  for (let next: string | undefined = `/books?q=${title}&limit=100`; next !== undefined;) {
    const { body } = await api.insist('GET', next, {});
    for (const { id } of body._embedded.books) seen.add(id);
    next = body._links.next?.href;
  }
  expect(seen).toEqual(new Set(ids));
}

describe('kill -9', () => {
  it('of each process in turn, while a thousand books are created, loses none and doubles none', async () => {
    const title = `crash${randomUUID().slice(0, 8)}`;
    const victims = ['book-service', 'nats', 'edge', 'postgres', 'view-books', 'book-service', 'rent-service', 'nats'];
    if (eventStore === 'dev-server') victims.splice(1, 2, 'event-store', 'event-store');
    const ids = await createBooks(1_000, title, (done) => {
      if (done % 110 === 0 && victims.length > 0) system.kill(victims.shift()!);
    });
    expect(victims).toEqual([]);
    await expectOnceEverywhere(ids, title);
    verifyLog(system, 'book');
  });

  it('of the launcher leaves nothing that blocks the next start, and all that was answered', async () => {
    const title = `orphan${randomUUID().slice(0, 8)}`;
    const ids = await createBooks(50, title);
    await system.killLauncher();
    await system.start();
    await expectOnceEverywhere(ids, title);
  });
});

describe('a deletion', () => {
  it('that was asked for goes through, whoever is killed meanwhile', async () => {
    for (const victim of ['book-service', 'rent-service']) {
      const { body } = await api.insist('POST', '/books', {
        body: { title: 'Short-lived', amount: 1 },
        headers: { 'Idempotency-Key': randomUUID() },
      });
      const asked = api.insist('DELETE', `/books/${body.id}`, { headers: { 'Idempotency-Key': randomUUID() } });
      system.kill(victim);
      expect((await asked).status).toBe(204);
      expect((await api.insist('GET', `/books/${body.id}`, {})).status).toBe(404);
    }
  });
});

describe('what can be made again', () => {
  it("comes back when NATS's data is wiped and Postgres's schemas are dropped", async () => {
    const title = `again${randomUUID().slice(0, 8)}`;
    const ids = await createBooks(60, title);
    const user = (await api.insist('POST', '/users', { body: { name: 'Ada', email: `${randomUUID()}@example.org` } }))
      .body.id;
    const rent = await api.insist('POST', '/rents', { body: { userId: user, bookId: ids[0] } });
    expect(rent.status).toBe(201);
    const look = async () => ({
      book: (await api.insist('GET', `/books/${ids[0]}`, {})).body,
      user: (await api.insist('GET', `/users/${user}`, {})).body,
      rents: (await api.insist('GET', `/rents?user=${user}`, {})).body,
      list: (await api.insist('GET', `/books?q=${title}&limit=100`, {})).body,
    });
    const before = await look();
    expect(before.book).toMatchObject({ inUse: 1 });

    const database = new pg.Client(system.databaseUrl);
    await database.connect();
    await database.query('DROP SCHEMA books, users, rents CASCADE');
    await database.end();
    await system.stop();
    rmSync(join(system.dataDir, 'nats'), { recursive: true });
    await system.start();

    api.forget();
    let after: unknown;
    await until('the views are as they were', async () => isDeepStrictEqual((after = await look()), before)).catch(
      // What is different tells more than that something is.
      () => expect(after).toEqual(before),
    );
  });
});

describe('a second instance', () => {
  it('on the same data says who is there, and does no harm', async () => {
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      ['infra/local/start.mjs', '--data', system.dataDir, '--port', '1'],
      { cwd: projectRoot, encoding: 'utf8', timeout: 180_000 },
    );
    expect(status).toBe(1);
    expect(stderr + stdout).toContain(system.url);
    expect((await api.insist('GET', '/books?limit=1', {})).status).toBe(200);
  });

  it('on the same port says which one, before it starts anything', async () => {
    const other = await System.create();
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      ['infra/local/start.mjs', '--data', other.dataDir, '--port', String(system.port)],
      { cwd: projectRoot, encoding: 'utf8', timeout: 180_000 },
    );
    expect(status).toBe(1);
    expect(stderr + stdout).toContain(String(system.port));
    expect(stderr + stdout).toContain('--port');
    expect(existsSync(join(other.dataDir, 'nats'))).toBe(false);
    await other.dispose();
  });
});

describe('Ctrl-C', () => {
  it('stops everything in order, and leaves nothing running', async () => {
    const pids = system.processes().map(({ identity }) => identity!.pid);
    expect(await system.stop()).toBe(0);
    for (const pid of pids) expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(system.running()).toEqual([]);
  });
});
