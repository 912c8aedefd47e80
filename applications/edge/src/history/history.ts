import { Inject, Injectable } from '@nestjs/common';
import {
  type BookAt,
  type BookRow,
  type CopiesOutAt,
  type GetCopiesOutAt,
  type GetHistory,
  type GetStateAt,
  type History as HistoryAnswer,
  type HistoryEntry,
  type RentAt,
  type UserAt,
  type UserRow,
  schema,
} from '@shelfmark/contracts';
import type { FastifyRequest } from 'fastify';
import { books } from '../books/books.js';
import type { Collection } from '../commands/commands.js';
import { type HalDocument, linkTo } from '../http/hal.js';
import { type QueryOf, oneOf, wholeNumber, words } from '../http/query.js';
import type { Representation } from '../openapi/operation.js';
import { rents } from '../rents/rents.js';
import type { ShownRent } from '../rents/rents-view.js';
import { TODAY, type Today } from '../rents/today.js';
import { users } from '../users/users.js';
import { type Page, defaultPageRows, maxPageRows } from '../views/page.js';
import { directionOf, historyOrders, historyPage, parseHistoryCursor } from './history-cursor.js';
import { pastInstant } from './instant.js';
import { Queries } from './queries.js';

export const historyQuery = { sort: oneOf(...historyOrders), cursor: words(100), limit: wholeNumber(1, maxPageRows) };

/** For one entity as it was. */
export const asOfQuery = { asOf: pastInstant() };

/**
 * The past, as the owners' streams have it. A stream is never behind what its owner has answered, so a client's own writes
 * are in it without waiting: `Shelfmark-Position` makes no difference here.
 */
@Injectable()
export class History {
  constructor(
    @Inject(Queries) private readonly queries: Queries,
    @Inject(TODAY) private readonly today: Today,
  ) {}

  /** A page of what happened to an entity; `undefined` where it never was. */
  async list(
    request: FastifyRequest,
    { service }: Collection,
    id: string,
    { sort = 'newest', cursor: place, limit = defaultPageRows }: QueryOf<typeof historyQuery>,
  ): Promise<Page<HistoryEntry> | undefined> {
    const cursor = place === undefined ? undefined : parseHistoryCursor(place, sort);
    const asked: GetHistory = {
      id,
      direction: directionOf(sort, cursor),
      limit,
      ...(cursor && { after: cursor.revision }),
    };
    const found = await this.queries.ask<HistoryAnswer>(request, service, 'GetHistory', { ...asked });
    return found.total === 0 ? undefined : historyPage(found, sort, cursor);
  }

  async bookAt(request: FastifyRequest, bookId: string, instant: Date): Promise<BookRow | undefined> {
    const asked: GetCopiesOutAt = { bookId, at: instant.toISOString() };
    const [{ book }, { inUse }] = await Promise.all([
      this.#stateAt<BookAt>(request, books, bookId, instant),
      this.queries.ask<CopiesOutAt>(request, rents.service, 'GetCopiesOutAt', { ...asked }),
    ]);
    return book && { ...book, inUse, parked: false };
  }

  async userAt(request: FastifyRequest, userId: string, instant: Date): Promise<UserRow | undefined> {
    return (await this.#stateAt<UserAt>(request, users, userId, instant)).user;
  }

  async rentAt(request: FastifyRequest, rentId: string, instant: Date): Promise<ShownRent | undefined> {
    const { rent } = await this.#stateAt<RentAt>(request, rents, rentId, instant);
    return rent && { ...rent, overdue: rent.state === 'open' && rent.dueOn < this.today(instant) };
  }

  #stateAt<Answer>(request: FastifyRequest, { service }: Collection, id: string, instant: Date): Promise<Answer> {
    const asked: GetStateAt = { id, at: instant.toISOString() };
    return this.queries.ask<Answer>(request, service, 'GetStateAt', { ...asked });
  }
}

/** What each event says in a sentence: the contract's own words, so that a new event has some without a list of them here. */
const sentences: Readonly<Record<string, { readonly description?: string }>> = schema.definitions;

/** What {@link representEntry} makes. */
export const entryRepresentation: Representation = {
  name: 'Event',
  row: 'HistoryEntry',
  adds: { summary: { type: 'string', description: 'What it says, in a sentence.' } },
  links: ['state'],
};

/** @param collection that of the entity that it happened to */
export function representEntry({ path }: Collection, entityId: string): (entry: HistoryEntry) => HalDocument {
  const { href } = linkTo(path, entityId);
  return ({ id, revision, type, data, time, actor, commandId, correlationId }) => ({
    id,
    revision,
    type,
    summary: sentences[type]?.description ?? type,
    data,
    time: new Date(time),
    ...(actor === undefined ? {} : { actor }),
    commandId,
    correlationId,
    _links: { state: { href: `${href}?asOf=${time}` } },
  });
}

/** An entity as it was: represented as it is now, but for where it was found. */
export function asItWas({ url }: FastifyRequest, document: HalDocument): HalDocument {
  return { ...document, _links: { ...document._links, self: { href: url } } };
}
