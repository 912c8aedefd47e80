import { Inject, Injectable } from '@nestjs/common';
import type { HoldRow } from '@shelfmark/contracts';
import { holdIdPattern, idParameter } from '../http/entity-id.js';
import { type HalDocument, dateOrNull, linkTo } from '../http/hal.js';
import { type QueryOf, oneOf } from '../http/query.js';
import type { Representation } from '../openapi/operation.js';
import { linksOfRent } from '../rents/rents-view.js';
import { rents } from '../rents/rents.js';
import { ofWhom, pageParameters } from '../views/list-query.js';
import type { Sort } from '../views/page.js';
import { ListReader } from '../views/row-reader.js';
import { ViewReader } from '../views/view-reader.js';
import { type QueuePace, estimateWait, estimatedWaitSchema, selectPace } from './estimated-wait.js';
import { holds } from './holds.js';

/** A hold with what depends on the others in the queue; both are null unless it waits. */
export type ShownHold = HoldRow & { readonly place: number | null; readonly pace: QueuePace | null };

const inTheirOrder: Sort = { name: 'placed', column: 'placed_at', kind: 'time', direction: 'ASC' };

const state = oneOf('waiting', 'ready', 'pickedUp', 'cancelled', 'expired');
export const holdQuery = { user: idParameter, book: idParameter, state, ...pageParameters };
export const holdsOfUserQuery = { book: idParameter, state, ...pageParameters };
export const holdsOfBookQuery = { user: idParameter, state, ...pageParameters };

/** The holds, as the view shows them. What the estimates rest on is read from other views, and nobody waits for those. */
@Injectable()
export class HoldsView extends ListReader<ShownHold, QueryOf<typeof holdQuery>> {
  constructor(@Inject(ViewReader) reader: ViewReader) {
    super(reader, {
      views: ['holds'],
      table: 'holds.hold',
      idPattern: holdIdPattern,
      sort: inTheirOrder,
      condition: 'true',
      conditions: ({ user, book, state }, values) => [
        ...ofWhom({ user, book }, values),
        ...(state === undefined ? [] : [`state = ${values.add(state)}`]),
      ],
      columns: () => `
        id, book_id AS "bookId", user_id AS "userId", state, placed_at AS "placedAt", ready_at AS "readyAt",
        pickup_by::text AS "pickupBy", ended_at AS "endedAt", rent_id AS "rentId",
        CASE WHEN state = 'waiting' THEN (
          SELECT count(*)::int FROM holds.hold AS queued
          WHERE queued.book_id = hold.book_id AND queued.state = 'waiting' AND queued.number <= hold.number
        ) END AS place,
        CASE WHEN state = 'waiting' THEN ${selectPace('hold.book_id')} END AS pace,
        EXISTS (SELECT FROM holds.dead_letter WHERE entity = hold.book_id::text) AS parked`,
    });
  }
}

/** What {@link representHold} makes. */
export const holdRepresentation: Representation = {
  name: 'Hold',
  row: 'HoldRow',
  of: holds,
  adds: {
    place: {
      type: ['integer', 'null'],
      minimum: 1,
      description: 'The place in the queue for the book, 1 for who is next; null for a hold that does not wait.',
    },
    estimatedWait: estimatedWaitSchema,
  },
  links: ['self', 'book', 'user'],
  mayLink: ['rent'],
};

export function representHold(row: ShownHold): HalDocument {
  const { id, bookId, userId, state, place, pace, placedAt, readyAt, pickupBy, endedAt, rentId, parked } = row;
  return {
    id,
    bookId,
    userId,
    state,
    place,
    estimatedWait: waitOf({ place, pace }),
    placedAt: new Date(placedAt),
    readyAt: dateOrNull(readyAt),
    pickupBy,
    endedAt: dateOrNull(endedAt),
    rentId,
    ...(parked ? { parked } : {}),
    _links: {
      self: linkTo(holds.path, id),
      ...linksOfRent(row),
      ...(rentId === null ? {} : { rent: linkTo(rents.path, rentId) }),
    },
  };
}

/** How long the person may have to wait. */
export function waitOf({ place, pace }: Pick<ShownHold, 'place' | 'pace'>) {
  return place === null || pace === null ? null : estimateWait(place, pace);
}
