import { queriedWords } from '@shelfmark/contracts';

/** For a word that was asked for, the words of the catalogue that may have been meant. */
export type Spellings = ReadonlyMap<string, readonly string[]>;

/** Of shorter words too many are alike, and a longer one may have more slips. */
const minCorrectedCharacters = 4;
/** For one word. */
export const maxSpellings = 5;
/** More words than a query has that is typed. */
export const maxCorrectedWords = 20;

/**
 * The words that are so near to the one that was typed that it may be a slip: one edit (a character more, less, another, or two
 * that changed places) for every four characters. Of those that are equally near, what comes first in the candidates.
 */
export function nearest(typed: string, candidates: readonly string[]): string[] {
  const allowed = Math.floor(Array.from(typed).length / minCorrectedCharacters);
  return candidates
    .map((word) => ({ word, edits: editsBetween(typed, word) }))
    .filter(({ edits }) => edits > 0 && edits <= allowed)
    .sort((one, other) => one.edits - other.edits)
    .slice(0, maxSpellings)
    .map(({ word }) => word);
}

/** Optimal string alignment distance, by the dynamic programme of Wagner and Fischer. */
function editsBetween(from: string, to: string): number {
  const [a, b] = [Array.from(from), Array.from(to)];
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j]!, beforeLast[j - 2]! + 1);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** For a cursor, which leads through the list that these spellings made, whatever words the catalogue has got by then. */
export function formatSpellings(spellings: Spellings): unknown {
  return [...spellings];
}

/** @returns undefined for anything that {@link formatSpellings} cannot have made */
export function parseSpellings(value: unknown): Spellings | undefined {
  if (!Array.isArray(value) || value.length > maxCorrectedWords) return undefined;
  const spellings = new Map<string, readonly string[]>();
  for (const entry of value) {
    if (!Array.isArray(entry) || entry.length !== 2) return undefined;
    const [word, others] = entry as unknown[];
    if (!isWord(word) || !Array.isArray(others) || others.length > maxSpellings || !others.every(isWord))
      return undefined;
    spellings.set(word, others);
  }
  return spellings;
}

/** Whether it is one folded word, which means nothing to a tsquery but itself. */
function isWord(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > 100) return false;
  const words = queriedWords(value);
  return words.length === 1 && words[0] === value;
}
