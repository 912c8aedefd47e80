import { expect, test } from 'vitest';
import { beginningAt, metastreamOf, originalOf, parseMetadata, softDeletion } from './stream-metadata.js';

const parse = (text: string) => parseMetadata(Buffer.from(text));

test('reads what truncates a stream', () => {
  expect(parse('{"$maxCount":3,"$maxAge":60,"$tb":5,"$acl":{},"own":"field"}')).toEqual({
    maxCount: 3,
    maxAgeSeconds: 60,
    truncateBefore: 5,
    softDeleted: false,
  });
});

test.each(['', 'null', '[]', '"text"', '{', '{"$maxCount":"3","$tb":-1,"$maxAge":null}'])('%j says nothing', (text) => {
  expect(parse(text)).toEqual({
    maxCount: undefined,
    maxAgeSeconds: undefined,
    truncateBefore: 0,
    softDeleted: false,
  });
});

test('knows a soft deletion, which no JavaScript number is exact enough for', () => {
  expect(parseMetadata(softDeletion).softDeleted).toBe(true);
  expect(parse('{"$tb":9007199254740991}').softDeleted).toBe(false);
});

test('a stream that begins anew keeps its other metadata', () => {
  const anew = beginningAt(Buffer.from('{"$tb":9223372036854775807,"$maxCount":2,"own":1}'), 7);
  expect(JSON.parse(anew.toString())).toEqual({ $tb: 7, $maxCount: 2, own: 1 });
});

test('a metastream is named for its stream', () => {
  expect(originalOf(metastreamOf('a'))).toBe('a');
  expect(originalOf('$a')).toBe('$a');
});
