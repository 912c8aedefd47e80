import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Problem, rawProblem } from './problem.js';
import type { ProblemCode } from './problem-status.js';

/** How slowly a body may come. Node has one limit for all routes, which would cut off every large file on a slow line. */
export interface SlowestBody {
  /** All of it, where it is no file. */
  readonly wholeMs: number;
  /** So much of a file must come in every such time; whoever keeps files waits no longer for a part of one. */
  readonly file: { readonly bytes: number; readonly everyMs: number };
}

export const slowestBody: SlowestBody = { wholeMs: 30_000, file: { bytes: 128 * 1024, everyMs: 30_000 } };

/** Cuts off who sends a body more slowly than that, so that nobody can hold connections for next to nothing. */
export function refuseSlowBodies(fastify: FastifyInstance, { wholeMs, file }: SlowestBody): void {
  fastify.addHook('onRequest', (request, _reply, done) => {
    if (hasBody(request)) {
      if (request.routeOptions.config.takesFile) watch(request, file.bytes, file.everyMs);
      else watch(request, Infinity, wholeMs);
    }
    done();
  });
}

/** How large the body will be, as far as its sender says. */
export function bytesDeclared({ headers }: FastifyRequest): number {
  return Number(headers['content-length'] ?? 0);
}

export function hasBody(request: FastifyRequest): boolean {
  return request.headers['transfer-encoding'] !== undefined || bytesDeclared(request) > 0;
}

/** Ends the connection unless so many bytes came in every such time, or the body came to its end. */
function watch({ raw }: FastifyRequest, bytes: number, everyMs: number): void {
  const { socket } = raw;
  let before = socket.bytesRead;
  const timer = setInterval(() => {
    const came = socket.bytesRead - before;
    before += came;
    if (raw.complete || socket.destroyed) clearInterval(timer);
    else if (came < bytes) refuseConnection(socket, 'RequestTimeout');
  }, everyMs).unref();
  raw.once('close', () => clearInterval(timer));
}

/** Answers where there is no request that could be, and nothing more is read. */
export function refuseConnection(socket: Socket, code: ProblemCode): void {
  socket.end(rawProblem(new Problem(code)));
  socket.destroySoon();
}
