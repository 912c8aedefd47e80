import { type ParsedIsbn, parseIsbn } from '@shelfmark/contracts';

/** An ISBN as a table has it, and why what stands there is known to be that one. */
export type ReadIsbn = ParsedIsbn | RepairedIsbn;

export interface RepairedIsbn {
  readonly isbn: string;
  /** How it is certain. */
  readonly repair: string;
}

/** A spreadsheet takes an ISBN for a number; a group that begins with more zeros has no numbers so short. */
const maxLostZeros = 3;

/**
 * Reads an ISBN that a spreadsheet, a scanner or a person may have damaged. It is repaired only where its check digit proves the repair, and
 * where no other ISBN could have come to look like that.
 */
export function readIsbn(text: string): ReadIsbn {
  const bare = text
    .normalize('NFKC')
    // 'ISBN-13: 978…', and the apostrophe that keeps Excel from making a number of it.
    .replace(/^(?:'|isbn(?:[- ]?1[03])?(?::|\s|(?=\d)))\s*/i, '')
    // A qualifier, as in '0-8044-2957-X (pbk.)'.
    .replace(/\s*\([^)]*\)[\s:;.]*$/, '');
  const parsed = parseIsbn(bare);
  if ('isbn' in parsed) return parsed;
  return withoutDecimals(bare) ?? withLostZeros(bare) ?? unrounded(bare) ?? withDigits(bare) ?? parsed;
}

/** Tables make 9780306406157.0 of 9780306406157. */
function withoutDecimals(text: string): ReadIsbn | undefined {
  const digits = /^(\d{7,13})[.,]0+$/.exec(text)?.[1];
  return digits === undefined ? undefined : (proven(digits, 'it had become a number') ?? withLostZeros(digits));
}

function withLostZeros(text: string): ReadIsbn | undefined {
  const characters = text.replace(/[\s-]/g, '');
  const lost = 10 - characters.length;
  if (lost < 1 || lost > maxLostZeros) return undefined;
  return proven('0'.repeat(lost) + characters, 'leading zeros had been lost');
}

/**
 * 9.78043902348e+12 is 978043902348, as far as it goes: each ISBN that is written so when it is rounded may be meant, and one is if it is the only
 * one. With fewer digits there are always several.
 */
function unrounded(text: string): ReadIsbn | undefined {
  const [, first, rest = ''] = /^(\d)(?:[.,](\d{1,12}))?e\+?12$/i.exec(text.replaceAll(' ', '')) ?? [];
  if (first === undefined) return undefined;
  const lost = 12 - rest.length;
  if (lost === 0) return proven(first + rest, 'it had become a number');
  const fault = { fault: `a spreadsheet has rounded it, and ${lost === 1 ? 'a digit is' : `${lost} digits are`} lost` };
  if (lost > 1) return fault;
  const rounded = Number(`${first}${rest}0`);
  // 5 may have been rounded up or, to the even digit, down.
  const numbers = Array.from({ length: 11 }, (_, index) => String(rounded - 5 + index));
  const meant = numbers.flatMap((number) => proven(number, 'a spreadsheet had rounded it') ?? []);
  return meant.length === 1 ? meant[0] : fault;
}

/** A scanner reads O for 0, and I or l for 1. */
function withDigits(text: string): ReadIsbn | undefined {
  return /[oil]/i.test(text)
    ? proven(text.replace(/o/gi, '0').replace(/[il]/gi, '1'), 'letters stood for digits')
    : undefined;
}

function proven(text: string, repair: string): ReadIsbn | undefined {
  const parsed = parseIsbn(text);
  return 'isbn' in parsed ? { ...parsed, repair } : undefined;
}
