import { describe, expect, it } from 'vitest';
import { etagOf, expectedRevision } from './conditional.js';

describe('If-Match', () => {
  it('means the revision that the tag was made of', () => {
    expect(expectedRevision(etagOf(41), true)).toBe(41);
    expect(expectedRevision(' "0" ', true)).toBe(0);
  });

  it('means no revision in particular when absent, or when any will do', () => {
    expect(expectedRevision(undefined, true)).toBeUndefined();
    expect(expectedRevision('*', true)).toBeUndefined();
    expect(expectedRevision('*', false)).toBeUndefined();
  });

  it.each(['3', '"3', '', '"a" "b"', '"1","2"', '"\n"'])('%j is malformed', (header) => {
    expect(() => expectedRevision(header, true)).toThrow(
      expect.objectContaining({ code: 'InvalidHeader', status: 400 }),
    );
  });

  it.each(['W/"3"', '"x"', '"03"', '"99999999999999999999"', '"-1"'])('%s is a tag that nothing has', (header) => {
    expect(() => expectedRevision(header, true)).toThrow(
      expect.objectContaining({ code: 'PreconditionFailed', status: 412 }),
    );
  });

  it('never matches where there are no tags', () => {
    expect(() => expectedRevision('"3"', false)).toThrow(expect.objectContaining({ code: 'PreconditionFailed' }));
  });
});
