import { setTimeout } from 'node:timers/promises';
import { errors, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { SpanKind } from '@opentelemetry/api';
import type { Json } from '@shelfmark/event-sourcing';
import { Connectivity } from './connectivity.js';
import { parseJsonBody } from './json-body.js';
import { MalformedMessage } from './malformed-message.js';
import type { OutgoingMessage } from './message.js';
import {
  type CommandReply,
  type Failure,
  type FailureReply,
  isFailureReply,
  newerVersionNeeded,
  parseCommandReply,
} from './reply.js';
import { maxRequestBytes, type OutgoingCommand, type OutgoingQuery, toRequestMessage } from './request.js';
import { inSpan } from './tracing.js';
import { endOfTurn } from './turn.js';

/** Nothing that could be understood came back: whether the request was carried out is not known. Repeat it with the same id. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
  constructor(
    readonly subject: string,
    options: { cause: unknown },
  ) {
    super(`no answer on ${subject}`, options);
  }
}

/** Nobody serves the subject, or the bus is not there: the request was not carried out. */
export class ServiceUnavailable extends Error {
  override readonly name = 'ServiceUnavailable';
  /** Whether somebody may well serve it in a moment, as when a service is started again. */
  readonly passes: boolean;
  constructor(
    readonly subject: string,
    options: { readonly cause: unknown; readonly passes?: boolean },
  ) {
    super(`nobody serves ${subject}`, options);
    this.passes = options.passes ?? false;
  }
}

/** The request's body is more than a service takes; it was not sent. */
export class MessageTooLarge extends Error {
  override readonly name = 'MessageTooLarge';
  constructor(
    readonly bytes: number,
    readonly maxBytes: number = maxRequestBytes,
  ) {
    super(`the body has ${bytes} bytes, more than ${maxBytes}`);
  }
}

/** So many requests to one service wait for their answers at once; one more is answered as by a service that has too many. */
const maxInFlight = 768;
export const overloadedRetryMs = 500;

/**
 * Whoever serves a subject may be about to start: it is asked again after this, then after twice as long, up to the longest
 * pause. It is the same request with the same id, so it does not matter which of them is carried out.
 */
const firstPauseMs = 20;
const longestPauseMs = 200;

/** A longer timer would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Sends commands and queries to the services that own them, and waits for their answers until the deadline; also for a service
 * that is not there at the moment, or that only another process of it can answer for.
 */
export class RequestClient {
  readonly #connection: NatsConnection;
  readonly #source: string;
  readonly #inFlight = new Map<string, number>();

  /** @param options.source CloudEvents `source`: a URI reference of who sends */
  constructor(connection: NatsConnection, options: { readonly source: string }) {
    this.#connection = connection;
    this.#source = options.source;
  }

  /** @throws NoAnswer, ServiceUnavailable, MessageTooLarge */
  async sendCommand(aggregate: string, command: OutgoingCommand): Promise<CommandReply> {
    return this.#traced(aggregate, command, (traced) => {
      const message = toRequestMessage('commands', aggregate, traced, this.#source);
      return this.#insist(message, command.deadline, parseCommandReply);
    });
  }

  /** @returns whatever the service answers, or its failure @throws NoAnswer, ServiceUnavailable, MessageTooLarge */
  async sendQuery(aggregate: string, query: OutgoingQuery): Promise<{ readonly answer: Json } | FailureReply> {
    return this.#traced(aggregate, query, (traced) => {
      const message = toRequestMessage('queries', aggregate, traced, this.#source);
      return this.#insist(message, query.deadline, (body) => {
        const answer = parseJsonBody(body);
        return isFailureReply(answer) ? answer : { answer };
      });
    });
  }

  /** How many requests wait for their answers, by the word in their subjects. */
  get inFlight(): ReadonlyMap<string, number> {
    return this.#inFlight;
  }

  /** The request travels as a part of the span in which its answer is waited for. */
  #traced<Request extends OutgoingQuery, Reply>(
    aggregate: string,
    request: Request,
    send: (traced: Request) => Promise<Reply>,
  ): Promise<Reply | FailureReply> {
    const { type, traceparent } = request;
    const attributes = { 'messaging.system': 'nats', 'shelfmark.aggregate': aggregate };
    return inSpan(`send ${type}`, { traceparent, kind: SpanKind.CLIENT, attributes }, (own) =>
      this.#bounded(aggregate, () => send(own === undefined ? request : { ...request, traceparent: own })),
    );
  }

  /** Where a service stands still, what waits for it until the deadline would otherwise be as much as comes. */
  async #bounded<Reply>(aggregate: string, send: () => Promise<Reply>): Promise<Reply | FailureReply> {
    const inFlight = this.#inFlight.get(aggregate) ?? 0;
    if (inFlight >= maxInFlight) return { failure: { name: 'Overloaded', retryAfterMs: overloadedRetryMs } };
    this.#inFlight.set(aggregate, inFlight + 1);
    try {
      return await send();
    } finally {
      const left = this.#inFlight.get(aggregate)! - 1;
      if (left > 0) this.#inFlight.set(aggregate, left);
      else this.#inFlight.delete(aggregate);
    }
  }

  /** Asks again, until the deadline, as long as it is certain that nothing was done. */
  async #insist<Reply extends object>(
    message: OutgoingMessage,
    deadline: number,
    parse: (body: Uint8Array) => Reply,
  ): Promise<Reply | FailureReply> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      // One more is only sent if its answer may come in time: silence would leave open whether it was carried out.
      const isTooLate = () => Date.now() + 2 * pauseMs >= deadline;
      let outcome: () => Reply | FailureReply;
      try {
        const reply = await this.#request(message, deadline, parse);
        if (!isForAnother(reply) || isTooLate()) return reply;
        outcome = () => reply;
      } catch (error) {
        if (!(error instanceof ServiceUnavailable && error.passes) || isTooLate()) throw error;
        outcome = () => {
          throw error;
        };
      }
      await setTimeout(pauseMs);
      // The process may have stood still for longer than that.
      if (Date.now() + pauseMs >= deadline) return outcome();
    }
  }

  async #request<Reply>(
    { subject, headers, body }: OutgoingMessage,
    deadline: number,
    parse: (body: Uint8Array) => Reply,
  ): Promise<Reply | FailureReply> {
    if (body.length > maxRequestBytes) throw new MessageTooLarge(body.length);
    await endOfTurn();
    const timeout = Math.min(deadline - Date.now(), longestTimerMs);
    // What the service would say, had it been asked in vain.
    if (timeout < 1) return { failure: { name: 'DeadlineExceeded' } };
    const { connected, lost } = Connectivity.of(this.#connection);
    if (!connected) {
      throw new ServiceUnavailable(subject, { cause: lost.reason, passes: !this.#connection.isClosed() });
    }

    let answer: Msg;
    try {
      answer = await this.#connection.request(subject, body, { timeout, headers });
    } catch (error) {
      throw wasNotSent(error)
        ? new ServiceUnavailable(subject, { cause: error, passes: hasNoResponders(error) })
        : new NoAnswer(subject, { cause: error });
    }
    try {
      return parse(answer.data);
    } catch (error) {
      if (error instanceof MalformedMessage) throw new NoAnswer(subject, { cause: error });
      throw error;
    }
  }
}

/** Whether it was a process of an older version that answered, which cannot read what a newer one wrote. */
function isForAnother(reply: object): boolean {
  return 'failure' in reply && (reply.failure as Failure).name === newerVersionNeeded;
}

function hasNoResponders(error: unknown): boolean {
  return error instanceof errors.RequestError && error.isNoResponders();
}

/** Whether it is certain that no service got the request. */
function wasNotSent(error: unknown): boolean {
  return (
    hasNoResponders(error) ||
    error instanceof errors.ClosedConnectionError ||
    error instanceof errors.DrainingConnectionError ||
    error instanceof errors.PermissionViolationError ||
    (error instanceof errors.RequestError && error.cause instanceof errors.PermissionViolationError)
  );
}
