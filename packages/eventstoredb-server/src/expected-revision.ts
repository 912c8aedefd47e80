import type { ExpectedRevision } from '@shelfmark/event-sourcing';

const numbers = { none: -1n, any: -2n, exists: -4n } as const;

/** An expected revision where one number says it all. */
export function expectedNumber(expected: ExpectedRevision): bigint {
  return typeof expected === 'number' ? BigInt(expected) : numbers[expected];
}

/** The inverse; `undefined` for a number that says nothing. */
export function fromExpectedNumber(text: string): ExpectedRevision | undefined {
  switch (text) {
    case '-1':
      return 'none';
    case '-2':
      return 'any';
    case '-4':
      return 'exists';
    default:
      return text.startsWith('-') ? undefined : revisionOf(text);
  }
}

/** A revision as a request carries it. No stream has as many events as 2^53, so what is lost beyond it says nothing. */
export function revisionOf(text: string): number {
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
}

/** Requests carry what they expect as one of four fields, under different names. */
export function expectedRevision(fields: {
  readonly revision: string | undefined;
  readonly none: boolean;
  readonly exists: boolean;
}): ExpectedRevision {
  if (fields.revision !== undefined) return revisionOf(fields.revision);
  if (fields.none) return 'none';
  return fields.exists ? 'exists' : 'any';
}
