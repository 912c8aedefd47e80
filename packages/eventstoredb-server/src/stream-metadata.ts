/** The metadata of a stream are the last event of its metastream. Their access list is kept and not looked at. */
export interface StreamMetadata {
  readonly maxCount: number | undefined;
  readonly maxAgeSeconds: number | undefined;
  readonly truncateBefore: number;
  readonly softDeleted: boolean;
}

export const metadataType = '$metadata';
const metastreamPrefix = '$$';

export function isMetastream(stream: string): boolean {
  return stream.startsWith(metastreamPrefix);
}

export function metastreamOf(stream: string): string {
  return metastreamPrefix + stream;
}

export function originalOf(stream: string): string {
  return isMetastream(stream) ? stream.slice(metastreamPrefix.length) : stream;
}

/** A truncation before the last possible revision, 2^63 - 1, is how a soft deletion is written. JavaScript rounds it up. */
const deleted = 2 ** 63;

export const softDeletion = Buffer.from('{"$tb":9223372036854775807}');
export const noMetadata: StreamMetadata = {
  maxCount: undefined,
  maxAgeSeconds: undefined,
  truncateBefore: 0,
  softDeleted: false,
};
/** Of a metastream only the last event counts. */
export const metadataOfMetastream: StreamMetadata = { ...noMetadata, maxCount: 1 };

/** Metadata that are no JSON object say nothing. */
export function parseMetadata(bytes: Uint8Array): StreamMetadata {
  const fields = parseObject(bytes);
  const integer = (name: string): number | undefined => {
    const value = fields[name];
    return Number.isInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
  };
  const truncateBefore = integer('$tb') ?? 0;
  return {
    maxCount: integer('$maxCount'),
    maxAgeSeconds: integer('$maxAge'),
    truncateBefore,
    softDeleted: truncateBefore >= deleted,
  };
}

/** The same metadata, but for a stream that begins anew at a revision. */
export function beginningAt(bytes: Uint8Array, revision: number): Buffer {
  return Buffer.from(JSON.stringify({ ...parseObject(bytes), $tb: revision }));
}

function parseObject(bytes: Uint8Array): { readonly [name: string]: unknown } {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as { [name: string]: unknown }) : {};
  } catch {
    return {};
  }
}
