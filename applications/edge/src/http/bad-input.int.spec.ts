import { connect } from 'node:net';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  EdgeUnderTest,
  type Servers,
  emptyViews,
  makeViews,
  startServers,
} from '../testing/edge-under-test.js';

const id = '01890a5d-ac96-774b-bcce-b302099a8057';
const rentId = `${id}.0`;

let servers: Servers;
let edge: EdgeUnderTest;

beforeAll(async () => {
  servers = await startServers();
  const database = new pg.Client({ connectionString: servers.databaseUrl });
  await database.connect();
  await makeViews(servers);
  await emptyViews(database);
  await database.end();
  edge = await EdgeUnderTest.start(servers);
  await edge.answer('shelfmark.commands.>', ({ header }) => ({ id: header('ce-id'), revision: 0, position: '1' }));
  await edge.answer('shelfmark.queries.>', () => ({ entries: [], total: 0, more: false, inUse: 0 }));
});

afterAll(async () => {
  await edge?.stop();
  await servers?.stop();
});

function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer.json).toMatchObject({ status, code, type: `/problems/${code}` });
  expect(answer.status).toBe(status);
  expect(answer.header('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(answer.header('x-content-type-options')).toBe('nosniff');
  expect(answer.header('cache-control')).toBe('no-store');
}

/** The answer to bytes that no client library would send. The connection may be cut after it, if not all of them were read. */
function raw(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(edge.url);
    let text = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket
      .on('data', (chunk) => (text += String(chunk)))
      .on('end', () => resolve(text))
      .on('error', (error) => (text === '' ? reject(error) : resolve(text)));
    socket.setTimeout(60_000, () => reject(new Error(`no answer but ${text}`)));
  });
}

describe('the root', () => {
  it('leads to everything', async () => {
    const answer = await edge.request('GET', '/');
    expect(answer.status).toBe(200);
    for (const name of ['books', 'users', 'rents', 'holds', 'statistics'])
      expect(answer.json._links[name].templated).toBe(true);
    expect(answer.header('x-powered-by')).toBeNull();
  });
});

describe('a path', () => {
  it.each(['/nothing', '/books/', '//', '/books/x/y', '/user', '/problems/NotFound', '/%2e%2e/etc', '/*'])(
    '%s that is none is not found',
    async (path) => {
      expectProblem(await edge.request('GET', path), 404, 'NotFound');
    },
  );

  it.each([
    ['/books/x', 'BookNotFound'],
    ['/books/%00', 'BookNotFound'],
    [`/books/${id.toUpperCase()}`, 'BookNotFound'],
    [`/books/${id}%0a`, 'BookNotFound'],
    [`/users/${"'; DROP TABLE users.person; --"}`, 'UserNotFound'],
    [`/rents/${id}`, 'RentNotFound'],
    [`/rents/${id}.01`, 'RentNotFound'],
    [`/books/${'x'.repeat(3_000)}`, 'NotFound'],
  ])('with the malformed id %s is not found', async (path, code) => {
    expectProblem(await edge.request('GET', path), 404, code);
  });

  it('with the malformed id of a hold is not found', async () => {
    for (const malformed of ['x', id, `${id}.01`]) {
      expectProblem(await edge.request('DELETE', `/holds/${malformed}`), 404, 'HoldNotFound');
    }
  });

  it('that is not percent-encoded is malformed', async () => {
    expectProblem(await edge.request('GET', '/books/%zz'), 400, 'MalformedRequest');
    expectProblem(await edge.request('GET', '/books/%ff'), 400, 'MalformedRequest');
  });

  it('says which methods it has', async () => {
    const refused = await edge.request('PUT', `/books/${id}`);
    expectProblem(refused, 405, 'MethodNotAllowed');
    const allowed = refused.header('allow')!.split(', ').sort();
    expect(allowed).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH']);
    const options = await edge.request('OPTIONS', `/books/${id}`);
    expect([options.status, options.header('allow')]).toEqual([204, refused.header('allow')]);
    expectProblem(await edge.request('GET', '/user/registration'), 405, 'MethodNotAllowed');
    expectProblem(await edge.request('PROPFIND', '/books'), 405, 'MethodNotAllowed');
    expect((await edge.request('OPTIONS', '/nothing')).status).toBe(404);
  });
});

