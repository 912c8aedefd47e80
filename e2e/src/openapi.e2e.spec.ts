import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { tokenFor } from '@shelfmark/local';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api.js';
import {
  Document,
  type DocumentedAnswer,
  type DocumentedRequest,
  type Operation,
  type Parameter,
  contentOf,
  mutations,
  send,
  valid,
} from './documented-requests.js';
import { System } from './system.js';

let system: System;
let api: Api;
let document: Document;
let operations: readonly Operation[];
/** A request that is as the document wants it. Made once, for it takes its time. */
let anyValidRequest: fc.Arbitrary<DocumentedRequest>;

/** What there is, for requests to be about: by the collection's name, ids that answers gave. */
const known = {
  books: [] as string[],
  users: [] as string[],
  rents: [] as string[],
  holds: [] as string[],
  operations: [] as string[],
};

beforeAll(async () => {
  system = await System.create();
  await system.start();
  api = new Api(system);
  document = new Document((await api.get('/openapi.json')).body);
  operations = document.operations.filter(isAnswered);
  anyValidRequest = fc.oneof(...operations.map(validRequest));
  for (let n = 0; n < 3; n++) await lend();
});
afterAll(() => system.dispose());

/** A stream of server-sent events has no end that could be waited for. */
function isAnswered({ responses }: Operation): boolean {
  return !Object.values(responses).some(({ content = {} }) => 'text/event-stream' in content);
}

/** A new book that a new reader has out, one who waits for another book that somebody else has, and an import. */
async function lend(): Promise<Readonly<Record<keyof typeof known, string>>> {
  const made = async (path: string, body: object): Promise<string> => {
    const { status, body: answer } = await api.post(path, body);
    expect(status).toBe(201);
    return answer.id;
  };
  const reader = (): Promise<string> => made('/users', { name: 'Ann', email: `${randomUUID()}@example.org` });
  const books = await made('/books', { title: 'Emma', amount: 2 });
  const users = await reader();
  const rents = await made('/rents', { bookId: books, userId: users });
  const taken = await made('/books', { title: 'Persuasion', amount: 1 });
  await made('/rents', { bookId: taken, userId: await reader() });
  const holds = await made('/holds', { bookId: taken, userId: await reader() });
  const ids = { books, users, rents, holds, operations: await importBook() };
  for (const name of Object.keys(known) as (keyof typeof known)[]) known[name].push(ids[name]);
  return ids;
}

async function importBook(): Promise<string> {
  const request = {
    method: 'POST',
    headers: { ...system.authorization, 'Content-Type': 'text/csv' },
    body: 'title,isbn\nEmma,\nFaust,12\n',
  };
  const response = await fetch(`${system.url}/imports`, request);
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

/** The collection that a parameter or a field holds an id of. */
function collectionOf({ path }: Operation, name: string): keyof typeof known | undefined {
  const word = name === 'id' ? path.split('/')[1]! : `${name.replace(/_?id$/i, '')}s`;
  return word in known ? (word as keyof typeof known) : undefined;
}

function idOr(operation: Operation, name: string, otherwise: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const collection = collectionOf(operation, name);
  if (!collection) return otherwise;
  // What there is changes while the property runs, so an id is only looked up when a request is made.
  return fc.oneof(
    { weight: 4, arbitrary: fc.nat().map((n) => known[collection][n % known[collection].length]) },
    otherwise,
  );
}

/** A request that is as the document wants it. */
function validRequest(operation: Operation): fc.Arbitrary<DocumentedRequest> {
  const inPlace = (place: Parameter['in']) => {
    // Cursors are followed, not made up.
    const parameters = operation.parameters.filter(
      (parameter) => parameter.in === place && parameter.name !== 'cursor',
    );
    const values = parameters.map(({ name, schema }) => [name, valueOf(operation, name, schema)] as const);
    const requiredKeys = parameters.filter(({ required }) => required).map(({ name }) => name);
    return fc.record(Object.fromEntries(values), { requiredKeys }) as fc.Arbitrary<Record<string, unknown>>;
  };
  const content = contentOf(operation);
  const body =
    content?.type === 'application/json'
      ? fieldsOf(operation, content.schema).map((value) => JSON.stringify(value))
      : content
        ? fc.oneof(fc.constant(String(content.example)), fc.string({ unit: 'grapheme' }))
        : fc.constant(undefined);
  return fc
    .record({ path: inPlace('path'), query: inPlace('query'), headers: inPlace('header'), body })
    .map((parts) => ({
      operation,
      path: textsOf(parts.path),
      query: Object.entries(textsOf(parts.query)),
      headers: textsOf(parts.headers),
      ...(parts.body !== undefined && { body: parts.body }),
    }));
}

function valueOf(operation: Operation, name: string, schema: Parameter['schema']): fc.Arbitrary<unknown> {
  // Positions of what is yet to happen would be waited for: they have a test of their own.
  if (name === 'Shelfmark-Position') return fc.constantFrom('book@0', 'user@0, rent@0', 'nobody@7');
  // A preference that the edge does not know is passed over (RFC 7240), and most commands are to be waited for.
  if (name === 'Prefer') return fc.constantFrom('respond-async', 'return=minimal', 'wait=5', 'handling=lenient');
  // No schema says what a check digit is.
  if (name === 'isbn') return fc.constantFrom('978-0-306-40615-7', '0306406152');
  return idOr(operation, name, valid(document, schema));
}

function fieldsOf(operation: Operation, schema: Parameter['schema']): fc.Arbitrary<unknown> {
  const fields = Object.entries(schema.properties ?? {}).map(
    ([name, field]) => [name, idOr(operation, name, valid(document, field))] as const,
  );
  return fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] });
}

