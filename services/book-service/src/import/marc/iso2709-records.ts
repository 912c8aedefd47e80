import { type MarcField, type MarcRecord, type NumberedRecord, isControl, isRead } from './marc-record.js';
import { decodeMarc8 } from './marc8.js';

const [recordEnd, fieldEnd, delimiter, escape] = [0x1d, 0x1e, 0x1f, 0x1b];
const leaderBytes = 24;
const entryBytes = 12;

/** A record has five digits for its length. What is longer lacks the end of a record, and is not kept in memory. */
const maxRecordBytes = 100_000;

/** What of a record's first bytes is the same in all of MARC 21, after the length. */
const leaderPattern = /^\d{5}[ -~]{5}22\d{5}[ -~]{3}45/;

class Damage extends Error {
  constructor(
    readonly reason: string,
    readonly tag?: string,
  ) {
    super(reason);
  }
}

/** Whether a file that begins like this is one of records in ISO 2709: no text has the marks that end its fields and part them. */
export function beginsIso2709(head: string): boolean {
  return head.includes(String.fromCharCode(fieldEnd)) && head.includes(String.fromCharCode(delimiter));
}

/**
 * Makes records of the bytes of a file in ISO 2709, as MARC 21 has it, in MARC-8 or UTF-8. A damaged record is lost alone: where one ends is told by
 * its mark, and a record whose mark is missing ends where another one begins that is whole.
 */
export class Iso2709Records {
  #pending: Buffer = Buffer.alloc(0);
  #record = 0;
  /** Whether the beginning of what is pending was let go of, because it is too long. */
  #isOverlong = false;

  /** Takes the next bytes of the file. @returns the records that are complete by now */
  push(bytes: Uint8Array): NumberedRecord[] {
    const all = this.#pending.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#pending, bytes]);
    const records: NumberedRecord[] = [];
    let start = 0;
    for (let end = all.indexOf(recordEnd); end >= 0; end = all.indexOf(recordEnd, start)) {
      records.push(...this.#recordsIn(all.subarray(start, end + 1)));
      start = end + 1;
    }
    this.#pending = Buffer.from(all.subarray(start));
    if (this.#pending.length > 2 * maxRecordBytes) {
      this.#isOverlong = true;
      this.#pending = Buffer.alloc(0);
    }
    return records;
  }

  /** @returns what is left when the file has ended */
  end(): NumberedRecord[] {
    const rest = withoutPadding(this.#pending);
    if (rest.length === 0 && !this.#isOverlong) return [];
    return [{ record: ++this.#record, damage: 'the file ends before the record does' }];
  }

  #recordsIn(frame: Buffer): NumberedRecord[] {
    if (this.#isOverlong) {
      this.#isOverlong = false;
      return [{ record: ++this.#record, damage: tooLong }];
    }
    const bytes = withoutPadding(frame);
    const whole = lengthSaidIn(bytes) === bytes.length ? 0 : wholeRecordAt(bytes);
    if (whole === undefined) return [this.#read(bytes)];
    const lost = whole > 0 ? [{ record: ++this.#record, damage: 'the mark at its end is missing' }] : [];
    return [...lost, this.#read(bytes.subarray(whole))];
  }

  #read(bytes: Buffer): NumberedRecord {
    const record = ++this.#record;
    try {
      return { record, marc: readRecord(bytes) };
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      const { reason, tag } = error;
      return { record, damage: reason, ...(tag !== undefined && { tag }) };
    }
  }
}

const tooLong = `the record is longer than ${maxRecordBytes} bytes`;

/** What some programs put between records, or at the end of a file. */
function withoutPadding(bytes: Buffer): Buffer {
  let start = 0;
  if (bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0xefbbbf) start = 3;
  while (start < bytes.length && [0x00, 0x0a, 0x0d, 0x1a, 0x20].includes(bytes[start]!)) start++;
  return bytes.subarray(start);
}

function lengthSaidIn(bytes: Buffer): number {
  return leaderPattern.test(bytes.toString('latin1', 0, leaderBytes)) ? Number(bytes.toString('latin1', 0, 5)) : NaN;
}

/** Where in the bytes a record begins that is whole, and ends as they do. */
function wholeRecordAt(bytes: Buffer): number | undefined {
  for (let start = 1; start < bytes.length - leaderBytes; start++) {
    if (lengthSaidIn(bytes.subarray(start, start + leaderBytes)) === bytes.length - start) return start;
  }
  return undefined;
}

/** @throws Damage */
function readRecord(bytes: Buffer): MarcRecord {
  const leader = bytes.toString('latin1', 0, leaderBytes);
  if (!leaderPattern.test(leader)) throw new Damage('its leader is damaged');
  const length = Number(leader.slice(0, 5));
  if (length !== bytes.length) throw new Damage(`its leader says ${length} bytes, and it has ${bytes.length}`);
  const base = Number(leader.slice(12, 17));
  const directory = bytes.toString('latin1', leaderBytes, base - 1);
  if (base > bytes.length || bytes[base - 1] !== fieldEnd || directory.length % entryBytes !== 0) {
    throw new Damage('its directory is damaged');
  }
  const fields: MarcField[] = [];
  for (let at = 0; at < directory.length; at += entryBytes) {
    const [, tag, size, place] = /^([0-9A-Za-z]{3})(\d{4})(\d{5})$/.exec(directory.slice(at, at + entryBytes)) ?? [];
    if (tag === undefined) throw new Damage('its directory is damaged');
    const start = base + Number(place);
    const end = start + Number(size) - 1;
    if (end >= bytes.length || end < start || bytes[end] !== fieldEnd)
      throw new Damage('its directory is damaged', tag);
    if (isRead(tag)) fields.push(readField(tag, bytes.subarray(start, end), leader));
  }
  return { leader, fields };
}

function readField(tag: string, bytes: Buffer, leader: string): MarcField {
  const decode = leader[9] === 'a' || isUtf8AfterAll(bytes) ? decodeUtf8 : decodeMarc8;
  const text = (part: Uint8Array): string => {
    const decoded = decode(part);
    if ('fault' in decoded) throw new Damage(decoded.fault, tag);
    return decoded.text;
  };
  if (isControl(tag)) return { tag, subfields: [{ code: '', value: text(bytes) }] };
  const parts = split(bytes, delimiter);
  const indicator2 = String.fromCharCode(parts[0]![1] ?? 0x20);
  const subfields = parts
    .slice(1)
    .map((part) => ({ code: String.fromCharCode(part[0]!), value: text(part.subarray(1)) }));
  return { tag, indicator2, subfields };
}

function split(bytes: Buffer, separator: number): Buffer[] {
  const parts: Buffer[] = [];
  let start = 0;
  for (let end = bytes.indexOf(separator); end >= 0; end = bytes.indexOf(separator, start)) {
    parts.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return [...parts, bytes.subarray(start)];
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): { readonly text: string } | { readonly fault: string } {
  try {
    return { text: utf8.decode(bytes).normalize('NFC') };
  } catch {
    return { fault: 'it holds bytes that are not UTF-8' };
  }
}

/** Many records in UTF-8 do not say so. What is well-formed UTF-8 makes no words in MARC-8: two bytes of its marks and signs in a row. */
function isUtf8AfterAll(bytes: Buffer): boolean {
  return !bytes.includes(escape) && bytes.some((byte) => byte >= 0x80) && 'text' in decodeUtf8(bytes);
}
