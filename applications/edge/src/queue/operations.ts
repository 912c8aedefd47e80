import { Inject, Injectable } from '@nestjs/common';
import type { OperationFound, QueuedOperation } from '@shelfmark/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Commands } from '../commands/commands.js';
import { payloadOf } from '../commands/payload.js';
import { Queries } from '../history/queries.js';
import { type HalDocument, linkTo } from '../http/hal.js';
import { formatPosition } from '../http/positions.js';
import { Problem, problemDocument } from '../http/problem.js';
import { RouteTable } from '../openapi/route-table.js';
import { ownerOf } from './operation-id.js';
import { queue } from './queue.js';

/** The commands that were queued, as the services know them whose they are. */
@Injectable()
export class Operations {
  constructor(
    @Inject(Commands) private readonly commands: Commands,
    @Inject(Queries) private readonly queries: Queries,
    @Inject(RouteTable) private readonly routes: RouteTable,
  ) {}

  /** @returns nothing where there is no such operation @throws Problem */
  async find(request: FastifyRequest, id: string): Promise<QueuedOperation | undefined> {
    const { service, commandId: operationId } = ownerOf(id);
    const found = await this.queries.ask<OperationFound>(request, aggregateOf(service), 'GetOperation', {
      operationId,
    });
    return found.operation;
  }

  /** @param body which says nothing that the path does not @throws Problem for a rejection or a failure */
  async tell(
    reply: FastifyReply,
    id: string,
    type: 'RetryOperation' | 'DeleteOperation',
    body: unknown,
  ): Promise<void> {
    const { service, commandId: operationId } = ownerOf(id);
    const payload = payloadOf(type, body, { operationId });
    await this.commands.tell(reply, { service, aggregate: aggregateOf(service) }, type, payload);
  }

  /** What became of a command, as its sender wants to know. */
  represent(reply: FastifyReply, id: string, operation: QueuedOperation): HalDocument {
    const { command, state, queuedAt, attempts, failures, retryAt, endedAt, result, rejection, position } = operation;
    const { service } = ownerOf(id);
    // Whoever reads a view with it sees what the command has changed.
    reply.header('shelfmark-position', formatPosition(service, position));
    return {
      id,
      kind: 'command',
      command,
      state,
      queuedAt,
      attempts,
      failures,
      ...(retryAt !== undefined && { retryAt }),
      ...(endedAt !== undefined && { endedAt }),
      ...(result && { result: { id: result.id, revision: result.revision } }),
      ...(rejection && { rejection: problemDocument(Problem.rejection(rejection.code, rejection.detail)) }),
      _links: {
        self: linkTo('/operations', id),
        queue: linkTo(queue.path, id),
        ...(result && this.#linkToResult(command, result.id)),
      },
    };
  }

  /** Where that is which the command made or changed, unless it went away with it. */
  #linkToResult(command: string, id: string): HalDocument['_links'] {
    const route = this.routes.list().find(({ operation }) => operation?.command?.type === command);
    if (!route?.operation?.command || route.method === 'DELETE') return {};
    return { result: linkTo(route.operation.command.collection.path, id) };
  }
}

/** A service's operations have a word of their own in subjects: its aggregate knows nothing of them. */
function aggregateOf(service: string): string {
  return `${service}-operations`;
}