function textsOf(values: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

/** A request on a documented route, in which anything may stand anywhere. */
function hostileRequest({ operation, path, body }: DocumentedRequest): fc.Arbitrary<DocumentedRequest> {
  const text = fc.string({ unit: 'binary', maxLength: 60 }).map((value) => value.toWellFormed());
  // These would make another path.
  const segment = text.filter((value) => !/^\.{0,2}$/.test(value));
  const header = fc.string({ unit: fc.constantFrom(...'"*,@;/ abz019-_\u00e9'), maxLength: 20 });
  const segments = Object.entries(path).map(([name, id]) => [name, fc.oneof(segment, fc.constant(id))] as const);
  const name = fc.oneof(text, fc.constantFrom('q', 'limit', 'cursor', 'sort', 'asOf'));
  const headers = {
    'If-Match': header,
    'Idempotency-Key': header,
    'Content-Type': fc.oneof(header, fc.constant('application/json')),
    Accept: fc.oneof(header, fc.constant('*/*')),
    'Content-Encoding': fc.constantFrom('gzip', 'identity'),
  };
  return fc
    .record({
      path: fc.record(Object.fromEntries(segments)),
      query: fc.array(fc.tuple(name, text), { maxLength: 3 }),
      headers: fc.record(headers, { requiredKeys: [] }),
      sent: fc.oneof(text, fc.json(), fc.constant(body ?? '{}')),
    })
    .map(({ sent: body, ...parts }) => ({ operation, ...parts, ...(operation.method !== 'GET' && { body }) }));
}

function told(
  { operation: { method, path }, query, headers, body }: DocumentedRequest,
  answer: DocumentedAnswer,
): string {
  return `${method} ${path} ${JSON.stringify({ query, headers, body: body?.slice(0, 500) })} was answered ${answer.status} ${answer.text.slice(0, 500)}`;
}

/** @param authorization that of a librarian unless said otherwise */
function sent(request: DocumentedRequest, authorization: object = system.authorization): Promise<DocumentedAnswer> {
  return send(system.url, { ...request, headers: { ...authorization, ...request.headers } });
}

const patienceMs = 60_000;

/** Sends a request again while it is answered "not now", which a machine that stands still makes right; that too is as documented. */
async function sentInTime(request: DocumentedRequest, authorization?: object): Promise<DocumentedAnswer> {
  for (const deadline = Date.now() + patienceMs; ; await delay(100)) {
    const answer = await sent(request, authorization);
    if (answer.status !== 503 || Date.now() > deadline) return answer;
    expect(document.complaints(request.operation, answer), told(request, answer)).toEqual([]);
  }
}

async function answered(request: DocumentedRequest): Promise<DocumentedAnswer> {
  const answer = await sentInTime(request);
  expect(document.complaints(request.operation, answer), told(request, answer)).toEqual([]);
  expect(answer.status, told(request, answer)).toBeLessThan(500);
  return answer;
}

/** Where there is another page, that is as documented too. */
async function nextPage(
  { operation, headers, path }: DocumentedRequest,
  { status, headers: { 'content-type': type }, text }: DocumentedAnswer,
): Promise<void> {
  if (status !== 200 || !/[/+]json/.test(String(type))) return;
  const { next } = (JSON.parse(text) as { _links?: Record<string, { href: string }> })._links ?? {};
  if (!next) return;
  const { status: onward } = await answered({
    operation,
    headers,
    path,
    query: [...new URL(next.href, system.url).searchParams],
  });
  expect(onward).toBe(200);
}

const run = { interruptAfterTimeLimit: 12_000, numRuns: 2_000 } as const;

describe('the OpenAPI document', () => {
  it('has examples that work as they stand, but for the ids of what there is', async () => {
    // In the queue is only what waits for a service that is away: queue.e2e.spec.ts has some.
    for (const operation of operations.filter(({ path }) => !path.startsWith('/queue/{id}'))) {
      const lent = await lend();
      const route = `${operation.method} ${operation.path}`;
      const needsRent = /^GET |^DELETE \/rents$|\/(?:return|renewal|lost|found)$/.test(route);
      if (!needsRent) await handIn(lent);
      if (route.endsWith('/found')) expect((await api.post(`/rents/${lent.rents}/lost`)).status).toBe(200);
      // One waits only for a book of which no copy is free.
      const ids = route === 'POST /holds' ? { ...lent, books: bookOf(lent.holds) } : lent;
      // This client sends its positions: from here on, the views show what it has done.
      for (const [name, id] of Object.entries(ids)) await api.get(`/${name}/${id}`);
      const request = exampleRequest(operation, ids);
      const answer = await answered(request);
      const statuses = Object.keys(operation.responses);
      // The example of a command waits for it: what is only queued is what the header `Prefer` asks for.
      const isCommand = operation.parameters.some(({ name }) => name === 'Prefer');
      const [best] = isCommand ? statuses.filter((status) => status !== '202') : statuses;
      expect(String(answer.status), told(request, answer)).toBe(best);
    }
  });

  it('is kept by the answers to who does not sign in, and to a member', async () => {
    const ids = await lend();
    const token = await tokenFor(system.dataDir, { role: 'member', user: ids.users });
    for (const operation of operations) {
      const request = exampleRequest(operation, ids);
      const nobody = await sent(request, {});
      expect(document.complaints(operation, nobody), told(request, nobody)).toEqual([]);
      expect(nobody.status, told(request, nobody)).toBe(operation.security.length === 0 ? 200 : 401);
      const member = await sentInTime(request, { Authorization: `Bearer ${token}` });
      expect(document.complaints(operation, member), told(request, member)).toEqual([]);
      expect([401, 500, 503], told(request, member)).not.toContain(member.status);
    }
  });

  it('is kept by the answer to every request that is as it says', async () => {
    const seen = new Set<number>();
    const wanted = [200, 201, 204, 404, 409, 412];
    const property = fc.asyncProperty(anyValidRequest, async (request) => {
      const answer = await answered(request);
      seen.add(answer.status);
      await nextPage(request, answer);
      // Nothing was wrong with the form: what is refused is refused for what it says.
      expect([400, 405, 406, 413, 415], told(request, answer)).not.toContain(answer.status);
    });
    // How many requests there are in the time depends on the machine.
    for (let time = 0; time < 10 && !wanted.every((status) => seen.has(status)); time++) await fc.assert(property, run);
    expect([...seen]).toEqual(expect.arrayContaining(wanted));
  });

  it('is kept by the answer to every request that is broken in one place, and that place is named', async () => {
    const broken = anyValidRequest
      .map((request) => mutations(document, request))
      .chain((all) => fc.constantFrom(...all));
    await fc.assert(
      fc.asyncProperty(broken, async ({ request, status, named }) => {
        const answer = await answered(request);
        expect(answer.status, told(request, answer)).toBe(status);
        if (!named) return;
        const [kind, place] = named;
        const { errors } = JSON.parse(answer.text) as { errors: readonly Record<string, string>[] };
        const places = errors.map((error) => error[kind]);
        const isNamed = places.some((other) => other === place || other?.startsWith(`${place}/`));
        expect(isNamed, `${place} in ${JSON.stringify(places)}; ${told(request, answer)}`).toBe(true);
      }),
      run,
    );
  });

  it('is kept by the answer to whatever is sent', async () => {
    await fc.assert(
      fc.asyncProperty(anyValidRequest.chain(hostileRequest), async (request) => {
        await answered(request);
      }),
      run,
    );
  });

  it('says 503 with Retry-After for a position that is yet to come, and it is so', async () => {
    const operation = operations.find(({ method, path }) => method === 'GET' && path === '/books')!;
    const request = { operation, path: {}, query: [], headers: { 'Shelfmark-Position': 'book@999999999999' } };
    const answer = await sent(request);
    expect(document.complaints(operation, answer)).toEqual([]);
    expect(answer.status).toBe(503);
  });
});

function bookOf(holdId: string): string {
  return holdId.split('.')[0]!;
}

async function handIn({ rents }: { readonly rents: string }): Promise<void> {
  expect((await api.post(`/rents/${rents}/return`)).status).toBe(200);
}

/** The document's own example, about what there is. */
function exampleRequest(operation: Operation, ids: Readonly<Record<keyof typeof known, string>>): DocumentedRequest {
  const [path, query] = (['path', 'query'] as const).map((place) =>
    Object.fromEntries(
      operation.parameters
        .filter((parameter) => parameter.in === place && parameter.required)
        .map(({ name, schema }) => {
          const collection = collectionOf(operation, name);
          return [name, collection ? ids[collection] : String(schema.enum?.[0])];
        }),
    ),
  );
  const content = contentOf(operation);
  const isJson = content?.type === 'application/json';
  const example = content?.example as Record<string, unknown> | undefined;
  const replaced =
    isJson &&
    example &&
    Object.fromEntries(
      Object.entries(example).map(([name, value]) => {
        if (name === 'email') return [name, `${randomUUID()}@example.org`];
        const collection = /Id$/.test(name) ? collectionOf(operation, name) : undefined;
        return [name, collection ? ids[collection] : value];
      }),
    );
  return {
    operation,
    path: path!,
    query: Object.entries(query!),
    headers: {},
    ...(content && { body: replaced ? JSON.stringify(replaced) : (content.example as string) }),
  };
}
