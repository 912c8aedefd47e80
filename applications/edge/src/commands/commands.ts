import { Inject, Injectable } from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import type { BookCommands, OperationCommands, RentCommands, UserCommands } from '@shelfmark/contracts';
import type { Json } from '@shelfmark/event-sourcing';
import {
  type CommandReply,
  MessageTooLarge,
  NoAnswer,
  type OutgoingCommand,
  RequestClient,
  ServiceUnavailable,
} from '@shelfmark/messaging';
import { NATS_CONNECTION } from '@shelfmark/service-kit';
import type { FastifyReply } from 'fastify';
import { etagOf, expectedRevision } from '../http/conditional.js';
import { traceOf } from '../http/observation.js';
import { formatPosition } from '../http/positions.js';
import { principalOf } from '../identity/principal.js';
import { Problem } from '../http/problem.js';
import { isFailure } from '../http/problem-status.js';
import { commandIdOf } from './command-id.js';
import { type Service, operationIdOf } from '../queue/operation-id.js';
import { payloadOf } from './payload.js';
import { acceptFor, prefersAsync } from './respond-async.js';

/** What each service can be told, by the word that it has in subjects and positions; and what all can, of their operations. */
export interface Catalogue {
  user: UserCommands;
  book: BookCommands;
  rent: RentCommands;
  operation: OperationCommands;
}

/** What a collection of the edge shows: who owns it, where it is, and whether its entities have a tag for `If-Match`. */
export interface Collection<Service extends keyof Catalogue = keyof Catalogue> {
  readonly service: Service;
  /** One of it, as its type is called. */
  readonly entity: string;
  readonly path: string;
  readonly hasEtag: boolean;
}

/** What a route asks of a service. */
export interface Ask<Payload> {
  readonly body?: unknown;
  /** Fields that come from the route; a creation makes its entity's id of the command's. */
  readonly given?: Partial<Payload> | ((commandId: string) => Partial<Payload>);
  /** Fields that the body calls by another name, by that name. */
  readonly aliases?: Readonly<Record<string, keyof Payload & string>>;
}

/** A command that was carried out, now or when it was first sent. */
export interface Done {
  readonly id: string;
  readonly payload: { readonly [field: string]: Json };
}

type Accepted = Extract<CommandReply, { id: string }>;

/** Who gets a command: the service, and the word in its subject. */
interface Addressee {
  readonly service: Service;
  readonly aggregate: string;
}

/** A service does not start on a request later than this, and nobody waits for its answer any longer. */
export const deadlineMs = 5_000;
export const DEADLINE_MS = Symbol('DEADLINE_MS');

const unknownOutcome =
  'No answer came in time, and whether it was done is not known. Sending it again with the same Idempotency-Key is safe.';

/** Makes commands of requests, sends them to their services, and makes HTTP of the answers. */
@Injectable()
export class Commands {
  readonly #client: RequestClient;

  constructor(
    @Inject(NATS_CONNECTION) connection: NatsConnection,
    @Inject(DEADLINE_MS) private readonly withinMs: number,
  ) {
    this.#client = new RequestClient(connection, { source: '/shelfmark/edge' });
  }

  /**
   * Sends a command. The answer gets its `Shelfmark-Position`, and its `ETag` where the entity has one. Where the client does not
   * want to wait, the command is only queued, and whatever the route makes of that is answered 202.
   * @throws Problem for a request that is not valid, a rejection, or a failure
   */
  async send<Owner extends Service, Type extends keyof Catalogue[Owner] & string>(
    reply: FastifyReply,
    { service, hasEtag }: Collection<Owner>,
    type: Type,
    { body, given = {}, aliases }: Ask<Catalogue[Owner][Type]>,
  ): Promise<Done> {
    const { request } = reply;
    const id = commandIdOf(request);
    const revision = expectedRevision(request.headers['if-match'], hasEtag);
    const payload = payloadOf(
      type,
      body,
      (typeof given === 'function' ? given(id) : given) as Done['payload'],
      aliases,
    );
    const respondAsync = prefersAsync(request.headers['prefer']);
    const answer = await this.#deliver(
      reply,
      { service, aggregate: service },
      {
        id,
        type,
        data: payload,
        ...(revision === undefined ? {} : { expectedRevision: revision }),
        ...(respondAsync && { respondAsync }),
      },
    );
    if (respondAsync) acceptFor(request, operationIdOf(service, id), type);
    else if (hasEtag && request.method !== 'DELETE') reply.header('etag', etagOf(answer.revision));
    return { id: answer.id, payload };
  }

  /**
   * Sends a command that is no entity's of a collection, and waits for what becomes of it.
   * @throws Problem for a rejection or a failure
   */
  async tell(reply: FastifyReply, addressee: Addressee, type: string, data: Done['payload']): Promise<void> {
    await this.#deliver(reply, addressee, { id: commandIdOf(reply.request), type, data });
  }

  async #deliver(
    reply: FastifyReply,
    { service, aggregate }: Addressee,
    command: Pick<OutgoingCommand, 'id' | 'type' | 'data' | 'expectedRevision' | 'respondAsync'>,
  ): Promise<Accepted> {
    const { request } = reply;
    const answer = await this.#request(aggregate, {
      ...command,
      actor: principalOf(request).subject,
      correlationId: request.id,
      causationId: command.id,
      deadline: Date.now() + this.withinMs,
      ...traceOf(request),
    });
    if ('rejection' in answer) {
      const { code, detail } = answer.rejection;
      throw Problem.rejection(code, typeof detail === 'string' ? detail : undefined);
    }
    if ('failure' in answer) throw failed(command.type, answer.failure);
    // Without a position there was nothing to do and nothing had been done before.
    if (answer.position !== undefined) reply.header('shelfmark-position', formatPosition(service, answer.position));
    return answer;
  }

  async #request(aggregate: string, command: OutgoingCommand): Promise<CommandReply> {
    try {
      return await this.#client.sendCommand(aggregate, command);
    } catch (error) {
      throw unanswered(error, unknownOutcome);
    }
  }
}

/** What the client of a request is told that was not answered. @param noAnswer in words, what follows from silence */
export function unanswered(error: unknown, noAnswer: string): unknown {
  if (error instanceof NoAnswer) return new Problem('NoAnswer', { detail: noAnswer, cause: error });
  if (error instanceof ServiceUnavailable) return new Problem('ServiceUnavailable', { cause: error });
  if (error instanceof MessageTooLarge) return new Problem('MessageTooLarge', { cause: error });
  return error;
}

/** What the client of a request is told that a service answered with a failure. */
export function failed(type: string, failure: Extract<CommandReply, { failure: unknown }>['failure']): Problem {
  const { name, detail, field, retryAfterMs } = failure;
  if (!isFailure(name)) return new Problem('InternalError', { cause: new Error(`${type} failed: ${name}`) });
  if (name === 'MalformedMessage') return Problem.body([{ pointer: field ?? '', detail: detail ?? 'is not valid' }]);
  return new Problem(name, {
    ...(detail === undefined ? {} : { detail }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
