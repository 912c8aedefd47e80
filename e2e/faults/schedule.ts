import { type FaultKind, type PlannedFault, faultKinds } from './faults.js';
import type { StoreKind } from './logs.js';
import { Random } from './random.js';

/** A fault, and when it happens after the round's beginning. */
export interface Scheduled extends PlannedFault {
  readonly name: string;
  readonly atMs: number;
}

export interface Schedule {
  readonly faults: readonly Scheduled[];
  readonly loadMs: number;
  /** Whether a file of books is imported besides. */
  readonly isImporting: boolean;
  /** Of the clients. */
  readonly random: Random;
}

/** The cards of a library with its logs there. */
export function deckOf(store: StoreKind): readonly FaultKind[] {
  return faultKinds.flatMap((kind) => Array.from({ length: kind.weight[store] }, () => kind));
}

/**
 * What happens in a round. It depends on the store, the seed and the round's number alone, so that a round can be repeated without those
 * before it. The kinds of faults are dealt from a shuffled deck: in as many rounds as it has cards, each kind comes.
 */
export function scheduleOf(
  store: StoreKind,
  seed: number,
  round: number,
  isPossible: (kind: FaultKind) => boolean,
): Schedule {
  const deck = deckOf(store);
  const hand = Math.floor(round / deck.length);
  const dealt = new Random(seed).fork(hand).shuffled(deck)[round % deck.length]!;
  const random = new Random(seed).fork(1_000_000 + round);
  const kinds = [dealt, ...Array.from({ length: random.pick([0, 0, 1, 1, 2]) }, () => random.pick(deck))];
  const loadMs = random.between(1_200, 2_000);
  const faults = kinds
    .map((kind) => (isPossible(kind) ? kind : faultKinds[0]!))
    .map((kind, index) => ({
      name: kind.name,
      atMs: random.between(150, loadMs - 500),
      ...kind.plan(random.fork(10 + index), store),
    }))
    .sort((a, b) => a.atMs - b.atMs);
  return { faults, loadMs, isImporting: random.chance(0.3), random: random.fork(3) };
}
