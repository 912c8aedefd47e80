import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemStatus } from '../http/problem-status.js';
import { EdgeUnderTest, type Servers, startServers } from '../testing/edge-under-test.js';

interface Response {
  readonly content?: Readonly<
    Record<string, { readonly examples?: Readonly<Record<string, { readonly value: { code: string } }>> }>
  >;
  readonly headers?: object;
}

interface Documented {
  readonly operationId: string;
  readonly summary: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> };
  readonly parameters?: readonly { readonly $ref?: string; readonly name?: string }[];
  readonly responses: Readonly<Record<string, Response>>;
}

let servers: Servers;
let edge: EdgeUnderTest;
let paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
let schemas: Readonly<Record<string, { properties: object; required: readonly string[] }>>;
let text: string;

beforeAll(async () => {
  servers = await startServers();
  edge = await EdgeUnderTest.start(servers);
  const answer = await edge.request('GET', '/openapi.json');
  text = answer.text;
  ({ paths } = answer.json);
  ({ schemas } = answer.json.components);
});

afterAll(async () => {
  await edge?.stop();
  await servers?.stop();
});

function operations(): readonly (readonly [string, Documented])[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  );
}

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1 as an independent linter knows it, without an error or a warning', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shelfmark-openapi-'));
    try {
      const file = join(folder, 'openapi.json');
      await writeFile(file, text);
      await writeFile(join(folder, 'redocly.yaml'), linterConfig);
      const cli = join(dirname(createRequire(import.meta.url).resolve('@redocly/cli/package.json')), 'bin', 'cli.js');
      const options = ['lint', file, '--config', join(folder, 'redocly.yaml'), '--format', 'json'];
      const { stdout } = await promisify(execFile)(process.execPath, [cli, ...options], {
        cwd: folder,
        env: { PATH: process.env['PATH'], REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
        maxBuffer: 64 * 1024 * 1024,
      }).catch((error: { stdout: string }) => error);
      const { problems } = JSON.parse(stdout) as {
        problems: readonly { ruleId: string; message: string; location: readonly { pointer: string }[] }[];
      };
      expect(
        problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} (${location[0]!.pointer})`),
      ).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('has every route that is served, and no other', () => {
    const served = edge.routes().filter((route) => !/^(HEAD|OPTIONS) /.test(route));
    const documented = operations().map(([route]) => route.replaceAll(/\{(\w+)\}/g, ':$1'));
    expect(documented.toSorted()).toEqual(served.toSorted());
  });

  it.each(['a summary of its own', 'examples of what it takes and answers'])('has for every route %s', (what) => {
    const lacking = operations().filter(([route, { summary, requestBody, responses }]) => {
      if (what === 'a summary of its own') return summary === route;
      return [requestBody, ...Object.values(responses)].some((message) =>
        Object.entries(message?.content ?? {}).some(
          ([type, content]) =>
            // The two documents would be examples of themselves.
            /[/+]json$/.test(type) &&
            !('example' in content || 'examples' in content) &&
            !/^GET \/(?:open|async)api\.json$/.test(route),
        ),
      );
    });
    expect(lacking.map(([route]) => route)).toEqual([]);
  });

  it('has an example of every problem under its status, but for those that a request meets before it has a route', () => {
    const shown = new Set<string>();
    for (const [, { responses }] of operations()) {
      for (const [status, { content }] of Object.entries(responses)) {
        for (const { value } of Object.values(content?.['application/problem+json']?.examples ?? {})) {
          shown.add(value.code);
          expect(problemStatus).toHaveProperty(value.code, Number(status));
        }
      }
    }
    const nowhere = ['MalformedMessage', 'MethodNotAllowed', 'RequestTimeout', 'HeadersTooLarge', 'InternalError'];
    expect([...shown, ...nowhere].toSorted()).toEqual(Object.keys(problemStatus).toSorted());
  });

  it("takes of a command what the route does not give, by the body's own names", () => {
    const { CreateBook, RentBook, UsersRegisterByUsername } = schemas;
    expect(Object.keys(CreateBook!.properties)).not.toContain('bookId');
    expect(CreateBook!.required).toEqual(['amount', 'title']);
    expect(Object.keys(RentBook!.properties)).toEqual(['bookId', 'userId']);
    expect(Object.keys(UsersRegisterByUsername!.properties)).toEqual(['username', 'email', 'rentLimit']);
  });

  it('says which headers a route takes and gives', () => {
    const names = ({ parameters = [] }: Documented) => parameters.flatMap(({ $ref }) => $ref?.split('/').at(-1) ?? []);
    const given = ({ responses }: Documented, status: number) => Object.keys(responses[status]?.headers ?? {});
    const { post, get } = paths['/books']!;
    const { patch, get: getOne } = paths['/books/{id}']!;
    expect(names(post!)).toEqual(['Idempotency-Key', 'If-Match', 'Prefer']);
    expect(given(post!, 201)).toEqual(['ETag', 'Location', 'Shelfmark-Position']);
    expect(given(post!, 202)).toEqual(['Location', 'Preference-Applied', 'Shelfmark-Position']);
    expect(given(post!, 503)).toEqual(['Retry-After']);
    expect(names(patch!)).toEqual(['Idempotency-Key', 'If-Match', 'Prefer']);
    expect(names(get!)).toEqual(['Shelfmark-Position']);
    expect(given(getOne!, 200)).toEqual(['ETag']);
    expect(names(paths['/rents/{id}/return']!['post']!)).toEqual(['Idempotency-Key', 'Prefer']);
    expect(names(paths['/queue/{id}']!['delete']!)).toEqual(['Idempotency-Key']);
  });

  it('is found from the start, with its page', async () => {
    const { _links } = (await edge.request('GET', '/')).json;
    expect(_links).toMatchObject({
      'service-desc': { href: '/openapi.json' },
      'service-doc': { href: '/docs' },
      asyncapi: { href: '/asyncapi.json' },
    });
    const { json: onTheBus } = await edge.request('GET', _links.asyncapi.href);
    expect(onTheBus).toMatchObject({ asyncapi: expect.stringMatching(/^3\./), channels: { CreateBook: {} } });
  });
});

describe('the page', () => {
  const load = (path: string, accept = '*/*') => fetch(edge.url + path, { headers: { accept } });

  it('is made of what the edge itself serves, and runs nothing else', async () => {
    const page = await load('/docs', 'text/html,application/xhtml+xml');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self';/,
    );
    const html = await page.text();
    expect(html).not.toMatch(/https?:|<style|style=|<script>/);
    const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
    expect(parts).toHaveLength(5);
    for (const path of parts) expect([path, (await load(path)).status]).toEqual([path, 200]);
  });

  it.each([
    ['start.js', 'text/javascript; charset=utf-8', 'text/javascript'],
    ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8', '*/*'],
    ['swagger-ui.css', 'text/css; charset=utf-8', 'text/css,*/*;q=0.1'],
    ['favicon-32x32.png', 'image/png', 'image/avif,image/*,*/*;q=0.8'],
  ])('has %s as %s', async (file, type, accept) => {
    const answer = await load(`/docs/${file}`, accept);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100);
  });

  it.each(['package.json', '..%2fpackage.json', 'constructor', '__proto__', 'index.html'])(
    'has no %s',
    async (file) => {
      expect((await load(`/docs/${file}`)).status).toBe(404);
    },
  );
});

/** What the linter recommends, as it stands. */
const linterConfig = 'extends: [recommended]';
