import type { Socket } from 'node:net';
import { HttpStatus } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { ProcessOptions } from '@shelfmark/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SignIn } from '../identity/sign-in.js';
import type { Settings } from '../settings.js';
import { acceptedType, representations } from './accept.js';
import { Admission } from './admission.js';
import { CrossOrigin } from './cross-origin.js';
import { isHalDocument } from './hal.js';
import { bodyLimitBytes, parseJsonBody } from './json-body.js';
import { observeRequests } from './observation.js';
import { Problem, sendProblem } from './problem.js';
import { ProblemFilter } from './problem-filter.js';
import { type QuerySpec, readQuery } from './query.js';
import { refuseConnection, refuseSlowBodies, slowestBody } from './request-body.js';

/** What Fastify is told; the rest of the edge's HTTP is {@link configureHttp}. */
export const serverOptions = ({
  trustedProxies,
}: Pick<Settings, 'trustedProxies'>): NonNullable<ProcessOptions['fastify']> => ({
  bodyLimit: bodyLimitBytes,
  // Node's own would cut off large files; `refuseSlowBodies` does better.
  requestTimeout: 0,
  connectionTimeout: 60_000,
  keepAliveTimeout: 65_000,
  forceCloseConnections: 'idle',
  // Fastify's own refusal while it closes is no problem document. Nothing that a request needs is gone until the last one is
  // answered, and each is told that its connection closes.
  return503OnClosing: false,
  trustProxy: trustedProxies.length > 0 && [...trustedProxies],
  http: { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: lookForSlowHeadersEveryMs },
  routerOptions: { maxParamLength: 100 },
  frameworkErrors: ({ code }, request, reply) => {
    // Hooks do not run for these.
    reply.headers({ ...securityHeaders, 'shelfmark-correlation-id': request.id });
    // The other one is a path segment that is too long to name anything.
    const problem = new Problem(code === 'FST_ERR_BAD_URL' ? 'MalformedRequest' : 'NotFound');
    sendProblem(reply as unknown as FastifyReply, problem);
  },
  clientErrorHandler: ({ code }: { code?: string }, socket: Socket) => {
    // A connection that is reset has nobody to answer to.
    if (code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    refuseConnection(socket, clientErrors[code ?? ''] ?? 'MalformedRequest');
  },
});

/** Who has not sent all headers by then holds a connection for next to nothing. */
const headersTimeoutMs = 15_000;
const lookForSlowHeadersEveryMs = 5_000;
/** All together they weigh 16 KiB at most, which is Node's own bound. */
export const maxHeaders = 100;
/** Who connects beyond is hung up on. Most are idle: a browser keeps some six of them. */
const maxConnections = 4_096;

const clientErrors: Readonly<Record<string, 'HeadersTooLarge' | 'RequestTimeout'>> = {
  HPE_HEADER_OVERFLOW: 'HeadersTooLarge',
  ERR_HTTP_REQUEST_TIMEOUT: 'RequestTimeout',
};

const securityHeaders = {
  'x-content-type-options': 'nosniff',
  // Names and addresses are in it, and what it shows is changing.
  'cache-control': 'no-store',
  // Nothing that is answered is a page, but for /docs, which says so itself.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
};

/** Hooks, parser and filter of every route: what can be refused without knowing the route's business is refused here. */
export function configureHttp(app: NestFastifyApplication, { corsOrigins }: Pick<Settings, 'corsOrigins'>): void {
  const adapter = app.getHttpAdapter();
  const fastify: FastifyInstance = adapter.getInstance();
  const methodsOf = rememberRoutes(fastify);
  fastify.server.maxConnections = maxConnections;
  observeRequests(fastify);
  const admission = new Admission();
  const crossOrigin = new CrossOrigin(corsOrigins);
  const signIn = app.get(SignIn);

  // One parser for all types, so that Nest adds none of its own and a wrong type gets our answer.
  fastify.removeAllContentTypeParsers();
  app.useBodyParser('*', { bodyLimit: bodyLimitBytes }, parse);
  app.useGlobalFilters(new ProblemFilter());

  fastify.addHook('onRequest', (request, reply, done) => {
    reply.headers({ ...securityHeaders, 'shelfmark-correlation-id': request.id });
    crossOrigin.tell(request, reply);
    // Node would pass over those that are too many, without a word.
    if (request.raw.rawHeaders.length > 2 * maxHeaders) return done(new Problem('HeadersTooLarge'));
    const path = request.url.split('?', 1)[0]!;
    if (request.is404) {
      const allowed = methodsOf(path);
      if (allowed.length === 0) return done(new Problem('NotFound'));
      const allow = [...allowed, 'OPTIONS'].join(', ');
      if (request.method !== 'OPTIONS') return done(new Problem('MethodNotAllowed', { headers: { allow } }));
      crossOrigin.allow(request, reply, allow);
      return void reply.code(HttpStatus.NO_CONTENT).header('allow', allow).send();
    }
    if (admission.enter(request, reply)) done();
  });

  fastify.addHook('onRequest', (request) => signIn.enter(request));

  fastify.addHook('onRequest', (request, _reply, done) => {
    const { query, produces } = routeDataOf(request);
    if (acceptedType(request.headers.accept, produces) === undefined) {
      return done(new Problem('NotAcceptable', { detail: `Answers are ${produces.join(' or ')}.` }));
    }
    request.query = readQuery(request.url, query);
    done();
  });

  refuseSlowBodies(fastify, slowestBody);

  fastify.addHook('preSerialization', (request, reply, body, done) => {
    if (isHalDocument(body)) {
      reply.header('content-type', `${acceptedType(request.headers.accept, representations)}; charset=utf-8`);
    }
    done(null, body);
  });
}

function parse(request: FastifyRequest, body: Buffer, done: (error: Error | null, body?: unknown) => void): void {
  let value: unknown;
  try {
    value = parseJsonBody(request, body);
  } catch (error) {
    return done(error as Error);
  }
  done(null, value);
}

function routeDataOf({ routeOptions }: FastifyRequest): { query: QuerySpec; produces: readonly string[] } {
  return { query: {}, produces: representations, ...routeOptions.config };
}

/** @returns which methods a path has, for a request whose method is not among them */
function rememberRoutes(fastify: FastifyInstance): (path: string) => readonly string[] {
  const routes = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const literal = url.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const pattern = new RegExp(`^${literal.replaceAll(/:[^/]+/g, '[^/]+')}$`);
    const route = routes.get(url) ?? { pattern, methods: new Set() };
    for (const name of [method].flat()) route.methods.add(name);
    routes.set(url, route);
  });
  return (path) => {
    const matching = [...routes.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(matching.flatMap(({ methods }) => [...methods]))];
  };
}
