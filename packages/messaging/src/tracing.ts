import { type Attributes, type Context, ROOT_CONTEXT, type Span, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { TraceFlags, isSpanContextValid, trace } from '@opentelemetry/api';
import type { EventMetadata } from '@shelfmark/event-sourcing';

/** Says of itself, until somebody has set up tracing, that nothing is recorded; that costs next to nothing. */
const tracer = trace.getTracer('shelfmark');

export interface SpanOptions {
  /** What the span is part of, as W3C `traceparent`; without one, it begins a trace. */
  readonly traceparent: string | undefined;
  /** `INTERNAL` by default. */
  readonly kind?: SpanKind;
  /** No names and no addresses of people: traces go to other machines, and are read by others than the library's staff. */
  readonly attributes?: Attributes;
}

/**
 * Runs work as a span. The work is given the `traceparent` that makes others part of it: where nothing is recorded, the one that
 * was given.
 */
export async function inSpan<Result>(
  name: string,
  options: SpanOptions,
  work: (traceparent: string | undefined) => Promise<Result>,
): Promise<Result> {
  const span = startSpan(name, options);
  try {
    return await work(traceparentOf(span));
  } catch (error) {
    failSpan(span, error);
    throw error;
  } finally {
    span.end();
  }
}

/** Begins a span, which its caller ends. */
export function startSpan(name: string, { traceparent, kind = SpanKind.INTERNAL, attributes = {} }: SpanOptions): Span {
  return tracer.startSpan(name, { kind, attributes }, contextOf(traceparent));
}

/** Records a span that is over. @param startedAt milliseconds since the epoch */
export function recordSpan(name: string, options: SpanOptions & { readonly startedAt: number }): void {
  const { traceparent, kind = SpanKind.INTERNAL, attributes = {}, startedAt } = options;
  tracer.startSpan(name, { kind, attributes, startTime: startedAt }, contextOf(traceparent)).end();
}

/** Only the name of an error is told: its text may hold what is nobody's business. */
export function failSpan(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'Error' });
}

/** @returns nothing where the span is none of a trace */
export function traceparentOf(span: Span): string | undefined {
  const context = span.spanContext();
  if (!isSpanContextValid(context)) return undefined;
  const { traceId, spanId, traceFlags } = context;
  return `00-${traceId}-${spanId}-${traceFlags & TraceFlags.SAMPLED ? '01' : '00'}`;
}

const traceparentPattern = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** @returns nothing where there is no `traceparent`, or what came as one is none */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  return traceparent === undefined ? undefined : traceparentPattern.exec(traceparent)?.[1];
}

/** Whoever makes a mirror or a view anew meets events whose traces were stored, looked at and thrown away long ago. */
const tracedForMs = 60_000;

/** Whether what becomes of an event is recorded in its trace: cheap to ask of each event of a batch. */
export function isTraced({ traceparent, time }: Pick<EventMetadata, 'traceparent' | 'time'>): boolean {
  return traceparent !== undefined && /[13579bdf]$/.test(traceparent) && Date.now() - Date.parse(time) < tracedForMs;
}

function contextOf(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] = traceparent === undefined ? [] : (traceparentPattern.exec(traceparent) ?? []);
  if (traceId === undefined || spanId === undefined || flags === undefined) return ROOT_CONTEXT;
  const spanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(spanContext) ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : ROOT_CONTEXT;
}
