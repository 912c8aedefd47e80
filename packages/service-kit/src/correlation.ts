import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { traceIdOf } from '@shelfmark/messaging';

/** What the log lines of a request have in common. */
interface Correlation {
  readonly correlationId: string;
  readonly traceId?: string;
}

const current = new AsyncLocalStorage<Correlation>();

/**
 * Runs a function, and all that it sets in motion, under a correlation id, which every log line then carries, and the id of the
 * trace that it is part of, if there is one.
 */
export function withCorrelation<Result>(correlationId: string, run: () => Result, traceparent?: string): Result {
  const traceId = traceIdOf(traceparent);
  return current.run({ correlationId, ...(traceId !== undefined && { traceId }) }, run);
}

/** The correlation id that the caller runs under. */
export function correlationId(): string | undefined {
  return current.getStore()?.correlationId;
}

/** What every log line of the caller carries. */
export function correlation(): Correlation | undefined {
  return current.getStore();
}

/**
 * The correlation id of an HTTP request: the one that the client sent as `Shelfmark-Correlation-Id`, else the trace id of
 * its W3C `traceparent`, else a new one. It goes into headers, events and logs, so anything but a short plain word is no
 * correlation id.
 */
export function correlationIdOf(headers: IncomingHttpHeaders): string {
  const given = headers['shelfmark-correlation-id'];
  if (typeof given === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(given)) return given;
  const trace = headers['traceparent'];
  const traceId = typeof trace === 'string' ? traceIdOf(trace) : undefined;
  return traceId !== undefined && /[1-9a-f]/.test(traceId) ? traceId : randomUUID();
}
