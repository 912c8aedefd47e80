import { describe, expect, it } from 'vitest';
import { Chain } from './chain.js';
import type { ChainLink } from './message.js';

const mirror = { logId: 'log', generation: 2 };
const first: ChainLink = { id: 'a', ...mirror, sequence: 1, position: 10n, previousPosition: undefined };
const second: ChainLink = { id: 'b', ...mirror, sequence: 2, position: 15n, previousPosition: 10n };

describe('a chain', () => {
  it('goes on from link to link, also where positions are not dense', () => {
    const chain = Chain.from(mirror, 1);
    expect(chain.follow(first)).toBeUndefined();
    expect(chain.follow(second)).toBeUndefined();
  });

  it('goes on after a link that is known', () => {
    expect(Chain.after(mirror, first).follow(second)).toBeUndefined();
  });

  it('goes on from a place where what came before is not known', () => {
    const chain = Chain.from(mirror, 2);
    expect(chain.follow(second)).toBeUndefined();
    expect(chain.follow({ ...second, sequence: 3, position: 16n, previousPosition: 15n })).toBeUndefined();
    expect(Chain.from(mirror, 2).follow({ ...second, previousPosition: undefined })).toEqual(expect.any(String));
  });

  it.each<[string, Partial<ChainLink>]>([
    ['a sequence is missing', { sequence: 3 }],
    ['the event before it is another', { previousPosition: 9n }],
    ['there is no event before it', { previousPosition: undefined }],
    ['it goes back', { position: 10n }],
    ['it is of another log', { logId: 'other' }],
    ['it is of another generation', { generation: 1 }],
  ])('is broken where %s', (_what, change) => {
    expect(Chain.after(mirror, first).follow({ ...second, ...change })).toEqual(expect.any(String));
  });

  it('begins with the log’s first event', () => {
    expect(Chain.from(mirror, 1).follow({ ...second, sequence: 1 })).toEqual(expect.any(String));
  });
});
