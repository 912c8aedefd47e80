import { randomUUID } from 'node:crypto';
import { connectToNats } from '@shelfmark/messaging';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type Answer,
  EdgeUnderTest,
  type SeenCommand,
  type Servers,
  emptyViews,
  makeViews,
  startServers,
  until,
} from '../testing/edge-under-test.js';
import { Listener } from '../live/testing/listener.js';
import type { Access } from './access.js';
import { Issuer, makeKey } from './testing/issuer.js';

const bookId = '01890a5d-ac96-774b-bcce-b302099a8057';
const own = '01890a5d-ac96-774b-bcce-b302099a8058';
const other = '01890a5d-ac96-774b-bcce-b302099a8059';
/** Of a rent, and of a hold. */
const [ownId, othersId] = [`${bookId}.0`, `${bookId}.1`];
const operationId = `rent.${bookId}`;

let servers: Servers;
let database: pg.Client;
let edge: EdgeUnderTest;
let member: string;
let seen: SeenCommand[] = [];
let operationActor = own;

beforeAll(async () => {
  servers = await startServers();
  database = new pg.Client({ connectionString: servers.databaseUrl });
  await database.connect();
  await makeViews(servers);
  await emptyViews(database);
  for (const [number, userId] of [own, other].entries()) {
    await database.query(`
      INSERT INTO users.person (id, revision, name, name_key, email, rent_limit, created_at, updated_at)
      VALUES ('${userId}', 0, 'Ann', 'ann', '${userId}@example.org', 5, now(), now());
      INSERT INTO rents.rent (id, book_id, user_id, state, rented_at, due_on)
      VALUES ('${bookId}.${number}', '${bookId}', '${userId}', 'open', now(), '2030-01-01');
      INSERT INTO holds.hold (id, book_id, user_id, number, state, placed_at)
      VALUES ('${bookId}.${number}', '${bookId}', '${userId}', ${number}, 'waiting', now())`);
  }
  edge = await EdgeUnderTest.start(servers);
  member = await servers.token({ role: 'member', user: own });
  await edge.answer('shelfmark.commands.>', (command) => {
    seen.push(command);
    return { id: command.header('ce-id'), revision: 0, position: '1' };
  });
  await edge.answer('shelfmark.queries.>', ({ subject }) => {
    const operation = {
      command: 'PlaceHold',
      state: 'queued',
      actor: operationActor,
      queuedAt: new Date().toISOString(),
      attempts: 0,
      failures: [],
      position: '1',
    };
    return subject.endsWith('.GetOperation') ? { operation } : { entries: [], total: 0, more: false, inUse: 0 };
  });
});

afterAll(async () => {
  await edge?.stop();
  await database?.end();
  await servers?.stop();
});

/** A route with its access, and the ids in its place. */
function path(route: string, id: string): { method: string; path: string } {
  const [method, pattern] = route.split(' ') as [string, string];
  return { method, path: pattern.replace(':id', id).replace(':file', 'start.js') };
}

function routesOpenTo(...accesses: readonly Access[]): readonly string[] {
  return edge
    .access()
    .filter(({ access }) => access !== undefined && accesses.includes(access))
    .map(({ route }) => route);
}

function expectProblem(answer: Answer, status: number, code: string, what: string): void {
  expect([what, answer.status, answer.json?.code]).toEqual([what, status, code]);
  expect(answer.header('content-type')).toContain('application/problem+json');
}

/** An answer that was meant for its sender: whatever else is wrong with a request. */
function expectLetIn({ status, json }: Answer, what: string): void {
  expect([401, 403], `${what}: ${JSON.stringify(json)}`).not.toContain(status);
}

