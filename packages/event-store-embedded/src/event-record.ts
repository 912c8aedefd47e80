import { crc32 } from 'node:zlib';
import type { EventMetadata, Json, ProposedEvent, RecordedEvent } from '@shelfmark/event-sourcing';
import { StoreDamaged } from './store-errors.js';

/*
 * A record of the log, little-endian:
 *
 *    0  u32  CRC-32 of everything after it
 *    4  u32  number of the stream
 *    8  u32  revision
 *   12  u48  position of the event before it in its stream, 0 for the first
 *   18  u32  bytes of the stream's name
 *   22  u32  bytes of the event's id
 *   26       name, id, then the JSON text of [type, data, metadata], all UTF-8
 *
 * The name is in every record so that the log alone is the truth: everything else in the store can be derived from it.
 */
const headerBytes = 26;
const slabBytes = 256 * 1024;

/** An event that is already encoded, but for what only its place in the log decides. */
export interface EventDraft {
  readonly id: string;
  /** JSON of [type, data, metadata], for whoever is told about the event without reading it back. */
  readonly body: string;
  readonly record: Buffer;
  /** What {@link maxAppendBytes} counts. */
  readonly weightBytes: number;
}

let slab = Buffer.alloc(0);
let slabUsed = 0;

/** Many records share one allocation: LMDB asks for the address of each array buffer that it is handed. */
function allocate(bytes: number): Buffer {
  if (bytes > slabBytes / 4) return Buffer.allocUnsafeSlow(bytes);
  if (slabUsed + bytes > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes);
    slabUsed = 0;
  }
  slabUsed += bytes;
  return slab.subarray(slabUsed - bytes, slabUsed);
}

export function draftEvent(stream: string, { id, type, data, metadata }: ProposedEvent): EventDraft {
  const dataText = JSON.stringify(data);
  const metadataText = JSON.stringify(metadata);
  if (dataText === undefined || metadataText === undefined) throw new TypeError(`an event for ${stream} has no data`);
  const body = `[${JSON.stringify(type)},${dataText},${metadataText}]`;
  const nameBytes = Buffer.byteLength(stream);
  const idBytes = Buffer.byteLength(id);
  const record = allocate(headerBytes + nameBytes + idBytes + Buffer.byteLength(body));
  record.writeUInt32LE(nameBytes, 18);
  record.writeUInt32LE(idBytes, 22);
  let offset = headerBytes;
  offset += record.write(stream, offset);
  offset += record.write(id, offset);
  record.write(body, offset);
  return { id, body, record, weightBytes: Buffer.byteLength(dataText) + Buffer.byteLength(metadataText) };
}

/** Writes into a draft's record where in its stream it came to lie. */
export function placeRecord(record: Buffer, streamNumber: number, revision: number, previousPosition: number): void {
  record.writeUInt32LE(streamNumber, 4);
  record.writeUInt32LE(revision, 8);
  record.writeUIntLE(previousPosition, 12, 6);
  record.writeUInt32LE(crc32(record.subarray(4)), 0);
}

/** A record as it lies in the log; its fields are decoded when asked for. */
export class EventRecord {
  /** @throws StoreDamaged when it is too short to be asked anything */
  constructor(
    readonly position: number,
    readonly bytes: Buffer,
  ) {
    if (bytes.length < headerBytes) throw new StoreDamaged(position, `it is cut after ${bytes.length} bytes`);
  }

  /** What is wrong with the record, if anything. */
  get fault(): string | undefined {
    try {
      this.decode();
      return undefined;
    } catch (error) {
      return error instanceof StoreDamaged ? error.detail : `its event cannot be parsed: ${(error as Error).message}`;
    }
  }

  get streamNumber(): number {
    return this.bytes.readUInt32LE(4);
  }

  get revision(): number {
    return this.bytes.readUInt32LE(8);
  }

  get previousPosition(): number {
    return this.bytes.readUIntLE(12, 6);
  }

  get stream(): string {
    return this.bytes.toString('utf8', headerBytes, headerBytes + this.#nameBytes);
  }

  get id(): string {
    const start = headerBytes + this.#nameBytes;
    return this.bytes.toString('utf8', start, start + this.#idBytes);
  }

  /** @throws StoreDamaged when these are not the bytes that were written */
  decode(): RecordedEvent {
    if (crc32(this.bytes.subarray(4)) !== this.bytes.readUInt32LE(0)) {
      throw new StoreDamaged(this.position, 'its checksum does not match');
    }
    const body = this.bytes.toString('utf8', headerBytes + this.#nameBytes + this.#idBytes);
    return recordedEvent(this.id, body, this.stream, this.revision, this.position);
  }

  get #nameBytes(): number {
    return this.bytes.readUInt32LE(18);
  }

  get #idBytes(): number {
    return this.bytes.readUInt32LE(22);
  }
}

export function recordedEvent(
  id: string,
  body: string,
  stream: string,
  revision: number,
  position: number,
): RecordedEvent {
  const [type, data, metadata] = JSON.parse(body) as [string, Json, EventMetadata];
  return { id, type, data, metadata, stream, revision, position: BigInt(position) };
}
