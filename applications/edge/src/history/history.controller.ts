import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { books } from '../books/books.js';
import type { Collection } from '../commands/commands.js';
import { type EntityId, bookIdInPath, rentIdInPath, userIdInPath } from '../http/entity-id.js';
import type { HalDocument } from '../http/hal.js';
import { listDocument } from '../http/list-document.js';
import { QueryParameters, type QueryOf } from '../http/query.js';
import { OpenTo } from '../identity/access.js';
import { Lists, unansweredQuery } from '../openapi/operation.js';
import { rents } from '../rents/rents.js';
import { users } from '../users/users.js';
import { History, entryRepresentation, historyQuery, representEntry } from './history.js';

/** What happened to one book, user or rent: by whom, when, and through which command. */
@Controller()
export class HistoryController {
  constructor(@Inject(History) private readonly history: History) {}

  @Get('books/:id/history')
  @OpenTo('librarians')
  @QueryParameters(historyQuery)
  @Lists('events', entryRepresentation, 'Lists what happened to a book', { refusals: unansweredQuery })
  ofBook(
    @Req() request: FastifyRequest,
    @Param('id', bookIdInPath) bookId: string,
    @Query() query: QueryOf<typeof historyQuery>,
  ): Promise<HalDocument> {
    return this.#list(request, books, bookId, query, bookIdInPath);
  }

  @Get('users/:id/history')
  @OpenTo('ownUser')
  @QueryParameters(historyQuery)
  @Lists('events', entryRepresentation, 'Lists what happened to a person', { refusals: unansweredQuery })
  ofUser(
    @Req() request: FastifyRequest,
    @Param('id', userIdInPath) userId: string,
    @Query() query: QueryOf<typeof historyQuery>,
  ): Promise<HalDocument> {
    return this.#list(request, users, userId, query, userIdInPath);
  }

  @Get('rents/:id/history')
  @OpenTo('ownRent')
  @QueryParameters(historyQuery)
  @Lists('events', entryRepresentation, 'Lists what happened to a rent', { refusals: unansweredQuery })
  ofRent(
    @Req() request: FastifyRequest,
    @Param('id', rentIdInPath) rentId: string,
    @Query() query: QueryOf<typeof historyQuery>,
  ): Promise<HalDocument> {
    return this.#list(request, rents, rentId, query, rentIdInPath);
  }

  async #list(
    request: FastifyRequest,
    collection: Collection,
    id: string,
    query: QueryOf<typeof historyQuery>,
    kind: EntityId,
  ): Promise<HalDocument> {
    const page = kind.found(await this.history.list(request, collection, id, query));
    return listDocument(request, 'events', page, representEntry(collection, id));
  }
}
