import { describe, expect, it } from 'vitest';
import { storeKinds } from './logs.js';
import { deckOf, scheduleOf } from './schedule.js';

describe.each(storeKinds)('a schedule for logs in the store %s', (store) => {
  const scheduled = (seed: number, round: number) =>
    scheduleOf(store, seed, round, () => true).faults.map(({ atMs, description }) => ({ atMs, description }));

  it('is the same for the same seed and round', () => {
    for (let round = 0; round < 60; round++) expect(scheduled(7, round)).toEqual(scheduled(7, round));
    expect(scheduled(7, 1)).not.toEqual(scheduled(8, 1));
  });

  it('has every kind of fault in as many rounds as its deck has cards', () => {
    const deck = deckOf(store);
    const dealt = deck.flatMap((_, round) => scheduleOf(store, 3, round, () => true).faults);
    expect(new Set(dealt.map(({ name }) => name))).toEqual(new Set(deck.map(({ name }) => name)));
  });
});
