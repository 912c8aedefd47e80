import fc from 'fast-check';
import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { parseJsonBody } from './json-body.js';
import type { Problem } from './problem.js';

const asJson = { headers: { 'content-type': 'application/json' } } as FastifyRequest;
const withType = (type: string | undefined, more = {}) =>
  ({ headers: { 'content-type': type, ...more } }) as unknown as FastifyRequest;

function codeOf(parse: () => unknown): string {
  try {
    parse();
  } catch (error) {
    return (error as Problem).code;
  }
  return 'accepted';
}

describe('a JSON body', () => {
  it('is read as the value that it is, whatever strings it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 10 }), (value) => {
        expect(parseJsonBody(asJson, Buffer.from(JSON.stringify(value)))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    ['application/json', 'accepted'],
    ['Application/JSON; charset=UTF-8', 'accepted'],
    ['application/json; charset="utf-8"', 'accepted'],
    ['application/merge-patch+json', 'accepted'],
    ['application/hal+json', 'accepted'],
    ['application/json; charset=iso-8859-1', 'UnsupportedMediaType'],
    ['application/jsonx', 'UnsupportedMediaType'],
    ['text/plain', 'UnsupportedMediaType'],
    ['application/x-www-form-urlencoded', 'UnsupportedMediaType'],
    [undefined, 'UnsupportedMediaType'],
  ])('of type %s is %s', (type, expected) => {
    expect(codeOf(() => parseJsonBody(withType(type), Buffer.from('{}')))).toBe(expected);
  });

  it('is not taken compressed', () => {
    const gzip = withType('application/json', { 'content-encoding': 'gzip' });
    expect(codeOf(() => parseJsonBody(gzip, Buffer.from('{}')))).toBe('UnsupportedMediaType');
  });

  it('may be nested 32 deep, and no deeper', () => {
    const nested = (depth: number) => Buffer.from(`${'['.repeat(depth - 1)}{}${']'.repeat(depth - 1)}`);
    expect(codeOf(() => parseJsonBody(asJson, nested(32)))).toBe('accepted');
    expect(codeOf(() => parseJsonBody(asJson, nested(33)))).toBe('MalformedBody');
    expect(codeOf(() => parseJsonBody(asJson, Buffer.from('['.repeat(200_000))))).toBe('MalformedBody');
  });

  it('may hold any number of brackets in its strings', () => {
    const text = `${'[{'.repeat(50)}\\"`;
    expect(parseJsonBody(asJson, Buffer.from(JSON.stringify({ text })))).toEqual({ text });
  });

  it('must be UTF-8', () => {
    expect(codeOf(() => parseJsonBody(asJson, Buffer.from([0x22, 0xff, 0x22])))).toBe('MalformedBody');
    expect(codeOf(() => parseJsonBody(asJson, Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22])))).toBe('MalformedBody');
  });

  it('that is empty is none', () => {
    expect(parseJsonBody(asJson, Buffer.alloc(0))).toBeUndefined();
  });
});
