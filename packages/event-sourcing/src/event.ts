/** A JSON value, as it travels on the wire and lies in the log. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * An event of a catalogue (an interface whose keys are event types and whose values are payloads), as a decision
 * returns it: a union over the catalogue's keys, so that `type` tells the shape of `data`.
 */
export type EventOf<Events> = {
  [Type in keyof Events & string]: { readonly type: Type; readonly data: Events[Type] };
}[keyof Events & string];

/** What is known about an event beside its payload: who, when, and through which command. */
export interface EventMetadata {
  /** The command that the event came from; commands are deduplicated by it. */
  readonly commandId: string;
  /** A digest of that command's type and payload: the same id with another digest is a reused key. */
  readonly commandHash: string;
  /** The same for everything that one request set in motion. */
  readonly correlationId: string;
  /** The id of the message (command or event) that directly led to this one. */
  readonly causationId: string;
  /** Business time, an RFC 3339 instant in UTC: the clock of the deciding service. */
  readonly time: string;
  /** Version of the payload's shape; raised when an upcaster is needed to read the older one. */
  readonly schemaVersion: number;
  /** Who asked for it: a principal's id, never a name or an address. */
  readonly actor?: string;
  /** W3C trace context of the request. */
  readonly traceparent?: string;
}

/** An event on its way into a store. */
export interface ProposedEvent {
  /** A UUID, the same whenever this append is repeated: stores recognise a repetition by it. */
  readonly id: string;
  readonly type: string;
  readonly data: Json;
  readonly metadata: EventMetadata;
}

/** An event in its stream. */
export interface StreamEvent extends ProposedEvent {
  /** Name of its stream: `{category}-{id}`. */
  readonly stream: string;
  /** Zero-based index in its stream. */
  readonly revision: number;
}

/** An event that a store has made durable. */
export interface RecordedEvent extends StreamEvent {
  /** Place in the whole log: opaque, ordered, never reused; not dense in every store. */
  readonly position: bigint;
}

/** The stream of one entity. Categories hold no dash, so the first dash ends the category. */
export function streamName(category: string, id: string): string {
  return `${category}-${id}`;
}

/** The inverse of {@link streamName}; a name without a dash is all category. */
export function parseStreamName(stream: string): { category: string; id: string } {
  const dash = stream.indexOf('-');
  return dash < 0 ? { category: stream, id: '' } : { category: stream.slice(0, dash), id: stream.slice(dash + 1) };
}