describe('a body', () => {
  const post = (body: string, type = 'application/json') =>
    edge.request('POST', '/books', { body, headers: { 'content-type': type } });

  it.each([
    ['{"title":"Emma","amount":1,"colour":"red"}', '/colour'],
    ['{"title":"Emma","amount":"1"}', '/amount'],
    ['{"title":"Emma","amount":1.5}', '/amount'],
    ['{"title":"Emma","amount":1e400}', '/amount'],
    ['{"title":"Emma","amount":-1}', '/amount'],
    ['{"title":"","amount":1}', '/title'],
    ['{"title":" \\t","amount":1}', '/title'],
    ['{"title":null,"amount":1}', '/title'],
    [`{"title":"${'x'.repeat(2001)}","amount":1}`, '/title'],
    ['{"title":"a\\u0000","amount":1}', '/title'],
    ['{"title":"\\ud800","amount":1}', '/title'],
    ['{"title":"Emma","amount":1,"authors":["a",7]}', '/authors/1'],
    ['{"title":"Emma","amount":1,"languages":["not a language"]}', '/languages/0'],
    ['{"amount":1}', '/title'],
    ['{"title":"Emma","amount":1,"__proto__":{"x":1}}', '/__proto__'],
    ['{"title":"Emma","amount":1,"constructor":{"prototype":{}}}', '/constructor'],
    ['{"title":"Emma","amount":1,"bookId":"x"}', '/bookId'],
    ['[]', ''],
    ['null', ''],
    ['"text"', ''],
  ])('%.60s is refused at %s', async (body, pointer) => {
    const answer = await post(body);
    expectProblem(answer, 400, 'InvalidBody');
    expect(new Set(answer.json.errors.map((error: { pointer: string }) => error.pointer))).toEqual(new Set([pointer]));
  });

  it.each([['{"title":'], [''], ['{}x'], ["{'title':1}"], ['[[' + '['.repeat(40)]])(
    '%.20s is malformed',
    async (body) => {
      expectProblem(await post(body), 400, 'MalformedBody');
    },
  );

  it('that is due and not there is refused', async () => {
    expectProblem(await edge.request('POST', '/rents'), 400, 'MalformedBody');
    expectProblem(await edge.request('PATCH', `/books/${id}`), 400, 'MalformedBody');
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    'nonsense',
    '/',
    ';',
  ])('of type %s is refused', async (type) => {
    expectProblem(await post('{"title":"Emma","amount":1}', type), 415, 'UnsupportedMediaType');
  });

  it.each([256 * 1024 + 1, 8 * 1024 * 1024])('of %i bytes is too large', async (bytes) => {
    expectProblem(await post(`{"title":"${'x'.repeat(bytes - 12)}"}`), 413, 'BodyTooLarge');
  });

  const postJson = () =>
    `POST /books HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${edge.token}\r\nContent-Type: application/json\r\n`;

  it('that is too large is answered to a client that reads no answer before it has sent everything', async () => {
    const { hostname, port } = new URL(edge.url);
    const socket = connect(Number(port), hostname);
    socket.pause();
    const bytes = 16 * 1024 * 1024;
    const head = `${postJson()}Content-Length: ${bytes}\r\n\r\n`;
    const write = (data: string) =>
      new Promise((resolve, reject) => socket.write(data, (error) => (error ? reject(error) : resolve(0))));
    await write(head);
    for (let sent = 0; sent < bytes; sent += 64 * 1024) await write('x'.repeat(64 * 1024));
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1.1 413 /);
  });

  it('of unknown length is measured all the same', async () => {
    const chunk = `${(64 * 1024).toString(16)}\r\n${'x'.repeat(64 * 1024)}\r\n`;
    const head = `${postJson()}Transfer-Encoding: chunked\r\n\r\n`;
    expect(await raw(`${head}${chunk.repeat(6)}0\r\n\r\n`)).toMatch(/^HTTP\/1.1 413 /);
  });

  it('may come with a method that needs none, where it holds nothing', async () => {
    expect((await edge.request('DELETE', `/books/${id}`, { body: '{}' })).status).toBe(204);
    expectProblem(await edge.request('DELETE', `/books/${id}`, { body: '{"force":true}' }), 400, 'InvalidBody');
  });
});

