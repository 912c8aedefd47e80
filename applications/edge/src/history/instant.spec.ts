import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pastInstant } from './instant.js';

const now = Date.parse('2026-06-15T12:00:00.000Z');
const read = pastInstant(() => now);

describe('an instant of the past', () => {
  it.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02t03:04:05.678z', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05.678999Z', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05+02:00', '2026-01-02T01:04:05.000Z'],
    ['2026-01-02T03:04:05 02:00', '2026-01-02T01:04:05.000Z'],
    ['2026-01-02T03:04:05-00:30', '2026-01-02T03:34:05.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00+23:59', '0000-12-31T00:01:00.000Z'],
    ['2026-06-15T12:00:00Z', '2026-06-15T12:00:00.000Z'],
  ])('%s is %s', (text, expected) => {
    expect(read(text).toISOString()).toBe(expected);
  });

  it('is read from every one that a program writes', () => {
    fc.assert(
      fc.property(fc.date({ min: new Date('0001-01-01'), max: new Date(now), noInvalidDate: true }), (date) => {
        expect(read(date.toISOString())).toEqual(date);
      }),
    );
  });

  it.each([
    'yesterday',
    '2026',
    '2026-01-02',
    '2026-01-02T03:04:05',
    '2026-01-02 03:04:05Z',
    '2026-01-02T03:04Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-02T24:00:00Z',
    '2026-01-02T03:04:60Z',
    '2026-01-02T03:04:05+24:00',
    '2026-01-02T03:04:05.Z',
    '0000-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '1767322445',
    '2026-01-02T03:04:05Z\n',
  ])('is not %j', (text) => {
    expect(() => read(text)).toThrow('must be an RFC 3339 instant');
  });

  it.each(['2026-06-15T12:00:00.001Z', '2026-06-15T14:00:00+01:59', '9999-12-31T23:59:59Z'])(
    'is not %s, which has yet to come',
    (text) => {
      expect(() => read(text)).toThrow('must not be in the future');
    },
  );
});
