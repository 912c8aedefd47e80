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
import { HoldsView, holdRepresentation, holdsOfUserQuery, representHold } from '../holds/holds-view.js';
import { etagOf } from '../http/conditional.js';
import { changed, created } from '../http/creation.js';
import { userIdInPath } from '../http/entity-id.js';
import type { HalDocument } from '../http/hal.js';
import { listDocument } from '../http/list-document.js';
import { type Positions, PositionsWanted } from '../http/positions.js';
import { QueryParameters, type QueryOf } from '../http/query.js';
import { OpenTo } from '../identity/access.js';
import { Lists, Sends, Shows, unansweredQuery } from '../openapi/operation.js';
import { RentsView, rentRepresentation, rentsOfUserQuery, representRent } from '../rents/rents-view.js';
import { UsersView, representUser, userQuery, userRepresentation } from './users-view.js';
import { users } from './users.js';

@Controller()
export class UsersController {
  constructor(
    @Inject(Commands) private readonly commands: Commands,
    @Inject(UsersView) private readonly view: UsersView,
    @Inject(RentsView) private readonly rents: RentsView,
    @Inject(HoldsView) private readonly holds: HoldsView,
    @Inject(History) private readonly history: History,
  ) {}

  @Post('users')
  @OpenTo('librarians')
  @Sends(users, 'RegisterUser', { given: ['userId'], rejections: ['EmailTaken'] })
  async register(@Body() body: unknown, @Res({ passthrough: true }) reply: FastifyReply): Promise<HalDocument> {
    const done = await this.commands.send(reply, users, 'RegisterUser', { body, given: (userId) => ({ userId }) });
    return created(reply, users, done, { idField: 'userId' });
  }

  /** The same, as an ancestor of this system called it. */
  @Post('user/registration')
  @OpenTo('librarians')
  @Sends(users, 'RegisterUser', {
    summary: 'A person registers, as an ancestor of this system called it',
    given: ['userId'],
    aliases: { username: 'name' },
    rejections: ['EmailTaken'],
  })
  async registerByUsername(
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    const done = await this.commands.send(reply, users, 'RegisterUser', {
      body,
      given: (userId) => ({ userId }),
      aliases: { username: 'name' },
    });
    return created(reply, users, done, { idField: 'userId' });
  }

  @Patch('users/:id')
  @OpenTo('librarians')
  @Sends(users, 'UpdateUser', { given: ['userId'], rejections: ['UserNotFound', 'EmailTaken'] })
  async update(
    @Param('id', userIdInPath) userId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    await this.commands.send(reply, users, 'UpdateUser', { body, given: { userId } });
    return changed(users, userId);
  }

  @Delete('users/:id')
  @OpenTo('librarians')
  @HttpCode(HttpStatus.NO_CONTENT)
  @Sends(users, 'DeleteUser', { given: ['userId'], rejections: ['UserNotFound', 'UserHasOpenRents'] })
  async remove(
    @Param('id', userIdInPath) userId: string,
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    await this.commands.send(reply, users, 'DeleteUser', { body, given: { userId } });
  }

  @Get('users')
  @OpenTo('librarians')
  @QueryParameters(userQuery)
  @Lists('users', userRepresentation, 'Finds people by name or address')
  async list(
    @Req() request: FastifyRequest,
    @Query() query: QueryOf<typeof userQuery>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    return listDocument(request, 'users', await this.view.list(query, positions), representUser);
  }

  @Get('users/:id')
  @OpenTo('ownUser')
  @Shows(userRepresentation, 'Shows a person, now or as they were', { refusals: unansweredQuery })
  @QueryParameters(asOfQuery)
  async get(
    @Param('id', userIdInPath) userId: string,
    @Query() { asOf }: QueryOf<typeof asOfQuery>,
    @PositionsWanted() positions: Positions,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    if (asOf) {
      // Without a tag: the past cannot be changed.
      const past = userIdInPath.found(await this.history.userAt(reply.request, userId, asOf));
      return asItWas(reply.request, representUser(past));
    }
    const row = userIdInPath.found(await this.view.get(userId, positions));
    reply.header('etag', etagOf(row.revision));
    return representUser(row);
  }

  @Get('users/:id/rents')
  @OpenTo('ownUser')
  @QueryParameters(rentsOfUserQuery)
  @Lists('rents', rentRepresentation, 'Lists what a person had out, and has')
  async rentsOf(
    @Req() request: FastifyRequest,
    @Param('id', userIdInPath) userId: string,
    @Query() query: QueryOf<typeof rentsOfUserQuery>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    const page = userIdInPath.found(await this.rents.listOf('users', userId, query, positions));
    return listDocument(request, 'rents', page, representRent);
  }

  @Get('users/:id/holds')
  @OpenTo('ownUser')
  @QueryParameters(holdsOfUserQuery)
  @Lists('holds', holdRepresentation, 'Lists what a person waits for, and waited')
  async holdsOf(
    @Req() request: FastifyRequest,
    @Param('id', userIdInPath) userId: string,
    @Query() query: QueryOf<typeof holdsOfUserQuery>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    const page = userIdInPath.found(await this.holds.listOf('users', userId, query, positions));
    return listDocument(request, 'holds', page, representHold);
  }
}
