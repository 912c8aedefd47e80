import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  EdgeUnderTest,
  type SeenCommand,
  type Servers,
  emptyViews,
  makeViews,
  startServers,
} from '../testing/edge-under-test.js';

let servers: Servers;
let edge: EdgeUnderTest;
let database: pg.Client;
let seen: SeenCommand[] = [];
const undo: (() => Promise<void>)[] = [];

beforeAll(async () => {
  servers = await startServers();
  database = new pg.Client({ connectionString: servers.databaseUrl });
  await database.connect();
  await makeViews(servers);
  await emptyViews(database);
  edge = await EdgeUnderTest.start(servers);
});

afterEach(async () => {
  await Promise.all(undo.splice(0).map((stop) => stop()));
  seen = [];
  await emptyViews(database);
});

afterAll(async () => {
  await edge?.stop();
  await database?.end();
  await servers?.stop();
});

async function service(subject: string, reply: (request: SeenCommand) => object | undefined): Promise<void> {
  undo.push(
    await edge.answer(subject, (request) => {
      seen.push(request);
      return reply(request);
    }),
  );
}

const accepts = (command: SeenCommand) => ({ id: command.header('ce-id'), revision: 0, position: '7' });
const async = { prefer: 'respond-async' };
const uuid = '01890a5d-ac96-774b-bcce-b302099a8057';
const id = `user.${uuid}`;

