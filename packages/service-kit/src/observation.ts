import { SpanKind } from '@opentelemetry/api';
import type { Accepted, Command, CommandObserver, Rejected } from '@shelfmark/event-sourcing';
import { type IncomingRequest, inSpan } from '@shelfmark/messaging';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What services measure; the modules of this package are loaded by all processes, and not all of them are services. */
export const serviceMetrics = new Registry();
const registers = [serviceMetrics];

const secondsOf = (startedAt: number): number => (performance.now() - startedAt) / 1_000;

const flushBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

const commands = new Counter({
  registers,
  name: 'shelfmark_commands_total',
  help: 'Commands that were answered, by what became of them: accepted, rejected or failed.',
  labelNames: ['type', 'outcome'],
});
const rejections = new Counter({
  registers,
  name: 'shelfmark_command_rejections_total',
  help: 'Commands that a rule refused, by the code of the rejection.',
  labelNames: ['type', 'code'],
});
const failures = new Counter({
  registers,
  name: 'shelfmark_command_failures_total',
  help: 'Commands that were not carried out for another reason, by its name.',
  labelNames: ['type', 'failure'],
});
const commandSeconds = new Histogram({
  registers,
  name: 'shelfmark_command_duration_seconds',
  help: 'From the arrival of a command in its service to its answer.',
  labelNames: ['type'],
  buckets: requestBuckets,
});
const querySeconds = new Histogram({
  registers,
  name: 'shelfmark_query_duration_seconds',
  help: 'From the arrival of a query in its service to its answer.',
  labelNames: ['type'],
  buckets: requestBuckets,
});
const underWay = new Gauge({
  registers,
  name: 'shelfmark_requests_under_way',
  help: 'Commands and queries that the service works on.',
});
const refused = new Counter({
  registers,
  name: 'shelfmark_requests_refused_total',
  help: 'Requests that were answered with a failure before anything was begun, by its name.',
  labelNames: ['failure'],
});

/** A request was not even begun. */
export function countRefusal(failure: string): void {
  refused.inc({ failure });
}

/**
 * Counts a request and records it in its trace.
 * @param type of the contract, or `unknown`: it becomes a label, and must not be whatever somebody has sent
 * @param answer is given the request as a part of the new span; what it throws is answered as `InternalError`
 */
export function observeRequest(
  type: string,
  request: IncomingRequest,
  answer: (request: IncomingRequest) => Promise<object>,
): Promise<object> {
  const { subject, traceparent } = request;
  const startedAt = performance.now();
  const isCommand = subject.startsWith('shelfmark.commands.');
  const attributes = { 'messaging.system': 'nats', 'messaging.destination.name': subject };
  return inSpan(`handle ${type}`, { traceparent, kind: SpanKind.SERVER, attributes }, async (own) => {
    underWay.inc();
    let reply: object = { failure: { name: 'InternalError' } };
    try {
      reply = await answer(own === undefined ? request : { ...request, traceparent: own });
      return reply;
    } finally {
      underWay.dec();
      (isCommand ? commandSeconds : querySeconds).observe({ type }, secondsOf(startedAt));
      if (isCommand) countReply(type, reply);
    }
  });
}

function countReply(type: string, reply: object): void {
  const { rejection, failure } = reply as { rejection?: { code: string }; failure?: { name: string } };
  commands.inc({ type, outcome: rejection ? 'rejected' : failure ? 'failed' : 'accepted' });
  if (rejection) rejections.inc({ type, code: rejection.code });
  if (failure) failures.inc({ type, failure: failure.name });
}

const decisions = new Counter({
  registers,
  name: 'shelfmark_decisions_total',
  help: 'Decisions of deciders, those for imports, timers and queued commands too, by what came of them.',
  labelNames: ['type', 'outcome'],
});
const appendSeconds = new Histogram({
  registers,
  name: 'shelfmark_append_duration_seconds',
  help: 'From handing events to the store until they are durable.',
  buckets: flushBuckets,
});
const appendedEvents = new Counter({
  registers,
  name: 'shelfmark_appended_events_total',
  help: 'Events that were appended to the log.',
});
const mailboxSeconds = new Histogram({
  registers,
  name: 'shelfmark_mailbox_wait_seconds',
  help: 'For how long commands waited for others on the same entities.',
  buckets: [0.0001, 0.001, 0.01, 0.1, 1, 5],
});
const cacheLookups = new Counter({
  registers,
  name: 'shelfmark_entity_cache_lookups_total',
  help: 'Entities that commands needed, by whether they were in memory (hit) or had to be read (miss).',
  labelNames: ['result'],
});

/** Counts what a command handler does, and records it in the traces of its commands. */
export const commandObserver: CommandObserver = {
  command: <Result extends Accepted | Rejected>(command: Command, work: (command: Command) => Promise<Result>) => {
    const { type, traceparent } = command;
    return inSpan(`decide ${type}`, { traceparent }, async (own) => {
      let outcome = 'failed';
      try {
        const result = await work(own === undefined ? command : { ...command, traceparent: own });
        outcome = 'rejection' in result ? 'rejected' : 'accepted';
        return result;
      } finally {
        decisions.inc({ type, outcome });
      }
    });
  },
  append: <Result>({ traceparent }: Command, events: number, work: () => Promise<Result>) =>
    inSpan('append', { traceparent, attributes: { 'shelfmark.events': events } }, async () => {
      const startedAt = performance.now();
      const appended = await work();
      appendSeconds.observe(secondsOf(startedAt));
      appendedEvents.inc(events);
      return appended;
    }),
  waited: (ms) => mailboxSeconds.observe(ms / 1_000),
  entity: (isCached) => cacheLookups.inc({ result: isCached ? 'hit' : 'miss' }),
};

const flushSeconds = new Histogram({
  registers,
  name: 'shelfmark_flush_duration_seconds',
  help: 'How long a flush of the embedded log to the disk took.',
  buckets: flushBuckets,
});
const flushedWrites = new Counter({
  registers,
  name: 'shelfmark_flushed_writes_total',
  help: 'Writes to the embedded log; divided by its flushes, how many share one.',
});

/** The embedded log was flushed. */
export function observeFlush(writes: number, ms: number): void {
  flushSeconds.observe(ms / 1_000);
  flushedWrites.inc(writes);
}
