import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../http/problem.js';
import { type Access, accessOf, isOwnAccess } from './access.js';
import { type Principal, signIn } from './principal.js';
import { RateLimits } from './rate-limits.js';
import { networkOf } from './network.js';
import { Tokens, challenge } from './tokens.js';

/** Finds out who sends a request, and refuses who may not use its route, before anything of its body is read. */
@Injectable()
export class SignIn {
  constructor(
    @Inject(Tokens) private readonly tokens: Tokens,
    @Inject(RateLimits) private readonly rates: RateLimits,
  ) {}

  /** @throws Problem for who is nobody, not allowed, or too fast */
  async enter(request: FastifyRequest): Promise<void> {
    const access = accessOf(request.routeOptions);
    // Whoever forgot to say whom a route is open to has not opened it.
    if (access === undefined) throw new Problem('NotFound');
    if (access === 'everybody') {
      if (!request.url.startsWith('/health/')) this.#count(addressOf(request));
      return;
    }
    const principal = await this.#principalOf(request);
    this.#count(`subject ${principal.subject}`);
    assertRole(principal, access);
    signIn(request, principal);
  }

  /** To show a token that is none costs its sender's address; so does asking without one. */
  async #principalOf(request: FastifyRequest): Promise<Principal> {
    const token = tokenIn(request);
    const remembered = token && this.tokens.remembered(token);
    if (remembered) return remembered;
    const address = addressOf(request);
    if (token === undefined) {
      this.#count(address);
      throw new Problem('SignInRequired', { headers: { 'www-authenticate': challenge } });
    }
    if (this.rates.isExhausted(address)) this.#count(address);
    try {
      return await this.tokens.verify(token);
    } catch (error) {
      this.#count(address);
      throw error;
    }
  }

  #count(sender: string): void {
    const retryAfterMs = this.rates.send(sender);
    if (retryAfterMs === 0) return;
    throw new Problem('TooManyRequests', { detail: 'More requests came than are taken of one sender.', retryAfterMs });
  }
}

function assertRole({ role, userId }: Principal, access: Access): void {
  if (access === 'signedIn' || role === 'librarian') return;
  if (role === undefined || !isOwnAccess(access)) {
    throw new Problem('LibrariansOnly', { detail: 'The token does not say that its bearer is a librarian.' });
  }
  if (userId === undefined) {
    throw new Problem('NotYours', { detail: 'The token does not say which reader its bearer is.' });
  }
}

/** Another scheme than Bearer is no sign-in at all. */
function tokenIn({ headers: { authorization } }: FastifyRequest): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

function addressOf({ ip }: FastifyRequest): string {
  return `address ${networkOf(ip)}`;
}
