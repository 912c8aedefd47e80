import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { signIn } from '../identity/principal.js';
import { commandIdOf } from './command-id.js';

const request = (key: string | undefined, method = 'POST', url = '/books', subject = 'anonymous') => {
  const sent = { method, url, headers: { 'idempotency-key': key } } as unknown as FastifyRequest;
  signIn(sent, { subject, role: 'librarian', userId: undefined, expiresAt: Infinity });
  return sent;
};

describe('the id of a command', () => {
  it('is a new one without a key', () => {
    expect(commandIdOf(request(undefined))).not.toBe(commandIdOf(request(undefined)));
  });

  it('is the same for the same key, method and URL', () => {
    expect(commandIdOf(request('k'))).toBe(commandIdOf(request('k')));
  });

  it('is another one for another key, method, entity or principal', () => {
    const requests = [
      request('k'),
      request('l'),
      request('k', 'PATCH'),
      request('k', 'POST', '/books/1'),
      request('k', 'POST', '/books', 'auth0|1'),
    ];
    expect(new Set(requests.map(commandIdOf)).size).toBe(5);
  });

  it('never changes, or keys given before an upgrade would be new again', () => {
    expect(commandIdOf(request('k'))).toBe('4eafeeeb-f6b1-5a00-b840-eaab9d506f1a');
  });

  it.each(['', 'a b', 'ü', 'x'.repeat(256), '\t'])('is not made of the key %j', (key) => {
    expect(() => commandIdOf(request(key))).toThrow(expect.objectContaining({ code: 'InvalidHeader' }));
  });
});
