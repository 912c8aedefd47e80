import { Inject, Injectable } from '@nestjs/common';
import type { OperationState, QueueRow } from '@shelfmark/contracts';
import { type HalDocument, linkTo } from '../http/hal.js';
import type { Positions } from '../http/positions.js';
import { type QueryOf, oneOf } from '../http/query.js';
import type { Representation } from '../openapi/operation.js';
import { pageParameters, pageRequest } from '../views/list-query.js';
import { type FoundPage, type Page, type Sort, cutPage, selectPage } from '../views/page.js';
import { SqlValues } from '../views/sql-values.js';
import { ViewReader } from '../views/view-reader.js';
import { operationIdPattern } from './operation-id.js';
import { queue } from './queue.js';

const oldestFirst: Sort = { name: 'oldest', column: 'queued_at', kind: 'time', direction: 'ASC' };

/** What can be asked for, and the states that it means. */
const targets = {
  queued: ['queued', 'running'],
  delayed: ['delayed'],
  failed: ['failed'],
} as const satisfies Record<string, readonly OperationState[]>;

const columns = `id, command, state, queued_at AS "queuedAt", attempts, error, retry_at AS "retryAt",
  EXISTS (SELECT FROM queue.dead_letter AS d WHERE d.source || '.' || d.entity = command.id) AS parked`;

export const queueQuery = { target: oneOf('queued', 'delayed', 'failed'), ...pageParameters };

/** The commands that are not done yet, as the view shows them. */
@Injectable()
export class QueueView {
  constructor(@Inject(ViewReader) private readonly reader: ViewReader) {}

  async list(query: QueryOf<typeof queueQuery>, positions: Positions): Promise<Page<QueueRow>> {
    const request = pageRequest(query, oldestFirst, operationIdPattern);
    const values = new SqlValues();
    const states = query.target === undefined ? Object.values(targets).flat() : targets[query.target];
    // As literals, for an index of rows in certain states serves nobody who may mean others.
    const conditions = [`state IN (${states.map((state) => `'${state}'`).join(', ')})`];
    const select = selectPage('queue.command', columns, conditions, request, values);
    return cutPage(await this.reader.read<FoundPage<QueueRow>>(positions, ['queue'], select, values), request);
  }
}

/** What {@link representQueued} makes. */
export const queuedRepresentation: Representation = {
  name: 'QueuedCommand',
  row: 'QueueRow',
  of: queue,
  links: ['self', 'operation'],
};

export function representQueued(row: QueueRow): HalDocument {
  const { id, command, state, queuedAt, attempts, error, retryAt, parked } = row;
  return {
    id,
    command,
    state,
    queuedAt: new Date(queuedAt),
    attempts,
    error,
    retryAt: retryAt === null ? null : new Date(retryAt),
    ...(parked ? { parked } : {}),
    _links: { self: linkTo(queue.path, id), operation: linkTo('/operations', id) },
  };
}
