import { errors, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { Connectivity } from './connectivity.js';
import { MalformedMessage } from './malformed-message.js';
import type { Failure, FailureReply } from './reply.js';
import { receivedHeaders } from './received-headers.js';
import { overloadedRetryMs } from './request-client.js';
import { fromRequestMessage, type IncomingRequest, maxRequestBytes } from './request.js';
import { endOfTurn } from './turn.js';

export interface ServeOptions {
  /** Such as `shelfmark.commands.book.*`. */
  readonly subject: string;
  /** Of the servers in one queue group, one gets each request. */
  readonly queue: string;
  /** Its result is the reply, as JSON. What it throws is answered as a failure without a word about why. */
  readonly handle: (request: IncomingRequest) => Promise<object>;
  /** How many requests may be under way at once; those above are refused as `Overloaded`. 1,000 by default. */
  readonly maxInFlight?: number;
  /** Hears of each request that was answered with a failure before `handle` was called, by the failure's name. */
  readonly onRefusal?: (failure: string) => void;
  /** Hears of what `handle` threw. */
  readonly onError?: (error: unknown, request: IncomingRequest) => void;
}

export interface RequestStatistics {
  readonly inFlight: number;
  readonly answered: number;
  /** Messages without a subject to answer to: they are not requests, and nothing is done. */
  readonly ignored: number;
}

export interface RequestServer {
  statistics(): RequestStatistics;
  /** Takes no more requests, finishes those under way, and resolves when their answers are out. */
  drain(): Promise<void>;
}

/** What the bodies of all requests that are under way may weigh together; one that comes alone is always taken. */
const maxInFlightBytes = 64 * 1024 * 1024;

/** Serves requests on a subject: each is answered, whatever it holds, and they run side by side. */
export function serveRequests(connection: NatsConnection, options: ServeOptions): RequestServer {
  const { subject, queue, handle, maxInFlight = 1_000, onRefusal, onError } = options;
  const connectivity = Connectivity.of(connection);
  const underWay = new Set<Promise<void>>();
  let underWayBytes = 0;
  let answered = 0;
  let ignored = 0;

  const subscription = connection.subscribe(subject, {
    queue,
    callback: (error, message) => {
      // An error ends the subscription: the server forbade it, and says so in the connection's status.
      if (error === null) receive(message);
    },
  });

  function receive(message: Msg): void {
    if (!isAnswerable(message.reply)) {
      ignored++;
      return;
    }
    const { lost } = connectivity;
    const refuse = (failure: Failure) => {
      onRefusal?.(failure.name);
      send(message, JSON.stringify({ failure }), lost);
    };
    if (message.data.length > maxRequestBytes) {
      const detail = `the body has ${message.data.length} bytes, more than ${maxRequestBytes}`;
      return refuse({ name: 'MessageTooLarge', detail });
    }
    const isFull = underWay.size >= maxInFlight || underWayBytes >= maxInFlightBytes;
    if (isFull) return refuse({ name: 'Overloaded', retryAfterMs: overloadedRetryMs });
    let request: IncomingRequest;
    try {
      request = fromRequestMessage({ subject: message.subject, headers: receivedHeaders(message), data: message.data });
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      return refuse({ name: 'MalformedMessage', detail: error.message, field: error.field });
    }
    // The caller has given up, or will have before it hears of it: to start now would be work that nobody asked for.
    if (request.deadline !== undefined && Date.now() > request.deadline) return refuse({ name: 'DeadlineExceeded' });

    const { length } = message.data;
    const work = carryOut(message, request, lost).finally(() => {
      underWay.delete(work);
      underWayBytes -= length;
    });
    underWayBytes += length;
    underWay.add(work);
  }

  async function carryOut(message: Msg, request: IncomingRequest, lost: AbortSignal): Promise<void> {
    try {
      const reply = JSON.stringify(await handle(request)) as string | undefined;
      const limit = connection.info?.max_payload ?? Infinity;
      if (reply === undefined || Buffer.byteLength(reply) > limit) throw new UnsendableReply(request.type);
      // Those whose events were flushed together are answered together.
      await endOfTurn();
      send(message, reply, lost);
    } catch (error) {
      send(message, JSON.stringify({ failure: { name: 'InternalError' } } satisfies FailureReply), lost);
      onError?.(error, request);
    }
  }

  function send(message: Msg, reply: string, lost: AbortSignal): void {
    // Over a connection that is lost it would be dropped; and over the next one, the caller may have asked again by then. It takes silence for
    // what it is.
    if (lost.aborted || !connectivity.connected) return;
    try {
      message.respond(reply);
      answered++;
    } catch (error) {
      if (!(error instanceof errors.DrainingConnectionError)) throw error;
    }
  }

  return {
    statistics: () => ({ inFlight: underWay.size, answered, ignored }),
    drain: async () => {
      if (!subscription.isClosed() && !connection.isClosed()) await subscription.drain();
      await Promise.all(underWay);
      if (connectivity.connected) await connection.flush().catch(() => undefined);
    },
  };
}

/** A handler's result is not JSON, or more than the bus carries. */
class UnsendableReply extends Error {
  override readonly name = 'UnsendableReply';
  constructor(readonly type: string) {
    super(`the reply to ${type} cannot be sent`);
  }
}

/**
 * Answers are published with our permissions: a request that names one of our subjects, or the server's, to answer to
 * would have us publish what its sender may not.
 */
export function isAnswerable(reply: string | undefined): reply is string {
  return reply !== undefined && reply !== '' && !reply.startsWith('shelfmark.') && !reply.startsWith('$');
}
