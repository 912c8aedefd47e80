import { type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { startSpan, traceparentOf } from '@shelfmark/messaging';
import { withCorrelation } from '@shelfmark/service-kit';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Counter, Histogram } from 'prom-client';

const requests = new Counter({
  name: 'shelfmark_http_requests_total',
  help: 'Requests that were answered, by the template of their route.',
  labelNames: ['method', 'route', 'status'],
});
const seconds = new Histogram({
  name: 'shelfmark_http_request_duration_seconds',
  help: 'From the head of a request to the end of its answer; live readers, whose answers have no end, are left out.',
  labelNames: ['method', 'route'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
});

const serverFault = 500;

interface Observed {
  readonly startedAt: number;
  readonly span: Span;
}

const observed = new WeakMap<FastifyRequest, Observed>();

/** Counts and times every request that gets as far as the hooks, and begins its trace or takes up the one that it is part of. */
export function observeRequests(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    const { method, headers } = request;
    const { traceparent } = headers;
    const route = routeOf(request);
    const span = startSpan(`${method} ${route}`, {
      traceparent: typeof traceparent === 'string' ? traceparent : undefined,
      kind: SpanKind.SERVER,
      attributes: { 'http.request.method': method, 'http.route': route, 'shelfmark.correlation_id': request.id },
    });
    observed.set(request, { startedAt: performance.now(), span });
    withCorrelation(request.id, done, traceparentOf(span));
  });
  // A reply says that it is over once, also where the client has gone.
  fastify.addHook('onResponse', (request, { statusCode, raw }, done) => {
    const known = observed.get(request);
    if (known === undefined) return done();
    const { startedAt, span } = known;
    const [method, route] = [request.is404 ? 'any' : request.method, routeOf(request)];
    requests.inc({ method, route, status: String(statusCode) });
    const isLive = String(raw.getHeader('content-type')).startsWith('text/event-stream');
    if (!isLive) seconds.observe({ method, route }, (performance.now() - startedAt) / 1_000);
    span.setAttribute('http.response.status_code', statusCode);
    if (statusCode >= serverFault) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    done();
  });
}

/** What makes others part of the request's trace: its own span, or where none is recorded what the client sent. */
export function traceOf(request: FastifyRequest): { readonly traceparent: string } | undefined {
  const known = observed.get(request);
  const traceparent = known && traceparentOf(known.span);
  return traceparent === undefined ? undefined : { traceparent };
}

/** A template, never a path: paths hold ids, and whoever looks for holes sends many of them. */
function routeOf({ is404, routeOptions }: FastifyRequest): string {
  return is404 ? 'none' : (routeOptions.url ?? 'none');
}
