import { isUtf8 } from 'node:buffer';
import type { EventMetadata, ProposedEvent, RecordedEvent } from '@shelfmark/event-sourcing';

/** An event as a client proposes it. */
export interface ProposedRecord {
  readonly id: string;
  readonly type: string;
  readonly contentType: string;
  readonly data: Uint8Array;
  readonly customMetadata: Uint8Array;
}

/** An event as clients read it. */
export interface Record extends ProposedRecord {
  readonly stream: string;
  readonly revision: bigint;
  readonly position: bigint;
  readonly created: Date;
}

/** Bytes in the log: text where they are UTF-8, so that an export can be read; nothing else is JSON's to keep. */
type StoredBytes = string | { readonly base64: string };

/** What the log holds as an event's metadata. It is the server's own; a client's metadata are bytes inside of it. */
interface StoredMetadata {
  /** An RFC 3339 instant: when the server took the event. */
  readonly time: string;
  readonly contentType: string;
  /** Left out when there is none. */
  readonly customMetadata?: StoredBytes;
  /** This is no event of a client but the end of its stream. */
  readonly tombstone?: true;
}

export const json = 'application/json';
export const octetStream = 'application/octet-stream';
export const linkType = '$>';

/** What clients see as the revision of a tombstone. */
const tombstoneRevision = 2n ** 63n - 1n;

/** An event on its way into the log. */
export function toLog(record: ProposedRecord, now: Date): ProposedEvent {
  const { id, type, contentType, data, customMetadata } = record;
  return proposed(id, type, store(data), {
    time: now.toISOString(),
    contentType,
    ...(customMetadata.length === 0 ? {} : { customMetadata: store(customMetadata) }),
  });
}

/** What ends a stream for ever, as its last event. */
export function tombstone(id: string, now: Date): ProposedEvent {
  return proposed(id, '$streamDeleted', '', { time: now.toISOString(), contentType: octetStream, tombstone: true });
}

export function isTombstone(event: RecordedEvent): boolean {
  return metadataOf(event).tombstone === true;
}

/** An event out of the log. */
export function fromLog(event: RecordedEvent): Record {
  const { time, contentType, customMetadata } = metadataOf(event);
  return {
    id: event.id,
    type: event.type,
    contentType,
    data: load(event.data as StoredBytes),
    customMetadata: customMetadata === undefined ? Buffer.alloc(0) : load(customMetadata),
    stream: event.stream,
    revision: isTombstone(event) ? tombstoneRevision : BigInt(event.revision),
    position: event.position,
    created: new Date(time),
  };
}

/** The log's port asks for a command's metadata, which a client of this server does not send. */
function proposed(id: string, type: string, data: StoredBytes, metadata: StoredMetadata): ProposedEvent {
  return { id, type, data, metadata: metadata as unknown as EventMetadata };
}

function metadataOf(event: RecordedEvent): StoredMetadata {
  return event.metadata as unknown as StoredMetadata;
}

function store(bytes: Uint8Array): StoredBytes {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? buffer.toString('utf8') : { base64: buffer.toString('base64') };
}

function load(stored: StoredBytes): Buffer {
  return typeof stored === 'string' ? Buffer.from(stored, 'utf8') : Buffer.from(stored.base64, 'base64');
}
