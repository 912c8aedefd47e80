import type { UserEvents } from '@shelfmark/contracts';
import { parseStreamName, type Projection } from '@shelfmark/event-sourcing';
import { sortKey } from '../../sort-key.js';
import type { Person } from './entity.js';

export const ownedByUser = [
  'revision',
  'name',
  'nameKey',
  'email',
  'rentLimit',
  'createdAt',
  'updatedAt',
  'deletedAt',
] as const;

/** Every event of a user is here, because each raises the revision that `If-Match` is compared with. */
export const fromUser: Required<Projection<UserEvents, Pick<Person, (typeof ownedByUser)[number]>>> = {
  UserCreated: ({ name, email, rentLimit }, event) => ({
    key: parseStreamName(event.stream).id,
    set: {
      revision: event.revision,
      name,
      nameKey: sortKey(name),
      email,
      rentLimit,
      createdAt: event.metadata.time,
      updatedAt: event.metadata.time,
    },
  }),
  UserUpdated: ({ name, email, rentLimit }, event) => ({
    key: parseStreamName(event.stream).id,
    set: {
      revision: event.revision,
      ...(name !== undefined && { name, nameKey: sortKey(name) }),
      ...(email !== undefined && { email }),
      ...(rentLimit !== undefined && { rentLimit }),
      updatedAt: event.metadata.time,
    },
  }),
  UserDeletionRequested: (_data, event) => ({
    key: parseStreamName(event.stream).id,
    set: { revision: event.revision },
  }),
  UserDeletionRefused: (_data, event) => ({
    key: parseStreamName(event.stream).id,
    set: { revision: event.revision },
  }),
  // Who has left is not kept in view data: what remains is that there was somebody.
  UserDeleted: (_data, event) => ({
    key: parseStreamName(event.stream).id,
    set: { revision: event.revision, name: null, nameKey: null, email: null, deletedAt: event.metadata.time },
  }),
};
