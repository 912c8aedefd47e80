import type { FastifyReply, FastifyRequest } from 'fastify';

/** What a page from elsewhere may send, beside what every page may. */
const allowedHeaders = [
  'Accept',
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'Last-Event-ID',
  'Prefer',
  'Shelfmark-Position',
];
/** And what it may see of an answer. */
const exposedHeaders = [
  'Allow',
  'Content-Disposition',
  'ETag',
  'Location',
  'Preference-Applied',
  'Retry-After',
  'Shelfmark-Correlation-Id',
  'Shelfmark-Position',
  'WWW-Authenticate',
];
const preflightSeconds = 600;

/**
 * Tells browsers which pages from elsewhere may use the interface (Fetch Standard, 3.2). There are no cookies, so nothing is
 * ever sent in somebody's name that a page does not have the token for.
 */
export class CrossOrigin {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins);
  }

  /** What every answer says. */
  tell({ headers: { origin } }: FastifyRequest, reply: FastifyReply): void {
    if (this.#origins.size === 0) return;
    reply.header('vary', 'Origin');
    if (!this.#isAllowed(origin)) return;
    reply.headers({
      'access-control-allow-origin': origin,
      'access-control-expose-headers': exposedHeaders.join(', '),
    });
  }

  /** What is answered to who asks before sending anything else. */
  allow({ headers }: FastifyRequest, reply: FastifyReply, methods: string): void {
    if (!this.#isAllowed(headers.origin) || headers['access-control-request-method'] === undefined) return;
    reply.headers({
      'access-control-allow-methods': methods,
      'access-control-allow-headers': allowedHeaders.join(', '),
      'access-control-max-age': String(preflightSeconds),
    });
  }

  #isAllowed(origin: string | undefined): origin is string {
    return origin !== undefined && this.#origins.has(origin);
  }
}
