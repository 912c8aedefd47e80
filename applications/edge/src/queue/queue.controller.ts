import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  HttpStatus,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { changed } from '../http/creation.js';
import type { HalDocument } from '../http/hal.js';
import { listDocument } from '../http/list-document.js';
import { type Positions, PositionsWanted } from '../http/positions.js';
import { Problem } from '../http/problem.js';
import { QueryParameters, type QueryOf } from '../http/query.js';
import { OpenTo } from '../identity/access.js';
import { Answers, Lists, Sends, unansweredQuery } from '../openapi/operation.js';
import { queueItemShown } from './documentation.js';
import { operationIdInPath } from './operation-id.js';
import { Operations } from './operations.js';
import { QueueView, queueQuery, queuedRepresentation, representQueued } from './queue-view.js';
import { queue } from './queue.js';

@Controller('queue')
export class QueueController {
  constructor(
    @Inject(Operations) private readonly operations: Operations,
    @Inject(QueueView) private readonly view: QueueView,
  ) {}

  @Get()
  @OpenTo('librarians')
  @QueryParameters(queueQuery)
  @Lists(
    'commands',
    queuedRepresentation,
    'Lists the commands that wait for their turn, wait for another attempt, or failed',
  )
  async list(
    @Req() request: FastifyRequest,
    @Query() query: QueryOf<typeof queueQuery>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    return listDocument(request, 'commands', await this.view.list(query, positions), representQueued);
  }

  @Get(':id')
  @OpenTo('librarians')
  @Answers('Shows a queued command, with what it carries', queueItemShown, { refusals: unansweredQuery })
  async get(
    @Param('id', operationIdInPath) id: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    const operation = await this.operations.find(reply.request, id);
    if (!operation) throw new Problem('OperationNotFound');
    const { _links, ...shown } = this.operations.represent(reply, id, operation);
    const { data } = operation;
    const { queue: self, self: whole, ...links } = _links;
    return { ...shown, ...(data && { data }), _links: { self: self!, operation: whole!, ...links } };
  }

  @Post(':id/retry')
  @OpenTo('librarians')
  @HttpCode(HttpStatus.OK)
  @Sends(queue, 'RetryOperation', {
    given: ['operationId'],
    rejections: ['OperationNotFound', 'OperationEnded'],
  })
  async retry(
    @Param('id', operationIdInPath) id: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    await this.operations.tell(reply, id, 'RetryOperation', body);
    return changed(queue, id);
  }

  @Delete(':id')
  @OpenTo('librarians')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Sends(queue, 'DeleteOperation', {
    given: ['operationId'],
    rejections: ['OperationNotFound', 'OperationRunning', 'OperationEnded'],
  })
  async remove(
    @Param('id', operationIdInPath) id: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.operations.tell(reply, id, 'DeleteOperation', body);
  }
}
