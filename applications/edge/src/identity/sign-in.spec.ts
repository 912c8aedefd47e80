import type { FastifyRequest } from 'fastify';
import { expect, it } from 'vitest';
import { type Access, accessOf } from './access.js';
import type { RateLimits } from './rate-limits.js';
import { SignIn } from './sign-in.js';
import type { Tokens } from './tokens.js';

const nobodyIsAsked = (): never => {
  throw new Error('asked');
};

it('a route that does not say to whom it is open is there for nobody', async () => {
  const signIn = new SignIn(
    { remembered: nobodyIsAsked, verify: nobodyIsAsked } as unknown as Tokens,
    { send: nobodyIsAsked, isExhausted: nobodyIsAsked } as unknown as RateLimits,
  );
  const request = { routeOptions: { url: '/new', config: {} }, headers: { authorization: 'Bearer x' } };
  await expect(signIn.enter(request as unknown as FastifyRequest)).rejects.toMatchObject({ code: 'NotFound' });
});

it.each<[string, object, Access | undefined]>([
  ['/health/live', {}, 'everybody'],
  ['/health/ready', {}, 'everybody'],
  ['/health/other', {}, undefined],
  ['/books', { access: 'signedIn' }, 'signedIn'],
  ['/books', {}, undefined],
])('%s with %j is open to %s', (url, config, access) => {
  expect(accessOf({ url, config })).toBe(access);
});
