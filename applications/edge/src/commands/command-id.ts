import type { FastifyRequest } from 'fastify';
import { v5 as uuidv5, v7 as uuidv7 } from 'uuid';
import { principalOf } from '../identity/principal.js';
import { Problem } from '../http/problem.js';

/** The namespace of the ids that idempotency keys give; another one would make old keys new again. */
const idempotencyNamespace = '6f1f8a52-3c1b-5e0e-9a43-5d2c7b1e0f64';

/**
 * The id of the command that a request asks for: always the same for the same principal, method, URL and
 * `Idempotency-Key`, and without a key a new one.
 */
export function commandIdOf(request: FastifyRequest): string {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return uuidv7();
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw Problem.header('Idempotency-Key', 'must be 1 to 255 visible ASCII characters');
  }
  // As JSON, so that no two lists of parts look alike. The URL names the entity: one key on two of them is two commands.
  return uuidv5(JSON.stringify([principalOf(request).subject, request.method, request.url, key]), idempotencyNamespace);
}
