import {
  jsonEvent,
  type AllStreamRecordedEvent,
  type EventData,
  type Position,
  type RecordedEvent as ServerEvent,
} from '@kurrent/kurrentdb-client';
import {
  AppendTooLarge,
  type EventMetadata,
  type ExpectedRevision,
  type Json,
  maxAppendBytes,
  type ProposedEvent,
  type RecordedEvent,
  type StreamAppend,
} from '@shelfmark/event-sourcing';
import type { LogNames } from './log-names.js';
import { ForeignEvent } from './store-errors.js';

/**
 * Metadata as it lies on the server: texts only, because an append to several streams takes nothing else. What a server adds
 * of its own is not read back.
 */
type StoredMetadata = Readonly<Partial<Record<keyof EventMetadata | typeof positionKey, string>>>;

/** The position that an event had in the store that it was copied from. */
const positionKey = 'position';

/** An append whose events are as they will lie on the server: nothing that the caller does afterwards changes them. */
export interface Draft {
  readonly stream: string;
  /** The stream's name on the server. */
  readonly stored: string;
  readonly expected: ExpectedRevision;
  readonly events: EventData[];
}

/** @throws TypeError, AppendTooLarge */
export function draftAppends(appends: readonly StreamAppend[], names: LogNames): readonly Draft[] {
  if (appends.length === 0) throw new TypeError('an append needs at least one stream');
  const seen = new Set<string>();
  let bytes = 0;
  const drafts = appends.map(({ stream, expected, events }) => {
    assertStreamName(stream);
    if (seen.has(stream)) throw new TypeError(`${stream} may stand in an append only once`);
    seen.add(stream);
    if (events.length === 0) throw new TypeError(`nothing to append to ${stream}`);
    if (typeof expected === 'number' && !(Number.isSafeInteger(expected) && expected >= 0)) {
      throw new TypeError(`${expected} is not a revision`);
    }
    const drafted = events.map((event) => {
      const data = JSON.stringify(event.data) as string | undefined;
      if (data === undefined) throw new TypeError(`an event for ${stream} has no data`);
      bytes += Buffer.byteLength(data) + Buffer.byteLength(JSON.stringify(event.metadata));
      return toStored({ ...event, data: JSON.parse(data) as Json });
    });
    return { stream, stored: names.stored(stream), expected, events: drafted };
  });
  if (bytes > maxAppendBytes) throw new AppendTooLarge(bytes);
  return drafts;
}

/** @param position of an event that is copied: the one that it keeps */
export function toStored({ id, type, data, metadata }: ProposedEvent, position?: bigint): EventData {
  // What begins so is the server's own, and no event of a log.
  if (type === '' || type.startsWith('$'))
    throw new TypeError(`${JSON.stringify(type)} cannot be the type of an event`);
  const stored = Object.entries(metadata).filter(([, value]) => value !== undefined);
  const texts: Record<string, string> = Object.fromEntries(stored.map(([key, value]) => [key, String(value)]));
  if (position !== undefined) texts[positionKey] = String(position);
  return jsonEvent({ id, type, data: data as never, metadata: texts });
}

/** An event as it was read, beside where the server keeps it. */
export interface StoredEvent {
  readonly event: RecordedEvent;
  readonly place: Position;
}

/** @returns nothing for what is no event of a log, such as the mark of a deletion. @throws ForeignEvent */
export function fromStored(stored: ServerEvent | undefined, names: LogNames): StoredEvent | undefined {
  if (stored === undefined || stored.type.startsWith('$')) return undefined;
  const place = placeOf(stored);
  if (stored.metadata?.constructor !== Object) throw new ForeignEvent(stored.streamId, Number(stored.revision));
  const { position, commandId, commandHash, correlationId, causationId, time, schemaVersion, actor, traceparent } =
    stored.metadata as StoredMetadata;
  if (commandId === undefined || time === undefined) throw new ForeignEvent(stored.streamId, Number(stored.revision));
  const event: RecordedEvent = {
    id: stored.id,
    type: stored.type,
    data: stored.data as Json,
    metadata: {
      commandId,
      commandHash: commandHash!,
      correlationId: correlationId!,
      causationId: causationId!,
      time,
      schemaVersion: Number(schemaVersion),
      ...(actor !== undefined && { actor }),
      ...(traceparent !== undefined && { traceparent }),
    },
    stream: names.stream(stored.streamId),
    revision: Number(stored.revision),
    position: position === undefined ? place.prepare : BigInt(position),
  };
  return { event, place };
}

/**
 * Events of one append to several streams may share their commit position; no two share a prepare position, and the order of
 * the log is that of both.
 */
export function placeOf(stored: ServerEvent): Position {
  return (stored as AllStreamRecordedEvent).position;
}

export function assertStreamName(stream: string): void {
  if (stream === '') throw new TypeError('a stream needs a name');
  // UTF-8 has no place for a lone surrogate: two names that differ in one would become the same.
  if (/\p{Surrogate}/u.test(stream)) throw new TypeError('the name of a stream must be well-formed Unicode');
}
