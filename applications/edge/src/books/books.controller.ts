import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  HttpStatus,
  Inject,
  Param,
  Patch,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Commands } from '../commands/commands.js';
import { History, asItWas, asOfQuery } from '../history/history.js';
import { HoldsView, holdRepresentation, holdsOfBookQuery, representHold } from '../holds/holds-view.js';
import { etagOf } from '../http/conditional.js';
import { changed, created } from '../http/creation.js';
import { bookIdInPath } from '../http/entity-id.js';
import type { HalDocument } from '../http/hal.js';
import { listDocument } from '../http/list-document.js';
import { type Positions, PositionsWanted } from '../http/positions.js';
import { QueryParameters, type QueryOf } from '../http/query.js';
import { OpenTo } from '../identity/access.js';
import { Lists, Sends, Shows, unansweredQuery } from '../openapi/operation.js';
import { RentsView, rentRepresentation, rentsOfBookQuery, representRent } from '../rents/rents-view.js';
import {
  BooksView,
  bookQuery,
  bookRepresentation,
  catalogueMembers,
  representBook,
  representCatalogue,
} from './books-view.js';
import { books } from './books.js';

@Controller('books')
export class BooksController {
  constructor(
    @Inject(Commands) private readonly commands: Commands,
    @Inject(BooksView) private readonly view: BooksView,
    @Inject(RentsView) private readonly rents: RentsView,
    @Inject(HoldsView) private readonly holds: HoldsView,
    @Inject(History) private readonly history: History,
  ) {}

  @Post()
  @OpenTo('librarians')
  @Sends(books, 'CreateBook', { given: ['bookId'], rejections: ['InvalidIsbn'] })
  async create(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<HalDocument> {
    const done = await this.commands.send(reply, books, 'CreateBook', { body, given: (bookId) => ({ bookId }) });
    return created(reply, books, done, { idField: 'bookId' });
  }

  @Patch(':id')
  @OpenTo('librarians')
  @Sends(books, 'UpdateBook', { given: ['bookId'], rejections: ['BookNotFound', 'InvalidIsbn'] })
  async update(
    @Param('id', bookIdInPath) bookId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    await this.commands.send(reply, books, 'UpdateBook', { body, given: { bookId } });
    return changed(books, bookId);
  }

  @Delete(':id')
  @OpenTo('librarians')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Sends(books, 'DeleteBook', { given: ['bookId'], rejections: ['BookNotFound', 'BookHasOpenRents', 'BookHasHolds'] })
  async remove(
    @Param('id', bookIdInPath) bookId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.commands.send(reply, books, 'DeleteBook', { body, given: { bookId } });
  }

  @Get()
  @OpenTo('signedIn')
  @QueryParameters(bookQuery)
  @Lists('books', bookRepresentation, 'Finds titles in the catalogue', { page: 'Catalogue', adds: catalogueMembers })
  async list(
    @Req() request: FastifyRequest,
    @Query() query: QueryOf<typeof bookQuery>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    return representCatalogue(request, await this.view.list(query, positions));
  }

  @Get(':id')
  @OpenTo('signedIn')
  @Shows(bookRepresentation, 'Shows a title, now or as it was', { refusals: unansweredQuery })
  @QueryParameters(asOfQuery)
  async get(
    @Param('id', bookIdInPath) bookId: string,
    @Query() { asOf }: QueryOf<typeof asOfQuery>,
    @PositionsWanted() positions: Positions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    if (asOf) {
      // Without a tag: the past cannot be changed.
      const past = bookIdInPath.found(await this.history.bookAt(reply.request, bookId, asOf));
      return asItWas(reply.request, representBook(past));
    }
    const row = bookIdInPath.found(await this.view.get(bookId, positions));
    reply.header('etag', etagOf(row.revision));
    return representBook(row);
  }

  @Get(':id/rents')
  @OpenTo('ownInQuery')
  @QueryParameters(rentsOfBookQuery)
  @Lists('rents', rentRepresentation, 'Lists who had a title out, and who has')
  async rentsOf(
    @Req() request: FastifyRequest,
    @Param('id', bookIdInPath) bookId: string,
    @Query() query: QueryOf<typeof rentsOfBookQuery>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    const page = bookIdInPath.found(await this.rents.listOf('books', bookId, query, positions));
    return listDocument(request, 'rents', page, representRent);
  }

  @Get(':id/holds')
  @OpenTo('ownInQuery')
  @QueryParameters(holdsOfBookQuery)
  @Lists('holds', holdRepresentation, 'Lists who waits for a title, and who waited')
  async holdsOf(
    @Req() request: FastifyRequest,
    @Param('id', bookIdInPath) bookId: string,
    @Query() query: QueryOf<typeof holdsOfBookQuery>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    const page = bookIdInPath.found(await this.holds.listOf('books', bookId, query, positions));
    return listDocument(request, 'holds', page, representHold);
  }
}
