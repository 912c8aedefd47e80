/** What {@link parseIsbn} found: the ISBN-13 without hyphens, or why it is none. */
export type ParsedIsbn = { readonly isbn: string } | { readonly fault: string };

/**
 * Reads an ISBN-10 or ISBN-13, with or without hyphens and spaces, and gives it as an ISBN-13 without them.
 * Check digits by the ISBN Users' Manual, 7th edition: modulus 11 with weights 10 to 1, and modulus 10 with weights 1 and 3.
 */
export function parseIsbn(text: string): ParsedIsbn {
  const characters = text.replace(/[\s\u2010-\u2015-]/gu, '').toUpperCase();
  if (/^\d{9}[\dX]$/.test(characters)) {
    const sum = [...characters].reduce(
      (total, digit, index) => total + (digit === 'X' ? 10 : Number(digit)) * (10 - index),
      0,
    );
    if (sum % 11 !== 0) return { fault: 'the check digit of the ISBN-10 is wrong' };
    const body = `978${characters.slice(0, 9)}`;
    return { isbn: body + checkDigit13(body) };
  }
  if (/^\d{13}$/.test(characters)) {
    if (!/^97[89]/.test(characters)) return { fault: 'an ISBN-13 begins with 978 or 979' };
    if (checkDigit13(characters.slice(0, 12)) !== characters[12])
      return { fault: 'the check digit of the ISBN-13 is wrong' };
    return { isbn: characters };
  }
  if (/[^\dX]/.test(characters)) return { fault: 'an ISBN holds digits, hyphens and at most one X' };
  return { fault: `an ISBN has 10 or 13 digits, not ${characters.length}` };
}

function checkDigit13(body: string): string {
  const sum = [...body].reduce((total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3), 0);
  return String((10 - (sum % 10)) % 10);
}
