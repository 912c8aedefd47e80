import { isUtf8 } from 'node:buffer';
import type { RecordedEvent } from '@shelfmark/event-sourcing';
import type { Resolved } from './event-database.js';
import { fromLog, type ProposedRecord } from './event.js';
import { InvalidArgument } from './errors.js';
import { protobufTimestamp, shared } from './protocol.js';

/** Both kinds of append propose events in messages of this shape. */
interface ProposedMessage {
  getId(): shared.UUID | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getCustomMetadata_asU8(): Uint8Array;
  getData_asU8(): Uint8Array;
}

/** Events are read in messages of this shape, from streams and by persistent subscriptions. */
interface RecordedMessage {
  setId(id: shared.UUID): unknown;
  setStreamIdentifier(stream: shared.StreamIdentifier): unknown;
  setStreamRevision(revision: string): unknown;
  setPreparePosition(position: string): unknown;
  setCommitPosition(position: string): unknown;
  getMetadataMap(): { set(key: string, value: string): unknown };
  setCustomMetadata(bytes: Uint8Array): unknown;
  setData(bytes: Uint8Array): unknown;
}

interface ReadEventMessage<Recorded> {
  setEvent(event: Recorded): unknown;
  setLink(event: Recorded): unknown;
  setCommitPosition(position: string): unknown;
}

const ticksPerMs = 10_000n;

export function proposedRecord(message: ProposedMessage): ProposedRecord {
  const type = message.getMetadataMap().get('type');
  const contentType = message.getMetadataMap().get('content-type');
  if (type === undefined || type === '') throw new InvalidArgument('an event needs a type in its metadata');
  if (contentType === undefined) throw new InvalidArgument('an event needs a content-type in its metadata');
  return {
    id: uuidText(message.getId()),
    type,
    contentType,
    data: message.getData_asU8(),
    customMetadata: message.getCustomMetadata_asU8(),
  };
}

/** Fills an event into the message that it is read in. */
export function readEvent<Recorded extends RecordedMessage, Message extends ReadEventMessage<Recorded>>(
  message: Message,
  newRecorded: () => Recorded,
  { event, link }: Resolved,
  structuredIds: boolean,
): Message {
  const recorded = (event: RecordedEvent): Recorded => fillRecorded(newRecorded(), event, structuredIds);
  if (event !== undefined) message.setEvent(recorded(event));
  if (link !== undefined) message.setLink(recorded(link));
  message.setCommitPosition(String((link ?? event)!.position));
  return message;
}

function fillRecorded<Recorded extends RecordedMessage>(
  message: Recorded,
  event: RecordedEvent,
  structuredIds: boolean,
): Recorded {
  const record = fromLog(event);
  message.setId(uuid(record.id, structuredIds));
  message.setStreamIdentifier(streamIdentifier(record.stream));
  message.setStreamRevision(String(record.revision));
  message.setCommitPosition(String(record.position));
  message.setPreparePosition(String(record.position));
  message.getMetadataMap().set('type', record.type);
  message.getMetadataMap().set('content-type', record.contentType);
  message.getMetadataMap().set('created', String(BigInt(record.created.getTime()) * ticksPerMs));
  message.setCustomMetadata(record.customMetadata);
  message.setData(record.data);
  return message;
}

export function streamIdentifier(name: string): shared.StreamIdentifier {
  return new shared.StreamIdentifier().setStreamName(Buffer.from(name, 'utf8'));
}

/** @throws InvalidArgument where there is no name, or bytes that are none */
export function streamNameOf(identifier: shared.StreamIdentifier | undefined): string {
  const bytes = Buffer.from(identifier?.getStreamName_asU8() ?? []);
  if (bytes.length === 0) throw new InvalidArgument('a stream needs a name');
  if (!isUtf8(bytes)) throw new InvalidArgument("a stream's name must be UTF-8");
  return bytes.toString('utf8');
}

export function uuid(text: string, structured = false): shared.UUID {
  if (!structured) return new shared.UUID().setString(text);
  const bits = BigInt(`0x${text.replaceAll('-', '')}`);
  return new shared.UUID().setStructured(
    new shared.UUID.Structured()
      .setMostSignificantBits(String(BigInt.asIntN(64, bits >> 64n)))
      .setLeastSignificantBits(String(BigInt.asIntN(64, bits))),
  );
}

/** The text of an id, in whichever form it came. */
export function uuidText(message: shared.UUID | undefined): string {
  const structured = message?.getStructured();
  const text =
    structured === undefined
      ? (message?.getString() ?? '').toLowerCase()
      : uuidOfBits(BigInt(structured.getMostSignificantBits()), BigInt(structured.getLeastSignificantBits()));
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) throw new InvalidArgument(`"${text}" is not a UUID`);
  return text;
}

function uuidOfBits(most: bigint, least: bigint): string {
  const hex = ((BigInt.asUintN(64, most) << 64n) | BigInt.asUintN(64, least)).toString(16).padStart(32, '0');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function timestamp(date: Date): protobufTimestamp.Timestamp {
  const message = new protobufTimestamp.Timestamp();
  message.fromDate(date);
  return message;
}
