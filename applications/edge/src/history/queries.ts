import { Inject, Injectable } from '@nestjs/common';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Json } from '@shelfmark/event-sourcing';
import { RequestClient } from '@shelfmark/messaging';
import { NATS_CONNECTION } from '@shelfmark/service-kit';
import type { FastifyRequest } from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { DEADLINE_MS, failed, unanswered } from '../commands/commands.js';
import { traceOf } from '../http/observation.js';
import { principalOf } from '../identity/principal.js';

/** Asks services what only they know. */
@Injectable()
export class Queries {
  readonly #client: RequestClient;

  constructor(
    @Inject(NATS_CONNECTION) connection: NatsConnection,
    @Inject(DEADLINE_MS) private readonly withinMs: number,
  ) {
    this.#client = new RequestClient(connection, { source: '/shelfmark/edge' });
  }

  /**
   * @param request in whose name it is asked
   * @param service its word in subjects
   * @throws Problem where there is no answer, or a failure
   */
  async ask<Answer>(request: FastifyRequest, service: string, type: string, data: Json): Promise<Answer> {
    const id = uuidv7();
    const query = {
      id,
      type,
      data,
      actor: principalOf(request).subject,
      correlationId: request.id,
      causationId: id,
      deadline: Date.now() + this.withinMs,
      ...traceOf(request),
    };
    const reply = await this.#client.sendQuery(service, query).catch((error: unknown) => {
      throw unanswered(error, 'No answer came in time.');
    });
    if ('failure' in reply) throw failed(type, reply.failure);
    return reply.answer as unknown as Answer;
  }
}
