import { AssertionError } from 'node:assert';
import { describe, expect, it } from 'vitest';
import type { Aggregate, Decider } from '../decider.js';
import { reject } from '../decider.js';
import { SchemaValidator } from '../schema-validator.js';
import { specification } from './given-when-then.js';

const door: Decider<boolean, { Open: { id: string } }, { Opened: { by?: string } }, 'Locked'> = {
  category: 'Door',
  initial: false,
  entityId: ({ id }) => id,
  decide: {
    Open: (open, { id }) => {
      if (id === 'locked') return reject('Locked', 'and bolted');
      if (id === 'sloppy') return [{ type: 'Opened', data: { by: 'me', extra: 1 } as { by: string } }];
      return open ? [] : [{ type: 'Opened', data: {} }];
    },
  },
  evolve: { Opened: () => true },
};
const given = specification(
  door,
  new SchemaValidator({
    definitions: {
      Open: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'], additionalProperties: false },
      Opened: { type: 'object', properties: { by: { type: 'string' } }, additionalProperties: false },
    },
  }),
);
const opened = { type: 'Opened', data: {} } as const;

describe('an example over several streams', () => {
  /** Guests leave an umbrella at some stands, and take it along when they go. */
  type Umbrella = { guest: string };
  const stand: Aggregate<readonly string[], { Left: Umbrella; Taken: Umbrella }> = {
    category: 'Stand',
    initial: [],
    evolve: {
      Left: (umbrellas, { guest }) => [...umbrellas, guest],
      Taken: (umbrellas, { guest }) => umbrellas.filter((each) => each !== guest),
    },
  };
  type Events = { Came: { stands: readonly string[] }; Gone: object };
  const guest: Decider<readonly string[], { Go: { id: string } }, Events, never, { stands: readonly [typeof stand] }> =
    {
      category: 'Guest',
      initial: [],
      entityId: ({ id }) => id,
      others: { stands: [stand] },
      streams: { Go: (_data, stands) => ({ stands }) },
      decide: {
        Go: (stands, { id }, _context, { stands: found = {} }) => ({
          own: stands.length === 0 ? [] : [{ type: 'Gone', data: {} }],
          stands: Object.fromEntries(
            stands.map((name) => [name, found[name]!.includes(id) ? [{ type: 'Taken', data: { guest: id } }] : []]),
          ),
        }),
      },
      evolve: { Came: (_stands, { stands }) => stands, Gone: () => [] },
    };
  const anything = { type: 'object' };
  const given = specification(
    guest,
    new SchemaValidator({
      definitions: { Go: anything, Came: anything, Gone: anything, Left: anything, Taken: anything },
    }),
  );
  const came = { type: 'Came', data: { stands: ['hall', 'porch'] } } as const;
  const gone = { type: 'Gone', data: {} } as const;
  const left = (by: string) => ({ type: 'Left', data: { guest: by } }) as const;
  const taken = { type: 'Taken', data: { guest: 'ann' } } as const;

  it('says what happened on each of those that have one name', () => {
    given({ own: [came], stands: { hall: [left('ann')], porch: [left('bob')] } })
      .when('Go', { id: 'ann' })
      .then({ own: [gone], stands: { hall: [taken] } })
      .again()
      .then([]);
  });

  it('fails when it was another one', () => {
    const decided = given({ own: [came], stands: { hall: [left('ann')] } }).when('Go', { id: 'ann' });
    expect(() => decided.then({ own: [gone], stands: { porch: [taken] } })).toThrow(AssertionError);
    expect(() => decided.then({ own: [gone] })).toThrow(AssertionError);
  });
});

describe('an example', () => {
  it('passes when what follows is what was said', () => {
    given().when('Open', { id: 'a' }).then([opened]).again().then([]);
    given().when('Open', { id: 'locked' }).thenRejects('Locked', 'and bolted');
  });

  it.each([
    ['other events follow', () => given().when('Open', { id: 'a' }).then([])],
    ['nothing follows', () => given([opened]).when('Open', { id: 'a' }).then([opened])],
    ['it is refused', () => given().when('Open', { id: 'locked' }).then([])],
    ['it is not refused', () => given().when('Open', { id: 'a' }).thenRejects('Locked')],
    [
      'it is refused for another reason',
      () => given().when('Open', { id: 'locked' }).thenRejects('Locked', 'the key is lost'),
    ],
    [
      'an event has a field that the contract does not know',
      () =>
        given()
          .when('Open', { id: 'sloppy' })
          .then([{ type: 'Opened', data: { by: 'me', extra: 1 } as object }]),
    ],
    [
      'what was given is not as the contract has it',
      () =>
        given([{ type: 'Opened', data: { by: 1 as never } }])
          .when('Open', { id: 'a' })
          .then([]),
    ],
    [
      'the command is not as the contract has it',
      () =>
        given()
          .when('Open', { id: 1 as never })
          .then([]),
    ],
  ])('fails when %s', (_why, example) => {
    expect(example).toThrow(AssertionError);
  });
});

/** A sum that knows how to add, and loses it in a snapshot. */
class Sum {
  constructor(readonly value: number) {}
}

it('fails where a state would come out of a snapshot as another one', () => {
  const sums = (initial: unknown) =>
    specification(
      { ...door, initial: true, evolve: { Opened: () => initial as boolean } },
      new SchemaValidator({ definitions: { Open: {}, Opened: {} } }),
    )([opened]).when('Open', { id: 'a' });
  sums(new Map([['a', 1n]])).then([]);
  expect(() => sums(new Sum(1))).toThrow(/the state of Door-a would come out of a snapshot/);
  expect(() => sums(() => 1)).toThrow(/could not be cloned/);
});
