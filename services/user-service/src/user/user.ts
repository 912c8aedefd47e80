import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type {
  UserCommands,
  UserDeletionObstacle,
  UserEmailEvents,
  UserEvents,
  UserRejection,
} from '@shelfmark/contracts';
import { type Aggregate, type Decider, reject, streamName } from '@shelfmark/event-sourcing';

/** How many books a person may have out unless it was said otherwise. */
const defaultRentLimit = 5;

export type User =
  | { readonly status: 'absent' | 'deleted' }
  | {
      readonly status: 'present' | 'deleting';
      readonly createdAt: string;
      readonly updatedAt: string;
      readonly name: string;
      readonly email: string;
      readonly rentLimit: number;
      /** The revision of the event that last set the limit, by which others tell which limit is newer. */
      readonly rentLimitRevision: number;
      /** Why their last deletion was refused. */
      readonly obstacle?: UserDeletionObstacle;
    };

/** Who has an address, if anybody; else who had it last. */
export type UserEmail = { readonly userId?: string; readonly formerly?: string };

export const userEmail: Aggregate<UserEmail, UserEmailEvents> = {
  category: 'UserEmail',
  initial: {},
  evolve: {
    EmailClaimed: (_state, { userId }) => ({ userId }),
    EmailReleased: ({ userId: formerly }) => (formerly === undefined ? {} : { formerly }),
  },
};

export const user: Decider<
  User,
  UserCommands,
  UserEvents,
  UserRejection,
  { readonly claimed: typeof userEmail; readonly released: typeof userEmail }
> = {
  category: 'User',
  initial: { status: 'absent' },
  entityId: ({ userId }) => userId,
  others: { claimed: userEmail, released: userEmail },

  streams: {
    RegisterUser: ({ email }) => ({ claimed: emailHash(email) }),
    UpdateUser: ({ email }, state) =>
      email !== undefined && isThere(state) && emailHash(email) !== emailHash(state.email)
        ? { claimed: emailHash(email), released: emailHash(state.email) }
        : {},
    ConfirmUserDeletion: (_data, state) => (isThere(state) ? { released: emailHash(state.email) } : {}),
  },

  decide: {
    RegisterUser: (state, { userId, name, email, rentLimit = defaultRentLimit }, _context, { claimed }) => {
      if (state.status !== 'absent') return [];
      if (claimed?.userId !== undefined) return reject('EmailTaken');
      return {
        own: [
          {
            type: 'UserCreated',
            data: { name: name.trim(), email: email.trim(), emailClaim: emailClaim(email), rentLimit },
          },
        ],
        claimed: [{ type: 'EmailClaimed', data: { userId } }],
      };
    },

    UpdateUser: (state, { userId, ...asked }, _context, { claimed }) => {
      if (!isThere(state)) return reject('UserNotFound');
      if (claimed?.userId !== undefined) return reject('EmailTaken');
      const name = asked.name?.trim();
      const email = asked.email?.trim();
      const changes: UserEvents['UserUpdated'] = {
        ...(name !== undefined && name !== state.name && { name }),
        ...(email !== undefined && email !== state.email && { email }),
        ...(claimed && email !== undefined && { emailClaim: emailClaim(email) }),
        ...(asked.rentLimit !== undefined && asked.rentLimit !== state.rentLimit && { rentLimit: asked.rentLimit }),
      };
      if (Object.keys(changes).length === 0) return [];
      return {
        own: [{ type: 'UserUpdated', data: changes }],
        ...(claimed && {
          claimed: [{ type: 'EmailClaimed', data: { userId } }],
          released: [{ type: 'EmailReleased', data: {} }],
        }),
      };
    },

    DeleteUser: (state) => {
      switch (state.status) {
        case 'absent':
        case 'deleted':
          return reject('UserNotFound');
        case 'present':
          return [{ type: 'UserDeletionRequested', data: {} }];
        case 'deleting':
          return [];
      }
    },

    // Also when the request was refused meanwhile: whoever confirms knows that the lending desk has let go of them for good.
    ConfirmUserDeletion: (state) =>
      isThere(state)
        ? { own: [{ type: 'UserDeleted', data: {} }], released: [{ type: 'EmailReleased', data: {} }] }
        : [],

    RefuseUserDeletion: (state, { code }) =>
      state.status === 'deleting' ? [{ type: 'UserDeletionRefused', data: { code } }] : [],
  },

  evolve: {
    UserCreated: (_state, { name, email, rentLimit }, { revision, metadata }) => ({
      status: 'present',
      createdAt: metadata.time,
      updatedAt: metadata.time,
      name,
      email,
      rentLimit,
      rentLimitRevision: revision,
    }),
    UserUpdated: (state, { name, email, rentLimit }, { revision, metadata }) => {
      assert(isThere(state));
      return {
        ...state,
        updatedAt: metadata.time,
        name: name ?? state.name,
        email: email ?? state.email,
        rentLimit: rentLimit ?? state.rentLimit,
        rentLimitRevision: rentLimit === undefined ? state.rentLimitRevision : revision,
      };
    },
    UserDeletionRequested: (state) => {
      assert(isThere(state));
      return { ...state, status: 'deleting' };
    },
    UserDeletionRefused: (state, { code }) => {
      assert(isThere(state));
      return { ...state, status: 'present', obstacle: code };
    },
    UserDeleted: () => ({ status: 'deleted' }),
  },
};

/** Whether the user exists; one whose deletion is being asked about still does. */
export function isThere(state: User): state is Extract<User, { name: string }> {
  return state.status === 'present' || state.status === 'deleting';
}

/** The stream that holds the claim to an address. */
export function emailClaim(email: string): string {
  return streamName(userEmail.category, emailHash(email));
}

/** SHA-256 of the normalised address, so that a stream's name tells nobody's address. */
export function emailHash(email: string): string {
  return createHash('sha256').update(email.trim().normalize('NFKC').toLowerCase()).digest('hex');
}
