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
import type { PlaceHold } from '@shelfmark/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Commands } from '../commands/commands.js';
import { created } from '../http/creation.js';
import { holdIdInPath } from '../http/entity-id.js';
import type { HalDocument } from '../http/hal.js';
import { listDocument } from '../http/list-document.js';
import { type Positions, PositionsWanted } from '../http/positions.js';
import { QueryParameters, type QueryOf } from '../http/query.js';
import { OpenTo } from '../identity/access.js';
import { Lists, Sends, Shows } from '../openapi/operation.js';
import { linksOfRent } from '../rents/rents-view.js';
import { HoldsView, holdQuery, holdRepresentation, representHold } from './holds-view.js';
import { holds } from './holds.js';

@Controller('holds')
export class HoldsController {
  constructor(
    @Inject(Commands) private readonly commands: Commands,
    @Inject(HoldsView) private readonly view: HoldsView,
  ) {}

  @Post()
  @OpenTo('ownInBody')
  @Sends(holds, 'PlaceHold', {
    links: ['book', 'user'],
    rejections: ['UserNotFound', 'BookNotFound', 'AlreadyRented', 'AlreadyOnHold', 'CopyAvailable', 'HoldLimitReached'],
  })
  async place(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<HalDocument> {
    const done = await this.commands.send(reply, holds, 'PlaceHold', { body });
    return created(reply, holds, done, { links: linksOfRent(done.payload as unknown as PlaceHold) });
  }

  @Delete(':id')
  @OpenTo('ownHold')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Sends(holds, 'CancelHold', { given: ['holdId'], rejections: ['HoldNotFound'] })
  async cancel(
    @Param('id', holdIdInPath) holdId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.commands.send(reply, holds, 'CancelHold', { body, given: { holdId } });
  }

  @Get()
  @OpenTo('ownInQuery')
  @QueryParameters(holdQuery)
  @Lists('holds', holdRepresentation, 'Finds holds, in the order in which they were placed')
  async list(
    @Req() request: FastifyRequest,
    @Query() query: QueryOf<typeof holdQuery>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    return listDocument(request, 'holds', await this.view.list(query, positions), representHold);
  }

  @Get(':id')
  @OpenTo('ownHold')
  @Shows(holdRepresentation, 'Shows a hold, with its place in the queue')
  async get(@Param('id', holdIdInPath) holdId: string, @PositionsWanted() positions: Positions): Promise<HalDocument> {
    return representHold(holdIdInPath.found(await this.view.get(holdId, positions)));
  }
}
