import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { StoreFull } from '@shelfmark/event-sourcing';
import { Refused, StreamNotFound, StreamTombstoned, type Mismatch } from './event-database.js';
import { expectedNumber } from './expected-revision.js';

/** A request that makes no sense, whatever the streams hold. */
export class InvalidArgument extends Error {
  override readonly name = 'InvalidArgument';
}

/** The events of one append weigh more than is allowed. */
export class AppendTooBig extends Error {
  override readonly name = 'AppendTooBig';
  constructor(readonly maxBytes: number) {
    super(`the events of an append may weigh ${maxBytes} bytes together`);
  }
}

/** A stream that clients may read and not write. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied';
  constructor(readonly stream: string) {
    super(`${stream} is the server's own`);
  }
}

/** An error that is said already as a status, with the trailers that clients tell it by. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  constructor(
    readonly code: status,
    message: string,
    readonly trailers: Metadata = new Metadata(),
  ) {
    super(message);
  }
}

/** How an error is told to a client, beside those that a service tells in its answer. */
export function statusOf(error: unknown): StatusObject {
  const { code, message, trailers } = toStatusError(error);
  return { code, details: message, metadata: trailers };
}

function toStatusError(error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  if (error instanceof Refused) return refusal(error.mismatches[0]!);
  if (error instanceof StreamTombstoned) return streamDeleted(error.stream);
  if (error instanceof StreamNotFound) {
    return exception(status.NOT_FOUND, 'stream-not-found', error.message, { 'stream-name': error.stream });
  }
  if (error instanceof InvalidArgument) return new StatusError(status.INVALID_ARGUMENT, error.message);
  if (error instanceof AccessDenied) return exception(status.PERMISSION_DENIED, 'access-denied', error.message);
  if (error instanceof AppendTooBig) {
    return exception(status.INVALID_ARGUMENT, 'maximum-append-size-exceeded', error.message, {
      'maximum-append-size': String(error.maxBytes),
    });
  }
  if (error instanceof StoreFull) return new StatusError(status.RESOURCE_EXHAUSTED, error.message);
  console.error('A request failed for no fault of its own.', error);
  return new StatusError(status.UNAVAILABLE, 'the server could not do it, and it is not known how far it came');
}

function refusal(mismatch: Mismatch): StatusError {
  const { stream, expected, revision, condition } = mismatch;
  if (condition === 'tombstoned') return streamDeleted(stream);
  return exception(
    status.FAILED_PRECONDITION,
    'wrong-expected-version',
    `${stream} is at revision ${revision ?? 'none'}, expected was ${expected}`,
    {
      'stream-name': stream,
      'expected-version': String(expectedNumber(expected)),
      // Clients take a stream without this trailer for one that does not exist.
      ...(revision === undefined ? {} : { 'actual-version': String(revision) }),
    },
  );
}

function streamDeleted(stream: string): StatusError {
  return exception(status.FAILED_PRECONDITION, 'stream-deleted', `${stream} was deleted for ever`, {
    'stream-name': stream,
  });
}

/** Clients know an error by its `exception` trailer, not by its code. */
export function exception(
  code: status,
  name: string,
  message: string,
  fields: { readonly [name: string]: string } = {},
): StatusError {
  const trailers = new Metadata();
  trailers.set('exception', name);
  for (const [name, value] of Object.entries(fields)) trailers.set(name, headerText(value));
  return new StatusError(code, message, trailers);
}

/** HTTP/2 carries ASCII alone. */
function headerText(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value);
}
