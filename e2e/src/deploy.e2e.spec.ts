import { rmSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logOf } from './evidence.js';
import { LoadBalancer } from './load-balancer.js';
import { buildNewerVersion } from './newer-version.js';
import { readyAt, Replica, type ReplicaOptions } from './replica.js';
import { SteadyLoad } from './steady-load.js';
import { System, until } from './system.js';

/** A service does not start on a command later than this, and nobody waits longer for one that is not there. */
const deadlineMs = 5_000;
/** All but one in a hundred requests take less, while processes are replaced. */
const p99Ms = 4_000;

let system: System;
let balancer: LoadBalancer;
let load: SteadyLoad;
let replicas: Replica[];

async function begin(options: readonly string[]): Promise<void> {
  replicas = [];
  system = await System.create(options);
  await system.start();
  balancer = new LoadBalancer(system.token);
}

async function end(): Promise<void> {
  await load.stop();
  balancer.close();
  await Promise.all(replicas.map((replica) => replica.kill()));
  await system.dispose();
}

async function start(name: string, options?: ReplicaOptions): Promise<Replica> {
  const replica = await Replica.start(system, name, options);
  replicas.push(replica);
  return replica;
}

/** Ends the system's own process in order; another one is started in its place. @returns how long there was none, in milliseconds */
async function restart(name: string): Promise<number> {
  const before = system.pid(name);
  const begun = performance.now();
  system.kill(name, 'SIGTERM');
  const isAnother = () =>
    system.processes().some((of) => of.name === name && of.identity && of.identity.pid !== before);
  await until(`${name} is started again`, isAnother);
  await until(`${name} is ready again`, async () => (await ownDetails(name)) !== undefined, 60_000);
  return performance.now() - begun;
}

function ownDetails(name: string) {
  const { HEALTH_PORT, PORT } = system.environment(name);
  return readyAt(`http://127.0.0.1:${name === 'edge' ? PORT : HEALTH_PORT}`);
}

async function viewState(of: Replica | string): Promise<unknown> {
  return (await (typeof of === 'string' ? ownDetails(of) : of.ready()))?.['view']?.['state'];
}

/** Holds against the log what was answered under the load, which has ended. */
async function expectNothingLost(): Promise<void> {
  const log = await logOf(system, 'book');
  const ids = new Set(log.map(({ id }) => id));
  expect(ids.size).toBe(log.length);
  const count = (type: string, bookId: string) =>
    log.filter((event) => event.type === type && event.stream === `Book-${bookId}`).length;
  expect(load.books.length).toBeGreaterThan(5);
  for (const { id } of load.books) expect([count('BookCreated', id), count('BookUpdated', id)]).toEqual([1, 1]);
  expect(count('BookUpdated', load.shared)).toBe(load.renamings);
}

describe('replicas of two versions', () => {
  let newer: string;

  beforeAll(async () => {
    newer = buildNewerVersion();
    await begin(['--empty', '--event-store', 'dev-server']);
  });
  afterAll(async () => {
    await end();
    rmSync(newer, { recursive: true });
  });

  it('take turns under load, views first, and no request fails and no effect is lost', async () => {
    const env = { DRAIN_GRACE_MS: '1000' };
    const edges = [await start('edge', { env }), await start('edge', { env })];
    for (const { url } of edges) balancer.add(url);
    load = await SteadyLoad.start(balancer);
    await load.goesOn(50);

    // The newer view builds its tables beside those of the older one, and is ready once it has taken their place.
    const views = [await start('view-books', { root: newer })];
    await until('the newer view is active', async () => (await viewState(views[0]!)) === 'active');
    await until('the older one stands back', async () => (await viewState('view-books')) === 'outdated');
    views.push(await start('view-books', { root: newer }));
    expect(await views[0]!.kill('SIGTERM')).toBe(0);
    await until('the standby is active', async () => (await viewState(views[1]!)) === 'active');

    // Both versions of the service serve, and the older one meets events that it does not know.
    const service = await start('book-service', { root: newer });
    await load.goesOn(50);
    await restart('book-service');
    await load.goesOn(50);
    await start('book-service', { root: newer });
    expect(await service.kill('SIGTERM')).toBe(0);
    await load.goesOn(50);

    balancer.add((await start('edge', { env })).url);
    expect(await edges[0]!.kill('SIGTERM')).toBe(0);
    balancer.add((await start('edge', { env })).url);
    expect(await edges[1]!.kill('SIGTERM')).toBe(0);
    await load.goesOn(50);

    await load.stop();
    expect(load.failures).toEqual([]);
    const sorted = load.tookMs.toSorted((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length * 0.99)]).toBeLessThan(p99Ms);
    await expectNothingLost();
    const log = await logOf(system, 'book');
    const reviewed = log.filter(({ type }) => String(type) === 'BookReviewed').length;
    expect(reviewed).toBeGreaterThan(0);
    await until('the newer view has counted them all', async () => (await reviewsShown()) === reviewed);
  }, 480_000);
});

describe('a process that is started again', () => {
  beforeAll(() => begin(['--empty', '--event-store', 'embedded']));
  afterAll(end);

  it('keeps those waiting who need it, and fails nobody', async () => {
    balancer.add(system.url);
    load = await SteadyLoad.start(balancer);
    await load.goesOn(20);
    const awayMs = await restart('book-service');
    await load.goesOn(20);
    await load.stop();
    // On a machine that is so busy that it took longer than anybody waits, they are told so, and nothing was done.
    const isInTime = awayMs < deadlineMs - 500;
    const tooLate = / 503 .*"code":"(ServiceUnavailable|DeadlineExceeded)"/;
    expect(load.failures.filter((failure) => isInTime || !tooLate.test(failure))).toEqual([]);
    await expectNothingLost();
  });
});

async function reviewsShown(): Promise<number> {
  const client = new pg.Client({ connectionString: system.environment('view-books')['DATABASE_URL'] });
  await client.connect();
  try {
    return (await client.query<{ n: number }>('SELECT sum(reviews)::integer AS n FROM books.book')).rows[0]!.n;
  } finally {
    await client.end();
  }
}
