import { headers } from '@nats-io/transport-node';
import type { Command } from '@shelfmark/event-sourcing';
import { HeaderReader } from './header-reader.js';
import { encodeHeaderValue, subjectToken } from './header-value.js';
import { parseJsonBody } from './json-body.js';
import { MalformedMessage } from './malformed-message.js';
import type { Headers } from './received-headers.js';
import type { OutgoingMessage } from './message.js';

/** The most that a request's body may weigh. */
export const maxRequestBytes = 256 * 1024;

/** The preference of RFC 7240, by its name there. */
const respondAsync = 'respond-async';

/** Longer than any id or principal of ours: a longer one would only swell the log. */
const maxHeaderCharacters = 1024;

/** A command or a query as a service receives it. */
export interface IncomingRequest extends Command {
  readonly subject: string;
  /** CloudEvents `source`: who sent it, as it says itself. */
  readonly source: string;
  /** When it was sent, an RFC 3339 instant, by the sender's clock. */
  readonly time: string;
  /** Whether the sender of a command only wants to hear that it will be carried out. */
  readonly respondAsync?: true;
}

/** A command to send: the deadline is not optional, because nobody waits for ever. */
export type OutgoingCommand = Command & { readonly deadline: number; readonly respondAsync?: true };

/** A query to send. */
export type OutgoingQuery = Omit<OutgoingCommand, 'expectedRevision' | 'respondAsync'>;

/**
 * A request in CloudEvents' binary mode, for `shelfmark.{commands,queries}.<aggregate>.<Type>`.
 * @param aggregate may be of several tokens, such as the word of a service's imports and the address of one of its processes
 */
export function toRequestMessage(
  kind: 'commands' | 'queries',
  aggregate: string,
  request: OutgoingCommand,
  source: string,
): OutgoingMessage {
  const encoded = headers();
  const add = (name: string, value: string) => encoded.append(name, encodeHeaderValue(value));
  encoded.append('ce-specversion', '1.0');
  add('ce-id', request.id);
  add('ce-type', request.type);
  add('ce-source', source);
  add('ce-time', new Date().toISOString());
  add('ce-correlationid', request.correlationId);
  add('ce-causationid', request.causationId);
  if (request.actor !== undefined) add('ce-actor', request.actor);
  if (request.expectedRevision !== undefined) encoded.append('ce-expectedrevision', String(request.expectedRevision));
  encoded.append('shelfmark-deadline', String(request.deadline));
  if (request.respondAsync) encoded.append('shelfmark-prefer', respondAsync);
  if (request.traceparent !== undefined) add('traceparent', request.traceparent);
  return {
    subject: ['shelfmark', kind, ...aggregate.split('.'), request.type].map(subjectToken).join('.'),
    headers: encoded,
    body: Buffer.from(JSON.stringify(request.data)),
  };
}

/**
 * The inverse of {@link toRequestMessage}.
 * @throws MalformedMessage, which names the header (or `body`) that is missing or wrong
 */
export function fromRequestMessage(message: {
  readonly subject: string;
  readonly headers?: Headers | undefined;
  readonly data: Uint8Array;
}): IncomingRequest {
  const header = new HeaderReader(message.headers, maxHeaderCharacters);
  header.assertCloudEvent();
  const type = header.text('ce-type');
  // Permissions are given by subject: a type that differed from it would be a way around them.
  if (!message.subject.endsWith(`.${subjectToken(type)}`)) {
    throw new MalformedMessage('ce-type', 'is not what the subject says');
  }
  const actor = header.optionalText('ce-actor');
  const expectedRevision = header.optionalInteger('ce-expectedrevision');
  const deadline = header.optionalInteger('shelfmark-deadline');
  const traceparent = header.optionalText('traceparent');
  const isAsync = header.optionalText('shelfmark-prefer') === respondAsync;
  return {
    subject: message.subject,
    id: header.uuid('ce-id'),
    type,
    source: header.text('ce-source'),
    time: header.instant('ce-time'),
    correlationId: header.text('ce-correlationid'),
    causationId: header.text('ce-causationid'),
    ...(actor !== undefined && { actor }),
    ...(expectedRevision !== undefined && { expectedRevision }),
    ...(deadline !== undefined && { deadline }),
    ...(traceparent !== undefined && { traceparent }),
    ...(isAsync && { respondAsync: true }),
    data: parseJsonBody(message.data),
  };
}
