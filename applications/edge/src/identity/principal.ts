import assert from 'node:assert/strict';
import type { FastifyRequest } from 'fastify';

/** What the library knows people as. Who is both is a librarian. */
export type Role = 'librarian' | 'member';

/** Who sends a request, as their token says. */
export interface Principal {
  /** What the issuer calls them, for ever. */
  readonly subject: string;
  /** Absent for somebody who has signed in, and is neither. */
  readonly role: Role | undefined;
  /** The reader that they are; absent where the token does not say it. */
  readonly userId: string | undefined;
  /** Milliseconds since the epoch, after which they have to sign in anew. */
  readonly expiresAt: number;
}

const principals = new WeakMap<FastifyRequest, Principal>();

/** Has a request known as one of this principal. */
export function signIn(request: FastifyRequest, principal: Principal): void {
  principals.set(request, principal);
}

/** Who sends a request; on a route that everybody may use, nobody in particular does. */
export function principalOf(request: FastifyRequest): Principal {
  const principal = principals.get(request);
  assert(principal, 'the request is on a route that needs no sign-in');
  return principal;
}
