/** A record of MARC 21, as far as the catalogue reads it. */
export interface MarcRecord {
  /** Its first 24 characters, which tell what kind of record it is. */
  readonly leader: string;
  readonly fields: readonly MarcField[];
}

export interface MarcField {
  readonly tag: string;
  /** The second of its indicators. Control fields have none. */
  readonly indicator2?: string;
  readonly subfields: readonly MarcSubfield[];
}

/** A control field is one subfield without a code. */
export interface MarcSubfield {
  readonly code: string;
  readonly value: string;
}

/** A record of a file with its number, the first being 1; or why what stands there is none. */
export type NumberedRecord = { readonly record: number } & (
  { readonly marc: MarcRecord } | { readonly damage: string; readonly tag?: string }
);

/** Those that the catalogue reads. What is damaged in others does no harm. */
const readTags = /^(?:001|003|008|020|041|100|110|245|260|264|600|650|651|700|852|901|952)$/;

export function isRead(tag: string): boolean {
  return readTags.test(tag);
}

export function isControl(tag: string): boolean {
  return tag.startsWith('00');
}
