import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { bookRepresentation, representBook } from '../books/books-view.js';
import type { HalDocument } from '../http/hal.js';
import { listDocument } from '../http/list-document.js';
import { type Positions, PositionsWanted } from '../http/positions.js';
import { QueryParameters, type QueryOf } from '../http/query.js';
import { OpenTo } from '../identity/access.js';
import { Lists, Shows } from '../openapi/operation.js';
import { pageParameters } from '../views/list-query.js';
import { NeverRented } from './never-rented.js';
import { StatisticsView, representStatistics, statisticsQuery, statisticsRepresentation } from './statistics-view.js';

@Controller('statistics')
export class StatisticsController {
  constructor(
    @Inject(StatisticsView) private readonly view: StatisticsView,
    @Inject(NeverRented) private readonly neverRented: NeverRented,
  ) {}

  @Get()
  @OpenTo('librarians')
  @QueryParameters(statisticsQuery)
  @Shows(statisticsRepresentation, 'Shows the library in numbers', { refusals: ['InvalidRange'] })
  async get(
    @Req() { url }: FastifyRequest,
    @Query() query: QueryOf<typeof statisticsQuery>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    return representStatistics(url, await this.view.read(query, positions));
  }

  @Get('never-rented')
  @OpenTo('librarians')
  @QueryParameters(pageParameters)
  @Lists('books', bookRepresentation, 'Lists the titles that never went out')
  async listNeverRented(
    @Req() request: FastifyRequest,
    @Query() query: QueryOf<typeof pageParameters>,
    @PositionsWanted() positions: Positions,
  ): Promise<HalDocument> {
    return listDocument(request, 'books', await this.neverRented.list(query, positions), representBook);
  }
}
