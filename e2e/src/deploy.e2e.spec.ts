import { rmSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logOf } from './evidence.js';
import { LoadBalancer } from './load-balancer.js';
import { buildNewerVersion } from './newer-version.js';
import { readyAt, Replica, type ReplicaOptions } from './replica.js';
import { Stalls } from './stalls.js';
import { SteadyLoad } from './steady-load.js';
import { System, until } from './system.js';

/** A service does not start on a command later than this, and nobody waits longer for one that is not there. */
const deadlineMs = 5_000;
/** A read that has to see a position waits so long for it. */
const readPatienceMs = 2_000;
/** All but one in a hundred requests take less, while processes are replaced. */
const p99Ms = 4_000;

let system: System;
let balancer: LoadBalancer;
let load: SteadyLoad;
let stalls: Stalls;
let replicas: Replica[];
/** How long a process took until it was ready. */
let slowestStartMs: number;

async function begin(options: readonly string[]): Promise<void> {
  replicas = [];
  slowestStartMs = 0;
  system = await System.create(options);
  await system.start();
  balancer = new LoadBalancer(system.token);
  stalls = new Stalls(system.dataDir);
}

async function end(): Promise<void> {
  await load.stop();
  balancer.close();
  await stalls.stop();
  await Promise.all(replicas.map((replica) => replica.kill()));
  await system.dispose();
}

async function start(name: string, options?: ReplicaOptions): Promise<Replica> {
  const begun = performance.now();
  const replica = await Replica.start(system, name, options);
  slowestStartMs = Math.max(slowestStartMs, performance.now() - begun);
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
  await until(`${name} is ready again`, async () => (await ownDetails(name)) !== undefined, 120_000);
  return performance.now() - begun;
}

function ownDetails(name: string) {
  const { HEALTH_PORT, PORT } = system.environment(name);
  return readyAt(`http://127.0.0.1:${name === 'edge' ? PORT : HEALTH_PORT}`);
}

async function viewState(of: Replica | string): Promise<unknown> {
  return (await (typeof of === 'string' ? ownDetails(of) : of.ready()))?.['view']?.['state'];
}

/** What somebody is told who waited until the deadline. Nothing was done then, but after `NoAnswer` nobody knows. */
const tooLate = / 503 .*"code":"(?:ServiceUnavailable|DeadlineExceeded|NewerVersionNeeded|NoAnswer)"/;
const readTooLate = / GET .* 503 .*"code":"ViewBehind"/;

/**
 * No request fails. But where a service was away for longer than anybody waits, or the machine stood still, or is so busy that a process
 * takes twice as long to start, those who waited in vain are told so; they too are no more than one in a hundred.
 */
function expectNoFailure(awayMs = 0): void {
  const lostMs = slowestStartMs > 2 * deadlineMs ? Infinity : Math.max(awayMs, stalls.longestMs);
  const inVain = load.failures.filter(
    (failure) =>
      (lostMs > deadlineMs - 500 && tooLate.test(failure)) ||
      (lostMs > readPatienceMs - 500 && readTooLate.test(failure)),
  );
  expect(load.failures.filter((failure) => !inVain.includes(failure))).toEqual([]);
  if (awayMs === 0) expect(inVain.length).toBeLessThanOrEqual(load.tookMs.length / 100);
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
  const unanswered = load.failures.filter(
    (failure) => failure.includes(`PATCH /books/${load.shared}: 503 `) && failure.includes('"code":"NoAnswer"'),
  );
  expect(count('BookUpdated', load.shared)).toBeGreaterThanOrEqual(load.renamings);
  expect(count('BookUpdated', load.shared)).toBeLessThanOrEqual(load.renamings + unanswered.length);
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
    // The load balancer looks every tenth of a second, and has that long to see that an edge is about to end.
    const env = { DRAIN_GRACE_MS: '3000' };
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
    expectNoFailure();
    const sorted = load.tookMs.toSorted((a, b) => a - b);
    expect(sorted[Math.floor(sorted.length * 0.99)]).toBeLessThan(p99Ms + stalls.longestMs);
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
    expectNoFailure(awayMs);
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
