import { open } from 'node:fs/promises';

export type Encoding = 'UTF-8' | 'UTF-16LE' | 'UTF-16BE' | 'Windows-1252';

/** What a file holds, a piece at a time. */
export interface TextPiece {
  readonly text: string;
  /** So much of the file has been read. */
  readonly bytes: number;
}

/** Small enough that what is done about one piece does not keep others waiting. */
const pieceBytes = 64 * 1024;

/** Stands for bytes that are not in the encoding. */
export const replacementCharacter = '\ufffd';

const byteOrderMarks: readonly (readonly [Encoding, readonly number[]])[] = [
  ['UTF-8', [0xef, 0xbb, 0xbf]],
  ['UTF-16LE', [0xff, 0xfe]],
  ['UTF-16BE', [0xfe, 0xff]],
];

/** The encoding that a file's first bytes declare. */
export function declaredEncoding(head: Uint8Array): Encoding | undefined {
  return byteOrderMarks.find(([, mark]) => mark.every((byte, index) => head[index] === byte))?.[0];
}

/**
 * The encoding that a file declares, or else the more likely one of UTF-8 and Windows-1252. A text in Windows-1252 hardly ever holds
 * sequences that are UTF-8, so one in UTF-8 with a few broken bytes is still recognised, and only its broken rows are lost.
 */
export async function detectEncoding(path: string): Promise<Encoding> {
  let wellFormed = 0;
  let malformed = 0;
  for await (const { text, bytes } of readText(path, 'UTF-8')) {
    if (bytes <= pieceBytes) {
      const declared = declaredEncoding(await headOf(path));
      if (declared !== undefined) return declared;
    }
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code === 0xfffd) malformed++;
      else if (code > 0x7f) wellFormed++;
    }
  }
  return malformed > wellFormed ? 'Windows-1252' : 'UTF-8';
}

/** The encoding that XML declares; UTF-8 where it declares none. Of those that are a part of Windows-1252, that. */
export function xmlEncoding(head: Uint8Array): Encoding {
  const declared = declaredEncoding(head);
  if (declared !== undefined) return declared;
  const [, name = ''] = /^\s*<\?xml[^>]*?encoding=["']([\w-]+)["']/.exec(Buffer.from(head).toString('latin1')) ?? [];
  return /^(?:iso-8859-1|latin1|us-ascii|windows-1252|cp1252)$/i.test(name) ? 'Windows-1252' : 'UTF-8';
}

/** Reads a file as text, without a byte order mark. */
export async function* readText(path: string, encoding: Encoding): AsyncGenerator<TextPiece> {
  const decoder = decoderOf(encoding);
  let read = 0;
  for await (const { content, bytes } of readBytes(path)) {
    read = bytes;
    const text = decoder.decode(content, true);
    if (text !== '') yield { text, bytes };
  }
  const rest = decoder.decode(new Uint8Array(), false);
  if (rest !== '') yield { text: rest, bytes: read };
}

/** Reads a file; each piece is only good until the next one is asked for. */
export async function* readBytes(path: string): AsyncGenerator<{ readonly content: Buffer; readonly bytes: number }> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(pieceBytes);
    for (let position = 0; ;) {
      const { bytesRead } = await file.read(buffer, 0, pieceBytes, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield { content: buffer.subarray(0, bytesRead), bytes: position };
    }
  } finally {
    await file.close();
  }
}

/** The first bytes of a file as text; a character that is cut off at the end is left out. */
export function decodeHead(head: Uint8Array, encoding = declaredEncoding(head) ?? 'UTF-8'): string {
  return decoderOf(encoding).decode(head, true);
}

/** The first bytes of a file, enough for any header that is taken. */
export async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2 * pieceBytes), 0, 2 * pieceBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

interface Decoder {
  /** @param more whether other bytes follow, so that the last ones may be the beginning of a character */
  decode(bytes: Uint8Array, more: boolean): string;
}

function decoderOf(encoding: Encoding): Decoder {
  if (encoding === 'Windows-1252') return { decode: decodeWindows1252 };
  const decoder = new TextDecoder(encoding);
  return { decode: (bytes, more) => decoder.decode(bytes, { stream: more }) };
}

/** What Windows-1252 has where Latin-1 has control characters; its five gaps stay those, as the WHATWG Encoding Standard has it. */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** By hand, since the TextDecoder of some releases of Node 20 and 22 takes Windows-1252 for Latin-1. */
function decodeWindows1252(bytes: Uint8Array): string {
  const latin1 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return latin1.replace(/[\x80-\x9f]/g, (character) => windows1252[character.charCodeAt(0) - 0x80]!);
}
