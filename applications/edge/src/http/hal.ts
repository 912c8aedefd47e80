export interface Link {
  readonly href: string;
  readonly templated?: true;
}

export type Links = Readonly<Record<string, Link>>;

/** A representation in HAL (draft-kelly-json-hal). */
export interface HalDocument {
  readonly [member: string]: unknown;
  readonly _links: Links;
}

export function isHalDocument(body: unknown): body is HalDocument {
  return typeof body === 'object' && body !== null && '_links' in body;
}

/** Ids need no escaping: they are UUIDs, some with a dot and a number. */
export function linkTo(...path: readonly string[]): Link {
  return { href: path.join('/') };
}

/** An instant that the view data has as text, to be written as RFC 3339 has it. */
export function dateOrNull(text: string | null): Date | null {
  return text === null ? null : new Date(text);
}