describe('every route', () => {
  it('says to whom it is open', () => {
    const closed = edge.access().filter(({ access }) => access === undefined);
    expect(closed.map(({ route }) => route)).toEqual([]);
    expect(edge.access().length).toBeGreaterThan(45);
  });

  it('that is not for everybody is closed to who does not sign in, and to a token that is none', async () => {
    const open = routesOpenTo('everybody');
    expect(open.toSorted()).toEqual(
      ['GET /', 'GET /asyncapi.json', 'GET /docs', 'GET /docs/:file', 'GET /openapi.json'].toSorted(),
    );
    for (const { route } of edge.access()) {
      const { method, path: at } = path(route, ownId);
      const nobody = await edge.request(method, at, { token: null });
      if (open.includes(route)) {
        expect([route, nobody.status]).toEqual([route, 200]);
        continue;
      }
      expectProblem(nobody, 401, 'SignInRequired', route);
      expect(nobody.header('www-authenticate')).toBe('Bearer realm="shelfmark"');
      const forged = await edge.request(method, at, { token: `${member}x` });
      expectProblem(forged, 401, 'InvalidToken', route);
      expect(forged.header('www-authenticate')).toMatch(/^Bearer realm="shelfmark", error="invalid_token", error_desc/);
    }
  });

  it('for librarians is closed to members, and to who has no role at all', async () => {
    const { issuer, token } = await roleless();
    try {
      for (const { route, access } of edge.access()) {
        if (access === 'everybody') continue;
        const { method, path: at } = path(route, ownId);
        if (access === 'librarians') {
          expectProblem(await edge.request(method, at, { token: member }), 403, 'LibrariansOnly', route);
        }
        const answer = await issuer.edge.request(method, at, { token });
        if (access === 'signedIn') expectLetIn(answer, route);
        else expectProblem(answer, 403, 'LibrariansOnly', route);
      }
    } finally {
      await issuer.stop();
    }
  });

  it('that a member may use for what is theirs refuses what is not, and what is not there, alike', async () => {
    seen = [];
    for (const { route, access } of edge.access()) {
      if (!access?.startsWith('own')) continue;
      // An id that is not theirs in the path, the query and the body: whichever the route goes by.
      for (const id of [isOfUsers(route) ? other : othersId, isOfUsers(route) ? randomUUID() : `${bookId}.99`]) {
        operationActor = other;
        const { method, path: at } = path(route, access === 'ownOperation' ? operationId : id);
        const query = access === 'ownInQuery' ? `?user=${other}` : access === 'ownViews' ? '?views=users' : '';
        const body = access === 'ownInBody' ? { bookId, userId: other } : undefined;
        const answer = await edge.request(method, at.replace(/(books)\/[^/]+/, `$1/${bookId}`) + query, {
          token: member,
          body,
        });
        expectProblem(answer, 403, 'NotYours', `${route} ${at}`);
      }
    }
    expect(seen).toEqual([]);
  });

  it('that a member may use for what is theirs lets them', async () => {
    operationActor = own;
    for (const { route, access } of edge.access()) {
      if (!access?.startsWith('own') || access === 'ownViews') continue;
      const id = access === 'ownOperation' ? operationId : isOfUsers(route) ? own : ownId;
      const { method, path: at } = path(route, id);
      const body = access === 'ownInBody' ? { bookId, userId: own } : undefined;
      const answer = await edge.request(method, at.replace(/(books)\/[^/]+/, `$1/${bookId}`), { token: member, body });
      expectLetIn(answer, route);
    }
  });

  it('does so for HEAD as for GET', async () => {
    const head = (at: string, token: string | null) => edge.request('HEAD', at, { token });
    expect((await head('/users', null)).status).toBe(401);
    expect((await head('/users', member)).status).toBe(403);
    expect((await head(`/users/${other}`, member)).status).toBe(403);
    expect((await head(`/users/${own}`, member)).status).toBe(200);
  });
});

function isOfUsers(route: string): boolean {
  return route.includes('/users/');
}

/** An edge of another issuer, who says nothing of roles, and a token of theirs. */
async function roleless() {
  const issuer = await Issuer.start(await makeKey('only', 'ES256'));
  const another = await EdgeUnderTest.start(servers, { issuer: issuer.url, jwksUrl: null });
  const token = await issuer.token({ roles: { librarian: true } });
  const stop = async () => {
    await another.stop();
    await issuer.stop();
  };
  return { issuer: { edge: another, stop }, token };
}

describe('a member', () => {
  it('is shown of a list what is theirs, whatever they ask for', async () => {
    for (const at of ['/rents', '/holds', `/rents?user=${own}`, `/users/${own}/rents`, `/users/${own}/holds`]) {
      const { json } = await edge.request('GET', at, { token: member });
      const [rows] = Object.values<{ userId: string }[]>(json._embedded);
      expect([at, rows!.map(({ userId }) => userId)]).toEqual([at, [own]]);
      expect(json.total).toBe(1);
    }
    expect((await edge.request('GET', '/rents')).json.total).toBe(2);
  });

  it('who the token does not say which reader they are has nothing that is theirs', async () => {
    const token = await servers.token({ role: 'member' });
    expectProblem(await edge.request('GET', '/rents', { token }), 403, 'NotYours', 'rents');
    expect((await edge.request('GET', '/books', { token })).status).toBe(200);
  });

  it("sends commands in their own name, and a key of theirs is nobody else's", async () => {
    seen = [];
    const headers = { 'idempotency-key': 'k' };
    const body = { bookId, userId: own };
    const answer = await edge.request('POST', '/holds', { token: member, body, headers });
    expect(answer.status).toBe(201);
    expect((await edge.request('POST', '/holds', { body, headers })).status).toBe(201);
    expect(seen.map(({ header }) => header('ce-actor'))).toEqual([own, 'librarian']);
    expect(new Set(seen.map(({ header }) => header('ce-id'))).size).toBe(2);
  });

  it('names nobody else by a field that is no text, or is there twice', async () => {
    const send = (body: string) => edge.request('POST', '/holds', { token: member, body });
    for (const userId of [`["${own}"]`, `{"x":"${own}"}`, 'null', `" ${own}"`]) {
      expectProblem(await send(`{"bookId":"${bookId}","userId":${userId}}`), 403, 'NotYours', userId);
    }
    seen = [];
    const twice = await send(`{"bookId":"${bookId}","userId":"${other}","userId":"${own}"}`);
    for (const { data } of seen) expect(data['userId']).toBe(own);
    expect([201, 400, 403]).toContain(twice.status);
    expectProblem(await send('[]'), 403, 'NotYours', 'a list');
  });
});

