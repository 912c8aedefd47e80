import { headers, type MsgHdrs } from '@nats-io/transport-node';
import type { EventMetadata, RecordedEvent } from '@shelfmark/event-sourcing';
import { HeaderReader } from './header-reader.js';
import { encodeHeaderValue, subjectToken } from './header-value.js';
import { parseJsonBody } from './json-body.js';
import { MalformedMessage } from './malformed-message.js';
import type { Headers } from './received-headers.js';

/** An event as a mirror holds it: the log's event, and its link in the mirror's chain. */
export interface MirroredEvent extends RecordedEvent {
  /** The log that it was copied from; positions of two logs do not compare. */
  readonly logId: string;
  /** Which making of the mirror it is part of. */
  readonly generation: number;
  /** The position of the event before it in the log; `undefined` for the log's first. */
  readonly previousPosition: bigint | undefined;
  /** Its place in the JetStream stream. Another generation may count differently: only a hint where to look. */
  readonly sequence: number;
}

/** What a mirror adds to an event of the log. */
export interface MirrorLink {
  /** The service's word in subjects, such as `book`. */
  readonly service: string;
  /** CloudEvents `source`: a URI reference of who publishes. */
  readonly source: string;
  readonly logId: string;
  readonly generation: number;
  readonly previousPosition: bigint | undefined;
}

/** A message to publish. */
export interface OutgoingMessage {
  readonly subject: string;
  readonly headers: MsgHdrs;
  readonly body: Uint8Array;
}

/** CloudEvents 1.0 in binary mode: attributes and our extensions as headers, the event's data as JSON. */
export function toEventMessage(event: RecordedEvent, link: MirrorLink): OutgoingMessage {
  const { metadata } = event;
  if (event.type === '') throw new MalformedMessage('ce-type', 'is empty');

  const encoded = headers();
  const add = (name: string, value: string) => encoded.append(name, encodeHeaderValue(value));
  encoded.append('ce-specversion', '1.0');
  add('ce-id', event.id);
  add('ce-type', event.type);
  add('ce-source', link.source);
  add('ce-subject', event.stream);
  add('ce-time', metadata.time);
  add('ce-correlationid', metadata.correlationId);
  add('ce-causationid', metadata.causationId);
  add('ce-commandid', metadata.commandId);
  add('ce-commandhash', metadata.commandHash);
  if (metadata.actor !== undefined) add('ce-actor', metadata.actor);
  encoded.append('ce-revision', String(event.revision));
  add('ce-logid', link.logId);
  encoded.append('ce-generation', String(link.generation));
  encoded.append('ce-position', String(event.position));
  if (link.previousPosition !== undefined) encoded.append('ce-previousposition', String(link.previousPosition));
  encoded.append('ce-schemaversion', String(metadata.schemaVersion));
  if (metadata.traceparent !== undefined) add('traceparent', metadata.traceparent);

  return {
    subject: `shelfmark.events.${link.service}.${subjectToken(event.type)}`,
    headers: encoded,
    body: Buffer.from(JSON.stringify(event.data)),
  };
}

/** A message as it comes out of a mirror. */
export interface MirrorMessage {
  readonly headers?: Headers | undefined;
  readonly data: Uint8Array;
}

/**
 * The inverse of {@link toEventMessage}.
 * @param sequence the message's place in its JetStream stream
 * @throws MalformedMessage, which names the header that is missing or wrong
 */
export function fromEventMessage(message: MirrorMessage, sequence: number): MirroredEvent {
  const header = new HeaderReader(message.headers);
  header.assertCloudEvent();
  const { id, logId, generation, position, previousPosition } = readChainLink(header, sequence);
  return {
    id,
    logId,
    generation,
    position,
    previousPosition,
    sequence,
    type: header.text('ce-type'),
    stream: header.text('ce-subject'),
    revision: header.integer('ce-revision'),
    data: parseJsonBody(message.data),
    metadata: readMetadata(header),
  };
}

function readMetadata(header: HeaderReader): EventMetadata {
  const metadata: Writable<EventMetadata> = {
    commandId: header.text('ce-commandid'),
    commandHash: header.text('ce-commandhash'),
    correlationId: header.text('ce-correlationid'),
    causationId: header.text('ce-causationid'),
    time: header.text('ce-time'),
    schemaVersion: header.integer('ce-schemaversion'),
  };
  const actor = header.optionalText('ce-actor');
  const traceparent = header.optionalText('traceparent');
  if (actor !== undefined) metadata.actor = actor;
  if (traceparent !== undefined) metadata.traceparent = traceparent;
  return metadata;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What of a mirrored event makes it a link of the chain. */
export type ChainLink = Pick<
  MirroredEvent,
  'id' | 'logId' | 'generation' | 'position' | 'previousPosition' | 'sequence'
>;

/** Reads a message's link from its headers alone. @throws MalformedMessage */
export function chainLinkOf(message: Pick<MirrorMessage, 'headers'>, sequence: number): ChainLink {
  return readChainLink(new HeaderReader(message.headers), sequence);
}

function readChainLink(header: HeaderReader, sequence: number): ChainLink {
  return {
    id: header.text('ce-id'),
    logId: header.text('ce-logid'),
    generation: header.integer('ce-generation'),
    position: header.position('ce-position'),
    previousPosition: header.optionalPosition('ce-previousposition'),
    sequence,
  };
}
