import type { FastifyReply, FastifyRequest } from 'fastify';
import { Counter, Gauge } from 'prom-client';
import { Problem, sendProblem } from './problem.js';

/** So many commands to one service are under way at once. At a thousand a second, the last of them waits a quarter of a second. */
export const maxCommandsPerService = 256;
/** And so many requests of all other kinds. */
export const maxOtherRequests = 512;
/** Made once: to turn somebody away must cost next to nothing, and an error's stack is dear. What is under way is done in a second. */
const tooMany = new Problem('Overloaded', { detail: 'Too many requests are under way.', retryAfterMs: 1_000 });

const admitted = new Gauge({
  name: 'shelfmark_admitted_requests',
  help: 'Requests under way, by the service that their commands go to; all others are `none`.',
  labelNames: ['service'],
});
const refusals = new Counter({
  name: 'shelfmark_admission_refusals_total',
  help: 'Requests that were told to come back, unread, because too many were under way.',
  labelNames: ['service'],
});

/** How a request is seen before its business is known. */
interface Seen {
  /** The service that its command goes to, if it is one. */
  readonly service: string | undefined;
  /** Whether it has no end, and a bound of its own. */
  readonly isLive: boolean;
}

/**
 * Lets in as many requests as can be served in a moment, and turns the others away before anything of them is read: more would
 * only make everybody wait, until nobody is answered in time. Commands are counted by service, so that one that stands still
 * does not take the places of the others.
 */
export class Admission {
  readonly #underWay = new Map<string | undefined, number>();

  /** @returns whether the request may go on; otherwise it is answered */
  enter(request: FastifyRequest, reply: FastifyReply): boolean {
    const { service, isLive } = seen(request);
    if (isLive) return true;
    const underWay = this.#underWay.get(service) ?? 0;
    if (underWay >= (service === undefined ? maxOtherRequests : maxCommandsPerService)) {
      refusals.inc({ service: service ?? 'none' });
      sendProblem(reply, tooMany);
      return false;
    }
    this.#count(service, 1);
    // Answered or given up, either way the connection says so once.
    reply.raw.once('close', () => this.#count(service, -1));
    return true;
  }

  #count(service: string | undefined, change: 1 | -1): void {
    this.#underWay.set(service, (this.#underWay.get(service) ?? 0) + change);
    admitted.inc({ service: service ?? 'none' }, change);
  }
}

function seen({ routeOptions, url }: FastifyRequest): Seen {
  const { described, produces } = routeOptions.config as {
    readonly described?: { readonly operation: { readonly command?: { readonly collection: { service: string } } } };
    readonly produces?: readonly string[];
  };
  return {
    service: described?.operation.command?.collection.service,
    // Whether the edge is well is asked the more, the less it is.
    isLive: url.startsWith('/health/') || (produces?.includes('text/event-stream') ?? false),
  };
}