describe('a sign-in', () => {
  it('is by a bearer token in its header, in any case of the word, and by nothing else', async () => {
    const as = (authorization: string) => edge.request('GET', '/books', { token: null, headers: { authorization } });
    expect((await as(`bearer ${member}`)).status).toBe(200);
    for (const header of [`Basic ${member}`, member, 'Bearer', `Bearer ${member} ${member}`, `Token ${member}`]) {
      expectProblem(await as(header), 401, 'SignInRequired', header.slice(0, 10));
    }
    const inQuery = await edge.request('GET', `/books?access_token=${member}`, { token: null });
    expectProblem(inQuery, 401, 'SignInRequired', 'query');
  });

  it('while the issuer is away is 503 with when to come again', async () => {
    const issuer = await Issuer.start(await makeKey('only', 'ES256'));
    issuer.isAway = true;
    const another = await EdgeUnderTest.start(servers, { issuer: issuer.url, jwksUrl: null });
    try {
      const answer = await another.request('GET', '/books', { token: await issuer.token() });
      expectProblem(answer, 503, 'IssuerUnavailable', 'away');
      expect(answer.header('retry-after')).toBe('2');
      expect((await another.request('GET', '/', { token: null })).status).toBe(200);
    } finally {
      await another.stop();
      await issuer.stop();
    }
  });

  it('that has run out ends what was told live', async () => {
    const issuer = await Issuer.start(await makeKey('only', 'ES256'));
    const another = await EdgeUnderTest.start(servers, { issuer: issuer.url, jwksUrl: null });
    try {
      // The keys are there by then: a token that runs out soon has to wait for nothing.
      expect((await another.request('GET', '/books', { token: await issuer.token() })).status).toBe(200);
      const token = await issuer.token({ exp: Math.floor(Date.now() / 1000) + 2 });
      const listener = await Listener.open(`${another.url}/events?views=books`, token);
      expect(listener.status).toBe(200);
      await until(async () => listener.ended === 'inOrder');
    } finally {
      await another.stop();
      await issuer.stop();
    }
  });
});

describe('a sender of too much', () => {
  const perSecond = 2;
  /** What who was quiet may send at once. */
  const burst = 5 * perSecond;

  /** @returns how many of a sender's requests were let in before one was not, and that one's answer */
  async function exhaust(replica: EdgeUnderTest, by: string): Promise<{ accepted: number; refused: Answer }> {
    for (let accepted = 0; ; accepted++) {
      const answer = await replica.request('GET', '/', { token: null, headers: { 'x-forwarded-for': by } });
      if (answer.status !== 200 || accepted > 100) return { accepted, refused: answer };
    }
  }

  it('need not wait for an hour when a clock that was an hour ahead is put right', async () => {
    const one = await EdgeUnderTest.start(servers, { rateLimitPerSecond: perSecond, trustedProxies: ['127.0.0.1'] });
    try {
      const now = Date.now();
      vi.useFakeTimers({ toFake: ['Date'], now: now + 3600_000 });
      await exhaust(one, '192.0.2.3');
      vi.useRealTimers();
      const { refused } = await exhaust(one, '192.0.2.3');
      expect(Number(refused.header('retry-after'))).toBeLessThanOrEqual(5);
    } finally {
      vi.useRealTimers();
      await one.stop();
    }
  });

  it('is told when to come again, whichever replica they turn to, while others are served', async () => {
    const limited = { rateLimitPerSecond: perSecond, trustedProxies: ['127.0.0.1'] };
    const one = await EdgeUnderTest.start(servers, limited);
    const two = await EdgeUnderTest.start(servers, limited);
    const bus = await connectToNats({ url: servers.natsUrl, name: 'eavesdropper' });
    let told = 0;
    bus.subscribe('shelfmark.edge.rates', {
      callback: (_error, message) => {
        const { sent } = message.json<{ sent: Record<string, number> }>();
        told += sent['address 192.0.2.1'] ?? 0;
      },
    });
    await bus.flush();
    try {
      const startedAt = Date.now();
      const { accepted, refused } = await exhaust(one, '192.0.2.1');
      expect(accepted).toBeGreaterThanOrEqual(burst);
      expectProblem(refused, 429, 'TooManyRequests', 'one');
      expect(Number(refused.header('retry-after'))).toBeGreaterThanOrEqual(1);
      await until(async () => told >= accepted);
      // What the other one hears after that, it hears after having been told.
      expect((await two.request('GET', `/operations/${operationId}`)).status).toBe(200);
      const elsewhere = await exhaust(two, '192.0.2.1');
      // Together no more than one of them alone would have let in.
      const inAll = burst + 1 + ((Date.now() - startedAt) / 1000) * perSecond;
      expect(accepted + elsewhere.accepted).toBeLessThanOrEqual(Math.ceil(inAll));
      expect((await exhaust(two, '192.0.2.2')).accepted).toBeGreaterThanOrEqual(burst);
      // Who signs in is known by that.
      expect((await one.request('GET', '/books')).status).toBe(200);
    } finally {
      await Promise.all([one.stop(), two.stop(), bus.close()]);
    }
  });
});