describe('a command that its sender does not wait for', () => {
  it.each([
    ['POST', '/users', { name: 'Ann', email: 'ann@example.org' }, 'user', 'RegisterUser'],
    ['POST', '/books', { title: 'Emma', amount: 1 }, 'book', 'CreateBook'],
    ['PATCH', `/books/${uuid}`, { title: 'Emma' }, 'book', 'UpdateBook'],
    ['DELETE', `/books/${uuid}`, undefined, 'book', 'DeleteBook'],
    ['POST', '/rents', { bookId: uuid, userId: uuid }, 'rent', 'RentBook'],
    ['POST', `/rents/${uuid}.0/return`, undefined, 'rent', 'ReturnRent'],
    ['DELETE', `/rents?book_id=${uuid}&user_id=${uuid}`, undefined, 'rent', 'ReturnBook'],
  ])('by %s %s is queued with its owner, and answered 202 with where its operation is', async (...row) => {
    const [method, path, body, owner, command] = row;
    await service('shelfmark.commands.>', accepts);
    const answer = await edge.request(method, path, { body, headers: { prefer: 'wait=5, respond-async' } });
    expect(seen.map(({ subject }) => subject)).toEqual([`shelfmark.commands.${owner}.${command}`]);
    expect(seen[0]!.header('shelfmark-prefer')).toBe('respond-async');
    const operation = `${owner}.${seen[0]!.header('ce-id')}`;
    expect(answer.status).toBe(202);
    expect(answer.json).toEqual({
      id: operation,
      command,
      _links: { self: { href: `/operations/${operation}` }, queue: { href: `/queue/${operation}` } },
    });
    expect(answer.header('location')).toBe(`/operations/${operation}`);
    expect(answer.header('preference-applied')).toBe('respond-async');
    expect(answer.header('shelfmark-position')).toBe(`${owner}@7`);
    expect(answer.header('etag')).toBeNull();
    expect(answer.header('content-type')).toMatch(/^application\/hal\+json/);
  });

  it('has the same operation when it comes again with its key', async () => {
    await service('shelfmark.commands.>', accepts);
    const send = () =>
      edge.request('POST', '/books', {
        body: { title: 'Emma', amount: 1 },
        headers: { ...async, 'idempotency-key': 'k' },
      });
    expect((await send()).header('location')).toBe((await send()).header('location'));
  });

  it('carries the revision that its sender saw', async () => {
    await service('shelfmark.commands.>', accepts);
    await edge.request('PATCH', `/books/${uuid}`, {
      body: { title: 'Emma' },
      headers: { ...async, 'if-match': '"3"' },
    });
    expect(seen[0]!.header('ce-expectedrevision')).toBe('3');
  });

  it('is refused at once where it is not valid, and nothing is queued', async () => {
    await service('shelfmark.commands.>', accepts);
    const answer = await edge.request('POST', '/books', { body: { title: 7, amount: -1 }, headers: async });
    expect(answer.json).toMatchObject({ status: 400, code: 'InvalidBody' });
    expect(answer.json.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(['/amount', '/title']);
    expect(seen).toEqual([]);
  });

  it('is not accepted while its owner is away', async () => {
    const answer = await edge.request('POST', '/books', { body: { title: 'Emma', amount: 1 }, headers: async });
    expect(answer.json).toMatchObject({ status: 503, code: 'ServiceUnavailable' });
    expect(answer.header('retry-after')).toBe('1');
    expect(answer.header('preference-applied')).toBeNull();
  });

  it('is waited for unless the preference is that one', async () => {
    await service('shelfmark.commands.>', accepts);
    const headers = { prefer: 'return=minimal' };
    expect((await edge.request('POST', '/books', { body: { title: 'Emma', amount: 1 }, headers })).status).toBe(201);
    expect(seen[0]!.header('shelfmark-prefer')).toBe('');
  });
});

const queued = {
  command: 'RegisterUser',
  state: 'delayed',
  data: { userId: uuid, name: 'Ann', email: 'ann@example.org' },
  queuedAt: '2026-01-01T00:00:00.000Z',
  attempts: 1,
  failures: [{ attempt: 1, error: 'NoAnswer', failedAt: '2026-01-01T00:00:01.000Z' }],
  retryAt: '2026-01-01T00:00:02.000Z',
  position: '12',
};

describe('an operation', () => {
  it('is told by the service that its id names', async () => {
    await service('shelfmark.queries.user-operations.GetOperation', () => ({ operation: queued }));
    const answer = await edge.request('GET', `/operations/${id}`);
    expect(seen[0]!.data).toEqual({ operationId: uuid });
    const { data: _, position: __, ...told } = queued;
    expect(answer.json).toEqual({
      id,
      kind: 'command',
      ...told,
      _links: { self: { href: `/operations/${id}` }, queue: { href: `/queue/${id}` } },
    });
    expect(answer.header('shelfmark-position')).toBe('user@12');
    expect(answer.text).not.toContain('ann@');
  });

  it('that was carried out leads to what it made', async () => {
    const operation = { ...queued, state: 'completed', result: { id: uuid, revision: 0, position: '11' } };
    await service('shelfmark.queries.user-operations.GetOperation', () => ({ operation }));
    const { json } = await edge.request('GET', `/operations/${id}`);
    expect(json).toMatchObject({ result: { id: uuid, revision: 0 }, _links: { result: { href: `/users/${uuid}` } } });
  });

  it('that was refused has the problem that its sender would have had', async () => {
    const operation = { ...queued, state: 'rejected', rejection: { code: 'EmailTaken' } };
    await service('shelfmark.queries.user-operations.GetOperation', () => ({ operation }));
    const { status, json } = await edge.request('GET', `/operations/${id}`);
    expect(status).toBe(200);
    expect(json.rejection).toMatchObject({ status: 409, code: 'EmailTaken', type: '/problems/EmailTaken' });
  });

  it.each([
    ['there is none', {}, 'OperationNotFound', id],
    ['no service has such a name', undefined, 'NotFound', `shelf.${uuid}`],
    ['its service answers nobody', undefined, 'ServiceUnavailable', id],
  ])('is a problem where %s', async (_, answer, code, asked) => {
    if (answer) await service('shelfmark.queries.user-operations.GetOperation', () => answer);
    expect((await edge.request('GET', `/operations/${asked}`)).json).toMatchObject({ code });
  });
});

describe('the queue', () => {
  const states = ['queued', 'running', 'delayed', 'failed', 'completed', 'rejected', 'deleted'];

  async function fill(): Promise<Record<string, string>> {
    const rows = states.map((state, index) => [`book.${randomUUID()}`, state, `2026-01-01T00:00:0${index}Z`] as const);
    for (const [row, state, at] of rows) {
      await database.query(
        `INSERT INTO queue.command (id, command, state, queued_at, attempts, error) VALUES ($1, 'CreateBook', $2, $3, 2, 'NoAnswer')`,
        [row, state, at],
      );
    }
    return Object.fromEntries(rows.map(([row, state]) => [state, row]));
  }

  const idsAt = async (path: string): Promise<string[]> => {
    const { json } = await edge.request('GET', path);
    return (json._embedded.commands as { id: string }[]).map((item) => item.id);
  };

  it.each([
    ['queued', ['queued', 'running']],
    ['delayed', ['delayed']],
    ['failed', ['failed']],
    [undefined, ['queued', 'running', 'delayed', 'failed']],
  ])('with the target %s lists what is %s, the oldest first', async (target, expected) => {
    const byState = await fill();
    const path = target === undefined ? '/queue' : `/queue?target=${target}`;
    expect(await idsAt(path)).toEqual(expected.map((state) => byState[state]));
  });

  it('lists what a command is, and its error, page by page', async () => {
    const { failed, queued: first } = await fill();
    const { json } = await edge.request('GET', '/queue?target=failed');
    expect(json).toMatchObject({ count: 1, total: 1 });
    expect(json._embedded.commands).toEqual([
      {
        id: failed,
        command: 'CreateBook',
        state: 'failed',
        queuedAt: '2026-01-01T00:00:03.000Z',
        attempts: 2,
        error: 'NoAnswer',
        retryAt: null,
        _links: { self: { href: `/queue/${failed}` }, operation: { href: `/operations/${failed}` } },
      },
    ]);
    const page = await edge.request('GET', '/queue?limit=1');
    expect(page.json._embedded.commands[0].id).toBe(first);
    expect(await idsAt(page.json._links.next.href as string)).not.toContain(first);
  });

  it('has nothing to list where nothing is queued, and no other targets', async () => {
    expect((await edge.request('GET', '/queue')).json).toMatchObject({ count: 0, _embedded: { commands: [] } });
    expect((await edge.request('GET', '/queue?target=done')).json).toMatchObject({
      status: 400,
      errors: [{ parameter: 'target', detail: 'must be one of queued, delayed, failed' }],
    });
  });

  it('shows one with its attempts and what it carries', async () => {
    await service('shelfmark.queries.user-operations.GetOperation', () => ({ operation: queued }));
    const { position: _, ...told } = queued;
    expect((await edge.request('GET', `/queue/${id}`)).json).toEqual({
      id,
      kind: 'command',
      ...told,
      _links: { self: { href: `/queue/${id}` }, operation: { href: `/operations/${id}` } },
    });
  });

  it('has one tried again by its owner', async () => {
    await service('shelfmark.commands.user-operations.*', () => ({ id: uuid, revision: 5, position: '20' }));
    const answer = await edge.request('POST', `/queue/${id}/retry`, { headers: async });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ id, _links: { self: { href: `/queue/${id}` } } });
    expect(answer.header('shelfmark-position')).toBe('user@20');
    expect(seen).toMatchObject([
      { subject: 'shelfmark.commands.user-operations.RetryOperation', data: { operationId: uuid } },
    ]);
  });

  it('has one deleted by its owner, who may refuse', async () => {
    await service('shelfmark.commands.user-operations.*', () =>
      seen.length === 1 ? { id: uuid, revision: 5, position: '20' } : { rejection: { code: 'OperationRunning' } },
    );
    expect((await edge.request('DELETE', `/queue/${id}`)).status).toBe(204);
    expect(seen).toMatchObject([{ subject: 'shelfmark.commands.user-operations.DeleteOperation' }]);
    expect((await edge.request('DELETE', `/queue/${id}`)).json).toMatchObject({
      status: 409,
      code: 'OperationRunning',
    });
  });

  it.each([
    ['GET', '/queue/x', 404, 'OperationNotFound'],
    ['DELETE', `/queue/${uuid}`, 404, 'OperationNotFound'],
    ['POST', `/queue/shelf.${uuid}/retry`, 404, 'OperationNotFound'],
    ['POST', `/queue/${id}/retry`, 503, 'ServiceUnavailable'],
    ['PATCH', `/queue/${id}`, 405, 'MethodNotAllowed'],
  ])('answers %s %s with %i %s', async (method, path, status, code) => {
    expect((await edge.request(method, path)).json).toMatchObject({ status, code });
  });

  it('takes no body with what it is told', async () => {
    const answer = await edge.request('POST', `/queue/${id}/retry`, { body: { now: true } });
    expect(answer.json).toMatchObject({ status: 400, errors: [{ pointer: '/now' }] });
  });
});