describe('a query', () => {
  it.each([
    ['/books?colour=red', 'colour'],
    ['/books?limit=0', 'limit'],
    ['/books?limit=101', 'limit'],
    ['/books?limit=ten', 'limit'],
    ['/books?limit=1&limit=1', 'limit'],
    ['/books?sort=size', 'sort'],
    ['/books?available=maybe', 'available'],
    ['/books?isbn=123', 'isbn'],
    ['/books?language=%20x%20y', 'language'],
    ['/books?cursor=x', 'cursor'],
    ['/books?q=%00', 'q'],
    ['/books?q=%ff', 'q'],
    [`/books?q=${'x'.repeat(201)}`, 'q'],
    ['/rents?user=x', 'user'],
    ['/rents?state=stolen', 'state'],
    [`/books/${id}?asOf=x`, 'asOf'],
    [`/users/${id}?asOf=2026-02-30T00:00:00Z`, 'asOf'],
    [`/rents/${rentId}?asOf=9999-01-01T00:00:00Z`, 'asOf'],
    [`/books/${id}/history?asOf=2026-01-01T00:00:00Z`, 'asOf'],
    [`/books/${id}/history?limit=101`, 'limit'],
    [`/users/${id}/history?sort=title`, 'sort'],
    [`/rents/${rentId}/history?cursor=x`, 'cursor'],
    ['/?x=1', 'x'],
  ])('%.40s is refused, and %s is named', async (path, parameter) => {
    const answer = await edge.request('GET', path);
    expectProblem(answer, 400, 'InvalidParameter');
    expect(answer.json.errors).toEqual([{ parameter, detail: expect.any(String) }]);
  });

  it('without what is due is refused', async () => {
    const answer = await edge.request('DELETE', `/rents?book_id=${id}`);
    expectProblem(answer, 400, 'InvalidParameter');
    expect(answer.json.errors).toEqual([{ parameter: 'user_id', detail: 'is missing' }]);
  });
});

