import { Controller, Get, Inject, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Produces, acceptedType } from '../http/accept.js';
import { type Positions, PositionsWanted } from '../http/positions.js';
import { QueryParameters, type QueryOf, flag } from '../http/query.js';
import { OpenTo } from '../identity/access.js';
import { Answers, type PlainAnswer } from '../openapi/operation.js';
import { TODAY, type Today } from '../rents/today.js';
import type { EntityView } from '../views/view.js';
import { exported } from './exported.js';
import { Exports, csv, ndjson } from './exports.js';
import { marc, marcXml } from './marc.js';

const exportQuery = { spreadsheet: flag };
type ExportQuery = QueryOf<typeof exportQuery>;

const records = { type: 'string', description: 'Records of MARC 21, in UTF-8.' };

/** What a route says of itself. */
const file = (view: EntityView): PlainAnswer => ({
  description: 'All of it, as it is in one moment. A file that is not whole ends with a broken connection.',
  content: {
    [csv]: {
      schema: { type: 'string', description: 'RFC 4180, in UTF-8, with a header.' },
      example: `${Object.keys(exported[view].columns).join(',')}\r\n`,
    },
    [ndjson]: { schema: { type: 'string', description: 'A representation a line.' } },
    ...Object.fromEntries(Object.keys(exported[view].records).map((type) => [type, { schema: records }])),
  },
  headers: { 'Content-Disposition': { description: 'A name for the file.', schema: { type: 'string' } } },
});
const mayBeBusy = { refusals: ['Overloaded'] } as const;

@Controller('exports')
export class ExportsController {
  constructor(
    @Inject(Exports) private readonly exports: Exports,
    @Inject(TODAY) private readonly today: Today,
  ) {}

  @Get('books')
  @OpenTo('librarians')
  @Produces(csv, ndjson, marc, marcXml)
  @QueryParameters(exportQuery)
  @Answers('The whole catalogue, as a file', file('books'), mayBeBusy)
  books(@Query() query: ExportQuery, @PositionsWanted() positions: Positions, @Res() reply: FastifyReply) {
    return this.#send('books', query, positions, reply);
  }

  @Get('users')
  @OpenTo('librarians')
  @Produces(csv, ndjson)
  @QueryParameters(exportQuery)
  @Answers('All the readers, as a file', file('users'), mayBeBusy)
  users(@Query() query: ExportQuery, @PositionsWanted() positions: Positions, @Res() reply: FastifyReply) {
    return this.#send('users', query, positions, reply);
  }

  @Get('rents')
  @OpenTo('librarians')
  @Produces(csv, ndjson)
  @QueryParameters(exportQuery)
  @Answers('All the rents, as a file', file('rents'), mayBeBusy)
  rents(@Query() query: ExportQuery, @PositionsWanted() positions: Positions, @Res() reply: FastifyReply) {
    return this.#send('rents', query, positions, reply);
  }

  @Get('holds')
  @OpenTo('librarians')
  @Produces(csv, ndjson)
  @QueryParameters(exportQuery)
  @Answers('All the holds, as a file', file('holds'), mayBeBusy)
  holds(@Query() query: ExportQuery, @PositionsWanted() positions: Positions, @Res() reply: FastifyReply) {
    return this.#send('holds', query, positions, reply);
  }

  async #send(
    view: EntityView,
    { spreadsheet = false }: ExportQuery,
    positions: Positions,
    reply: FastifyReply,
  ): Promise<void> {
    const { headers, method } = reply.request;
    const { records } = exported[view];
    const type = acceptedType(headers.accept, [csv, ndjson, ...Object.keys(records)]) ?? csv;
    const suffix = records[type]?.suffix ?? (type === csv ? 'csv' : 'ndjson');
    const rows =
      method === 'HEAD' ? undefined : await this.exports.open(view, { type, forSpreadsheet: spreadsheet }, positions);
    reply.headers({
      'content-type': type === csv ? `${csv}; charset=utf-8` : type,
      'content-disposition': `attachment; filename="${view}-${this.today()}.${suffix}"`,
      vary: 'Accept, Origin',
    });
    void reply.send(rows);
  }
}
