import { describe, expect, it } from 'vitest';
import type { Problem } from '../http/problem.js';
import { payloadOf } from './payload.js';

const bookId = '01890a5d-ac96-774b-bcce-b302099a8057';

function refusal(...args: Parameters<typeof payloadOf>): unknown {
  try {
    payloadOf(...args);
  } catch (error) {
    const { code, errors } = error as Problem;
    return errors ?? code;
  }
  return 'accepted';
}

describe('the payload of a command', () => {
  it("is the body's fields, trimmed, and the route's", () => {
    const body = { title: ' Emma\n', authors: ['  Austen, Jane '], amount: 2 };
    expect(payloadOf('CreateBook', body, { bookId })).toEqual({
      title: 'Emma',
      authors: ['Austen, Jane'],
      amount: 2,
      bookId,
    });
  });

  it('is refused at every field that is wrong', () => {
    expect(refusal('CreateBook', { title: '   ', amount: '2', authors: ['x', ''], colour: 'red' }, { bookId })).toEqual(
      expect.arrayContaining(
        ['/title', '/amount', '/authors/1', '/colour'].map((pointer) => expect.objectContaining({ pointer })),
      ),
    );
    expect(refusal('CreateBook', { title: 'Emma' }, { bookId })).toEqual([
      { pointer: '/amount', detail: 'is missing' },
    ]);
  });

  it('does not take from the body what the route gives', () => {
    expect(refusal('UpdateBook', { bookId, title: 'Emma' }, { bookId })).toEqual([
      { pointer: '/bookId', detail: 'is not a known field' },
    ]);
  });

  it('does not take NUL characters or lone surrogates', () => {
    for (const title of ['a\0b', 'a\ud800b']) {
      expect(refusal('UpdateBook', { title }, { bookId })).toEqual([expect.objectContaining({ pointer: '/title' })]);
    }
  });

  it('knows no field __proto__', () => {
    const body: unknown = JSON.parse('{"__proto__":{"amount":1},"title":"Emma"}');
    expect(refusal('UpdateBook', body, { bookId })).toEqual([
      { pointer: '/__proto__', detail: 'is not a known field' },
    ]);
  });

  it.each([[null], [[]], ['text'], [7], [true]])('is never made of %j', (body) => {
    expect(refusal('UpdateBook', body, { bookId })).toEqual([{ pointer: '', detail: 'must be an object' }]);
  });

  it('needs a body only where the route does not give everything', () => {
    expect(refusal('UpdateBook', undefined, { bookId })).toBe('MalformedBody');
    expect(payloadOf('DeleteBook', undefined, { bookId })).toEqual({ bookId });
    expect(payloadOf('DeleteBook', {}, { bookId })).toEqual({ bookId });
    expect(refusal('DeleteBook', { force: true }, { bookId })).toEqual([
      expect.objectContaining({ pointer: '/force' }),
    ]);
  });

  it('calls a field as the route calls it, also in what is wrong', () => {
    const aliases = { username: 'name' };
    const given = { userId: bookId };
    const body = { username: 'Ann', email: 'ann@example.org' };
    expect(payloadOf('RegisterUser', body, given, aliases)).toEqual({
      name: 'Ann',
      email: 'ann@example.org',
      ...given,
    });
    expect(refusal('RegisterUser', { email: 'ann@example.org' }, given, aliases)).toEqual([
      { pointer: '/username', detail: 'is missing' },
    ]);
    expect(refusal('RegisterUser', { ...body, name: 'Bob' }, given, aliases)).toEqual([
      { pointer: '/name', detail: 'is not a known field' },
    ]);
  });
});