describe('a request', () => {
  it('for a form that there is not is refused', async () => {
    expectProblem(await edge.request('GET', '/books', { headers: { accept: 'text/html' } }), 406, 'NotAcceptable');
  });

  it('with headers that are too large is refused', async () => {
    expect(await raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 431 [^]*application\/problem\+json[^]*"code":"HeadersTooLarge"/,
    );
  });

  it.each([
    'nonsense\r\n\r\n',
    'FOO / HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
    '\0\0\0\0\r\n\r\n',
  ])('that is no HTTP (%j) is malformed', async (bytes) => {
    expect(await raw(bytes)).toMatch(/^HTTP\/1.1 400 [^]*"code":"MalformedRequest"/);
  });

  it.each([
    'OPTIONS * HTTP/1.1',
    'TRACE /books HTTP/1.1',
    'GET http://elsewhere/books HTTP/1.1',
    'POST /nothing HTTP/1.1',
  ])('that begins with %s is answered', async (line) => {
    expect(await raw(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 [24]\d\d /);
  });
});

describe('whatever is sent', () => {
  const method = fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'HEAD', 'OPTIONS');
  const anyId = fc.oneof(
    fc.constantFrom(id, rentId, '', '.', 'x'),
    fc.uuid(),
    fc.string({ unit: 'binary', maxLength: 30 }),
  );
  const segment = anyId.map((text) => encodeURIComponent(text.toWellFormed()));
  const path = fc.oneof(
    fc.constantFrom('/', '/books', '/users', '/rents', '/user/registration'),
    fc.tuple(fc.constantFrom('books', 'users', 'rents', 'holds'), segment).map((parts) => `/${parts.join('/')}`),
    fc
      .tuple(
        fc.constantFrom('books', 'users', 'rents', 'holds'),
        segment,
        fc.constantFrom('rents', 'holds', 'history', 'return', 'reopen', 'renewal', 'lost', 'found'),
      )
      .map((parts) => `/${parts.join('/')}`),
  );
  const name = fc.constantFrom(
    'q',
    'isbn',
    'language',
    'available',
    'sort',
    'cursor',
    'limit',
    'user',
    'book',
    'state',
    'book_id',
    'user_id',
    'asOf',
    'x',
  );
  const text = fc.oneof(
    fc.constantFrom(id, 'true', 'title', 'newest', 'open', '5', '0', "'", '\\', '%', '\0', 'a:* & !b'),
    fc.date().map((date) => JSON.stringify(date).slice(1, -1)),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc
      .jsonValue({ maxDepth: 1 })
      .map((value) => Buffer.from(JSON.stringify(['title', 'next', value, id])).toString('base64url')),
  );
  const query = fc
    .array(fc.tuple(name, text), { maxLength: 3 })
    .map((pairs) => pairs.map(([key, value]) => `${key}=${encodeURIComponent(value.toWellFormed())}`).join('&'));
  const field = fc.constantFrom(
    'title',
    'amount',
    'authors',
    'isbn',
    'year',
    'name',
    'email',
    'username',
    'rentLimit',
    'userId',
    'bookId',
    '__proto__',
  );
  const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(id, 'Emma', 'a@b.c', 1, '\ud800', '\0', null));
  const body = fc.oneof(
    fc.constant(undefined),
    fc.array(fc.tuple(field, value), { maxLength: 5 }).map((entries) => JSON.stringify(Object.fromEntries(entries))),
    fc.string({ unit: 'binary', maxLength: 50 }),
  );
  const headers = fc.record(
    {
      'if-match': fc.constantFrom('"0"', '"x"', '*', '0', '"1","2"', ''),
      'idempotency-key': fc.constantFrom('k', '', 'x'.repeat(300)),
      'shelfmark-position': fc.constantFrom('nope', 'loan@5', 'book@-1'),
      'content-type': fc.constantFrom('application/json', 'text/plain', ';;', 'application/json; charset=x'),
      accept: fc.constantFrom('*/*', 'text/html', 'application/json', ';q=', ','),
      'content-encoding': fc.constantFrom('gzip', 'identity'),
    },
    { requiredKeys: [] },
  );

  const wild = fc.tuple(method, path, query, body, headers);
  /** Requests that are right, but for one field, parameter or header of some. */
  const nearlyRight = fc
    .tuple(
      fc.constantFrom<[string, string, object?]>(
        ['POST', '/books', { title: 'Emma', amount: 1, authors: ['Austen, Jane'], isbn: '0306406152', year: 1815 }],
        ['PATCH', `/books/${id}`, { title: 'Emma', year: null, languages: ['en'] }],
        ['DELETE', `/books/${id}`],
        ['POST', '/users', { name: 'Ann', email: 'ann@example.org', rentLimit: 3 }],
        ['POST', '/user/registration', { username: 'Ann', email: 'ann@example.org' }],
        ['PATCH', `/users/${id}`, { name: 'Ann' }],
        ['POST', '/rents', { userId: id, bookId: id }],
        ['POST', `/rents/${rentId}/return`],
        ['POST', `/rents/${rentId}/reopen`, {}],
        ['POST', `/rents/${rentId}/renewal`],
        ['POST', `/rents/${rentId}/lost`],
        ['POST', `/rents/${rentId}/found`],
        ['POST', '/holds', { userId: id, bookId: id }],
        ['DELETE', `/holds/${rentId}`],
        ['DELETE', '/rents'],
        ['GET', '/books'],
        ['GET', `/books/${id}/rents`],
        ['GET', `/books/${id}`],
        ['GET', `/books/${id}/history`],
        ['GET', '/users'],
        ['GET', '/rents'],
      ),
      query,
      fc.option(fc.tuple(field, value), { nil: undefined }),
      fc.option(headers, { nil: {} }),
    )
    .map(
      ([[verb, at, content], parameters, change, given]): [
        string,
        string,
        string,
        string | undefined,
        typeof given,
      ] => {
        const changed = content && { ...content, ...(change && { [change[0]]: change[1] }) };
        return [verb, at, parameters, changed && JSON.stringify(changed), given];
      },
    );

  it('is never answered with a fault of ours, and what is refused is a problem that names what is wrong', async () => {
    const statuses = new Set<number>();
    const property = fc.asyncProperty(fc.oneof(wild, nearlyRight), async ([verb, at, parameters, content, given]) => {
      const hasBody = content !== undefined && verb !== 'GET' && verb !== 'HEAD';
      const answer = await edge.request(verb, parameters === '' ? at : `${at}?${parameters}`, {
        ...(hasBody ? { body: content } : {}),
        headers: given,
      });
      statuses.add(answer.status);
      expect(answer.status).toBeLessThan(500);
      if (answer.status < 400 || verb === 'HEAD') return;
      expect(answer.header('content-type')).toBe('application/problem+json; charset=utf-8');
      expect(answer.json).toMatchObject({
        status: answer.status,
        code: expect.any(String),
        title: expect.any(String),
      });
      if (/^Invalid/.test(answer.json.code)) expect(answer.json.errors.length).toBeGreaterThan(0);
      expect(answer.text).not.toMatch(/node_modules|fastify|SQL|syntax error|stack/i);
    });
    await fc.assert(property, { numRuns: 3_000 });
    // Some answers are so rare that chance can leave them out.
    const everywhere = [200, 201, 204, 400, 404, 405, 406, 412, 415];
    for (let more = 0; more < 20 && everywhere.some((status) => !statuses.has(status)); more++) {
      await fc.assert(property, { numRuns: 500 });
    }
    // It got everywhere, and not only to the first refusal.
    expect([...statuses]).toEqual(expect.arrayContaining(everywhere));
  }, 600_000);
});
