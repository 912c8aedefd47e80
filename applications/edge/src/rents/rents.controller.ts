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
import type { RentBook } from '@shelfmark/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Commands } from '../commands/commands.js';
import { History, asItWas, asOfQuery } from '../history/history.js';
import { changed, created } from '../http/creation.js';
import { idParameter, rentIdInPath } from '../http/entity-id.js';
import type { HalDocument } from '../http/hal.js';
import { listDocument } from '../http/list-document.js';
import { type Positions, PositionsWanted } from '../http/positions.js';
import { QueryParameters, type QueryOf, required } from '../http/query.js';
import { OpenTo } from '../identity/access.js';
import { Lists, Sends, Shows, unansweredQuery } from '../openapi/operation.js';
import { RentsView, linksOfRent, rentQuery, rentRepresentation, representRent } from './rents-view.js';
import { rents } from './rents.js';

const whoHasWhat = { book_id: idParameter, user_id: idParameter };

@Controller('rents')
export class RentsController {
  constructor(
    @Inject(Commands) private readonly commands: Commands,
    @Inject(RentsView) private readonly view: RentsView,
    @Inject(History) private readonly history: History,
  ) {}

  @Post()
  @OpenTo('librarians')
  @Sends(rents, 'RentBook', {
    links: ['book', 'user'],
    rejections: [
      'UserNotFound',
      'BookNotFound',
      'AlreadyRented',
      'BorrowerOverdue',
      'RentLimitReached',
      'NoCopyAvailable',
    ],
  })
  async rent(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<HalDocument> {
    const done = await this.commands.send(reply, rents, 'RentBook', { body });
    return created(reply, rents, done, { links: linksOfRent(done.payload as unknown as RentBook) });
  }

  @Post(':id/return')
  @OpenTo('librarians')
  @HttpCode(HttpStatus.OK)
  @Sends(rents, 'ReturnRent', { given: ['rentId'], rejections: ['RentNotFound'] })
  async return(
    @Param('id', rentIdInPath) rentId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    await this.commands.send(reply, rents, 'ReturnRent', { body, given: { rentId } });
    return changed(rents, rentId);
  }

  @Post(':id/reopen')
  @OpenTo('librarians')
  @HttpCode(HttpStatus.OK)
  @Sends(rents, 'ReopenRent', { given: ['rentId'], rejections: ['RentNotFound', 'RentNotReopenable'] })
  async reopen(
    @Param('id', rentIdInPath) rentId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    await this.commands.send(reply, rents, 'ReopenRent', { body, given: { rentId } });
    return changed(rents, rentId);
  }

  @Post(':id/renewal')
  @OpenTo('ownRent')
  @HttpCode(HttpStatus.OK)
  @Sends(rents, 'RenewRent', {
    given: ['rentId'],
    rejections: ['RentNotFound', 'RentNotOpen', 'HoldsWaiting', 'RentOverdue', 'RenewalLimitReached'],
  })
  async renew(
    @Param('id', rentIdInPath) rentId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    await this.commands.send(reply, rents, 'RenewRent', { body, given: { rentId } });
    return changed(rents, rentId);
  }

  @Post(':id/lost')
  @OpenTo('librarians')
  @HttpCode(HttpStatus.OK)
  @Sends(rents, 'ReportCopyLost', {
    given: ['rentId'],
    rejections: ['RentNotFound', 'RentNotOpen'],
  })
  async lose(
    @Param('id', rentIdInPath) rentId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    await this.commands.send(reply, rents, 'ReportCopyLost', { body, given: { rentId } });
    return changed(rents, rentId);
  }

  @Post(':id/found')
  @OpenTo('librarians')
  @HttpCode(HttpStatus.OK)
  @Sends(rents, 'ReportCopyFound', {
    given: ['rentId'],
    rejections: ['RentNotFound', 'RentNotLost'],
  })
  async find(
    @Param('id', rentIdInPath) rentId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    await this.commands.send(reply, rents, 'ReportCopyFound', { body, given: { rentId } });
    return changed(rents, rentId);
  }

  /** A return by who has what, as an ancestor of this system had it. */
  @Delete()
  @OpenTo('librarians')
  @HttpCode(HttpStatus.NO_CONTENT)
  @QueryParameters(whoHasWhat)
  @Sends(rents, 'ReturnBook', {
    given: ['bookId', 'userId'],
    requires: ['book_id', 'user_id'],
    rejections: ['RentNotFound'],
  })
  async returnBook(
    @Query() query: QueryOf<typeof whoHasWhat>,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    const { book_id: bookId, user_id: userId } = required(query, ['book_id', 'user_id']);
    await this.commands.send(reply, rents, 'ReturnBook', { body, given: { bookId, userId } });
  }

  @Get()
  @OpenTo('ownInQuery')
  @QueryParameters(rentQuery)
  @Lists('rents', rentRepresentation, 'Finds rents')
  async list(
    @Req() request: FastifyRequest,
    @Query() query: QueryOf<typeof rentQuery>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    return listDocument(request, 'rents', await this.view.list(query, positions), representRent);
  }

  @Get(':id')
  @OpenTo('ownRent')
  @Shows(rentRepresentation, 'Shows a rent, now or as it was', { refusals: unansweredQuery })
  @QueryParameters(asOfQuery)
  async get(
    @Req() request: FastifyRequest,
    @Param('id', rentIdInPath) rentId: string,
    @Query() { asOf }: QueryOf<typeof asOfQuery>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    const found = asOf ? this.history.rentAt(request, rentId, asOf) : this.view.get(rentId, positions);
    const shown = representRent(rentIdInPath.found(await found));
    return asOf ? asItWas(request, shown) : shown;
  }
}
