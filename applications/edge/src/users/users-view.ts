import { Inject, Injectable } from '@nestjs/common';
import type { UserRow } from '@shelfmark/contracts';
import { uuid } from '../http/entity-id.js';
import { type HalDocument, linkTo } from '../http/hal.js';
import { type QueryOf, words } from '../http/query.js';
import type { Representation } from '../openapi/operation.js';
import { pageParameters, searchCondition, shown } from '../views/list-query.js';
import type { Sort } from '../views/page.js';
import { ListReader } from '../views/row-reader.js';
import { ViewReader } from '../views/view-reader.js';
import { users } from './users.js';

const byName: Sort = { name: 'name', column: 'name_key', kind: 'text', direction: 'ASC' };

export const userQuery = { q: words(200), ...pageParameters };

/** The people, as the view shows them. */
@Injectable()
export class UsersView extends ListReader<UserRow, QueryOf<typeof userQuery>> {
  constructor(@Inject(ViewReader) reader: ViewReader) {
    super(reader, {
      views: ['users'],
      table: 'users.person',
      idPattern: uuid,
      sort: byName,
      condition: shown,
      conditions: ({ q }, values) => (q === undefined ? [] : [searchCondition(q, (value) => values.add(value))]),
      columns: () => `
        id, revision, name, email, rent_limit AS "rentLimit", created_at AS "createdAt", updated_at AS "updatedAt",
        EXISTS (SELECT FROM users.dead_letter WHERE entity = person.id::text) AS parked`,
    });
  }
}

/** What {@link representUser} makes. */
export const userRepresentation: Representation = {
  name: 'User',
  row: 'UserRow',
  of: users,
  hides: ['revision'],
  links: ['self', 'rents', 'holds', 'history'],
};

export function representUser(row: UserRow): HalDocument {
  const { id, name, email, rentLimit, createdAt, updatedAt, parked } = row;
  const self = linkTo(users.path, id);
  return {
    id,
    name,
    email,
    rentLimit,
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    ...(parked ? { parked } : {}),
    _links: {
      self,
      rents: linkTo(self.href, 'rents'),
      holds: linkTo(self.href, 'holds'),
      history: linkTo(self.href, 'history'),
    },
  };
}
