import { describe, expect, it } from 'vitest';
import { SchemaValidator } from './schema-validator.js';

const validator = new SchemaValidator({
  definitions: {
    Loan: {
      type: 'object',
      properties: {
        id: { type: 'string', format: 'uuid' },
        dueOn: { type: 'string', format: 'date' },
        kind: { type: 'string', enum: ['short', 'long'] },
        tags: { type: 'array', items: { type: 'string', maxLength: 3 } },
      },
      required: ['id'],
      additionalProperties: false,
    },
  },
});
const id = '0190163d-8694-739b-aea5-966c26f8ad90';
const places = (value: unknown) => validator.validate('Loan', value).map(({ pointer }) => pointer);

describe('a value', () => {
  it('that is as the contract has it has no faults', () => {
    expect(places({ id, dueOn: '2024-02-29', kind: 'long', tags: ['a', '𝒳𝒳𝒳'] })).toEqual([]);
  });

  it('has each of its faults named by its place', () => {
    expect(places({ dueOn: '2023-02-29', kind: 'eternal', tags: ['a', 'long'], colour: 1 }).sort()).toEqual([
      '/colour',
      '/dueOn',
      '/id',
      '/kind',
      '/tags/1',
    ]);
  });

  it('has one spelling of a UUID', () => {
    expect(places({ id: id.toUpperCase() })).toEqual(['/id']);
    expect(places({ id: `urn:uuid:${id}` })).toEqual(['/id']);
  });

  it('holds no NUL character and no lone surrogate, in whatever depth', () => {
    expect(places({ id, tags: ['a\u0000'] })).toEqual(['/tags/0']);
    expect(places({ id, tags: ['\ud800'] })).toEqual(['/tags/0']);
  });

  it('has its place escaped as RFC 6901 says', () => {
    expect(places({ id, 'a/b~c': 1 })).toEqual(['/a~1b~0c']);
  });
});

describe('a message about a fault', () => {
  it('does not repeat the value, which may be a name', () => {
    expect(JSON.stringify(validator.validate('Loan', { id: 'Ada Lovelace', kind: 'Ada' }))).not.toContain('Ada');
  });
});

it('refuses a type that the contract does not have', () => {
  expect(() => validator.validate('Gift', {})).toThrow(RangeError);
  expect(() => validator.validate('toString', {})).toThrow(RangeError);
});
