import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeHeaderValue, encodeHeaderValue, subjectToken } from './header-value.js';

describe('a header value', () => {
  it('comes back as it went, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(decodeHeaderValue(encodeHeaderValue(text))).toBe(text);
      }),
    );
  });

  it('is printable ASCII without space, quote or a way out of its line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(encodeHeaderValue(text)).toMatch(/^[\x21\x23-\x7e]*$/);
      }),
    );
    expect(encodeHeaderValue('a\r\nce-actor: root')).toBe('a%0D%0Ace-actor:%20root');
  });

  it('encodes as the CloudEvents HTTP binding does', () => {
    expect(encodeHeaderValue('Euro € 😀')).toBe('Euro%20%E2%82%AC%20%F0%9F%98%80');
    expect(encodeHeaderValue('100%"')).toBe('100%25%22');
  });
});

it('a subject token can neither split a subject nor match more than itself', () => {
  expect(subjectToken('BookCreated')).toBe('BookCreated');
  expect(subjectToken('a.b *>')).toBe('a%2Eb%20%2A%3E');
});
