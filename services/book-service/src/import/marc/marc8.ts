import { characterSets, eastAsian } from './marc8-tables.js';

const escape = 0x1b;

/** Three bytes a character, which makes it unlike all others. */
const eastAsianSet = '1';

/** What MARC-8 has among the control characters: marks around words that sorting skips, and joiners. */
const controls: Readonly<Record<number, string>> = { 0x88: '', 0x89: '', 0x8d: '\u200d', 0x8e: '\u200c' };

/** The superscript alef, alone among the marks, comes after its letter in MARC-8 too. */
const isMark = /^(?!\u0670)\p{M}/u;

/** The second halves of marks over two letters: the first halves stand for both. */
const secondHalves: Readonly<Record<number, string>> = { 0x6c: '', 0x7b: '' };

/**
 * Reads a text in MARC-8, where marks stand before the letter that they belong to; gives it in NFC. By "MARC 21 Specifications for Record
 * Structure, Character Sets, and Exchange Media", character sets, part 2.
 * @param bytes one subfield: each begins with the default sets
 */
export function decodeMarc8(bytes: Uint8Array): { readonly text: string } | { readonly fault: string } {
  let text = '';
  let marks = '';
  // The set that bytes without the high bit are in, and the one that those with it are in.
  const sets: [string, string] = ['B', 'E'];
  for (let index = 0; index < bytes.length;) {
    const byte = bytes[index]!;
    if (byte === escape) {
      const chosen = chosenSet(bytes.subarray(index + 1, index + 4));
      if (!chosen) return { fault: 'it changes to a character set that MARC-8 does not have' };
      sets[chosen.half] = chosen.set;
      index += 1 + chosen.bytes;
      continue;
    }
    const set = sets[byte < 0x80 ? 0 : 1];
    const length = set === eastAsianSet && byte > 0x20 ? 3 : 1;
    const character = characterOf(bytes.subarray(index, index + length), set);
    if (character === undefined) return { fault: 'it holds a character that MARC-8 does not have' };
    if (isMark.test(character)) marks += character;
    else if (character !== '') {
      text += character + marks;
      marks = '';
    }
    index += length;
  }
  return { text: (text + marks).normalize('NFC') };
}

/** What an escape sequence asks for: which half, which set, and how many bytes that took. */
function chosenSet(
  sequence: Uint8Array,
): { readonly half: 0 | 1; readonly set: string; readonly bytes: number } | undefined {
  const text = String.fromCharCode(...sequence);
  // Greek symbols, subscripts and superscripts have a sequence of their own, as has the way back.
  const short = /^[gbps]/.exec(text)?.[0];
  if (short !== undefined) return { half: 0, set: short === 's' ? 'B' : short, bytes: 1 };
  const [whole, half, set] = /^(?:\$?([(,)-])|\$)!?([1-9A-Za-z])/.exec(text) ?? [];
  const isKnown = set !== undefined && (set === eastAsianSet || Object.hasOwn(characterSets, set));
  return isKnown ? { half: half === ')' || half === '-' ? 1 : 0, set, bytes: whole!.length } : undefined;
}

function characterOf(bytes: Uint8Array, set: string): string | undefined {
  const codes = bytes.map((byte) => byte & 0x7f);
  const last = codes.at(-1)!;
  if (codes.length === 3) {
    const firstTwo = ((codes[0]! << 8) | codes[1]!).toString(16).padStart(4, '0');
    // The one space that is as wide as a letter lies outside the rows.
    return firstTwo === '2123' && last === 0x20 ? '\u3000' : present(eastAsian[firstTwo], last);
  }
  const [byte] = bytes as unknown as [number];
  if (byte < 0x21) return String.fromCharCode(byte);
  if (byte >= 0x80 && byte < 0xa1) return controls[byte];
  return (set === 'E' ? secondHalves[last] : undefined) ?? present(characterSets[set], last);
}

function present(row: string | undefined, code: number): string | undefined {
  const character = row?.[code - 0x21];
  return character === ' ' ? undefined : character;
}
