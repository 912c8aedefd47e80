/** In NFC, with single spaces; and out of `="…"`, by which Excel is kept from making a number of it. */
export function plainText(field: string): string {
  const text = field.normalize('NFC').replace(/\s+/g, ' ').trim();
  return /^="(.*)"$/.exec(text)?.[1]?.trim() ?? text;
}

/** Tables make 2008.0 of 2008. What is no number stays what it is, for the contract to refuse. */
export function numberIn(text: string): number | string | undefined {
  if (text === '') return undefined;
  return /^-?\d{1,9}(?:\.0+)?$/.test(text) ? Number(text) : text;
}

/** A column's name without what people write differently. */
export function plainName(name: string): string {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s_.-]/g, '');
}
