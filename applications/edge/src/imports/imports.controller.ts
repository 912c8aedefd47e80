import { Controller, Get, HttpCode, HttpStatus, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { ReportedRow } from '@shelfmark/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { commandIdOf } from '../commands/command-id.js';
import { books } from '../books/books.js';
import { uuid } from '../http/entity-id.js';
import { type HalDocument, linkTo } from '../http/hal.js';
import { formatPosition } from '../http/positions.js';
import { Problem } from '../http/problem.js';
import { QueryParameters, type QueryOf, flag, matching, oneOf, wholeNumber } from '../http/query.js';
import { OpenTo } from '../identity/access.js';
import { Answers, unansweredQuery } from '../openapi/operation.js';
import { operationShown } from '../queue/documentation.js';
import { operationIdPattern } from '../queue/operation-id.js';
import { Operations } from '../queue/operations.js';
import { defaultPageRows, maxPageRows } from '../views/page.js';
import { type FoundImport, Imports, importedKinds } from './imports.js';
import { importAccepted, importRequest } from './documentation.js';
import { TakesFile } from './uploaded-file.js';

const importQuery = { kind: oneOf('books', 'people', 'rents'), dryRun: flag };

const operationQuery = {
  cursor: matching(/^[A-Za-z0-9_-]{1,64}$/, 'from a page of this report'),
  limit: wholeNumber(1, maxPageRows),
};

@Controller()
export class ImportsController {
  constructor(
    @Inject(Imports) private readonly imports: Imports,
    @Inject(Operations) private readonly operations: Operations,
  ) {}

  @Post('imports')
  @OpenTo('librarians')
  @HttpCode(HttpStatus.ACCEPTED)
  @TakesFile()
  @QueryParameters(importQuery)
  @Answers('Takes a file of books, people or open rents to import', importAccepted, importRequest)
  async create(
    @Req() request: FastifyRequest,
    @Query() { kind = 'books', dryRun = false }: QueryOf<typeof importQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    const { id, position } = await this.imports.request(request, commandIdOf(request), kind, dryRun);
    const self = linkTo('/operations', id);
    reply.header('location', self.href);
    if (position !== undefined) reply.header('shelfmark-position', formatPosition(importedKinds[kind], position));
    return { id, dryRun, _links: { self } };
  }

  @Get('operations/:id')
  @OpenTo('ownOperation')
  @QueryParameters(operationQuery)
  @Answers('Shows how far an operation is', operationShown, { refusals: ['OperationNotFound', ...unansweredQuery] })
  async get(
    @Req() request: FastifyRequest,
    @Param('id') id: string,
    @Query() { cursor, limit = defaultPageRows }: QueryOf<typeof operationQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<HalDocument> {
    if (operationIdPattern.test(id)) return this.#command(reply, id);
    const after = cursor === undefined ? undefined : placeIn(cursor);
    const found = uuid.test(id) ? await this.imports.progress(request, id, after, limit) : undefined;
    if (!found) throw new Problem('NotFound', { detail: 'There is no such operation.' });
    // Whoever reads with it sees what the import has added by now.
    reply.header('shelfmark-position', formatPosition(importedKinds[found.kind], found.operation.position));
    return represent(id, found, request.url);
  }

  /** A command that was queued is an operation too; the service that has it is known by the id. */
  async #command(reply: FastifyReply, id: string): Promise<HalDocument> {
    const operation = await this.operations.find(reply.request, id);
    if (!operation) throw new Problem('OperationNotFound');
    return this.operations.represent(reply, id, operation);
  }
}

function represent(id: string, { kind: imports, operation }: FoundImport, url: string): HalDocument {
  const { state, dryRun, file, bytesDone, rows, tally, format, failure, reported, report, next } = operation;
  const { requestedAt, startedAt, finishedAt } = operation;
  return {
    id,
    kind: 'import',
    imports,
    state,
    dryRun,
    rows,
    tally,
    bytesDone,
    bytesTotal: file.bytes,
    requestedAt,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    ...(failure && { failure }),
    ...(format && { format }),
    count: report.length,
    total: reported,
    _embedded: { rows: report.map(representRow) },
    _links: {
      self: { href: url },
      ...(next !== undefined && { next: { href: pageFrom(url, next) } }),
    },
  };
}

function representRow({ bookId, ...row }: ReportedRow): object {
  return { ...row, ...(bookId !== undefined && { _links: { book: linkTo(books.path, bookId) } }) };
}

/** A place in the report, as {@link pageFrom} made a cursor of it. */
function placeIn(cursor: string): string {
  const place = Buffer.from(cursor, 'base64url').toString();
  if (/^\d{1,15}\.\d{1,15}$/.test(place)) return place;
  throw Problem.parameters([{ parameter: 'cursor', detail: 'must come from a page of this report' }]);
}

function pageFrom(url: string, place: string): string {
  const [path, query] = url.split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', Buffer.from(place).toString('base64url'));
  return `${path}?${parameters.toString()}`;
}
