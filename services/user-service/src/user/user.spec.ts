import { schema } from '@shelfmark/contracts';
import { SchemaValidator } from '@shelfmark/event-sourcing';
import { specification } from '@shelfmark/event-sourcing/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emailClaim, user } from './user.js';

const given = specification(user, new SchemaValidator(schema));
const userId = '0190163d-8694-739b-aea5-966c26f8ad90';
const otherId = '0190163d-8694-739b-aea5-966c26f8ad91';
const ada = { name: 'Ada', email: 'ada@example.org', emailClaim: emailClaim('ada@example.org'), rentLimit: 5 };
const created = { type: 'UserCreated', data: ada } as const;
const claimed = { type: 'EmailClaimed', data: { userId } } as const;
const takenByOther = { type: 'EmailClaimed', data: { userId: otherId } } as const;
const released = { type: 'EmailReleased', data: {} } as const;
const deletionRequested = { type: 'UserDeletionRequested', data: {} } as const;
const deleted = { type: 'UserDeleted', data: {} } as const;

describe('RegisterUser', () => {
  it('creates the user and claims the address together, once', () => {
    given()
      .when('RegisterUser', { userId, name: ' Ada ', email: ' ada@example.org ' })
      .then({ own: [created], claimed: [claimed] })
      .again()
      .then([]);
  });

  it('refuses an address that somebody has', () => {
    given({ own: [], claimed: [takenByOther] })
      .when('RegisterUser', { userId, name: 'Ada', email: 'ADA@example.org' })
      .thenRejects('EmailTaken');
  });

  it('takes an address that is free again', () => {
    given({ own: [], claimed: [takenByOther, released] })
      .when('RegisterUser', { userId, name: 'Ada', email: 'ada@example.org', rentLimit: 0 })
      .then({ own: [{ type: 'UserCreated', data: { ...ada, rentLimit: 0 } }], claimed: [claimed] });
  });
});

describe('UpdateUser', () => {
  it('records only what differs, once', () => {
    given([created])
      .when('UpdateUser', { userId, name: 'Ada', rentLimit: 7 })
      .then([{ type: 'UserUpdated', data: { rentLimit: 7 } }])
      .again()
      .then([]);
  });

  it('claims the new address and frees the old one in the same step', () => {
    given([created])
      .when('UpdateUser', { userId, email: 'ada@example.net' })
      .then({
        own: [
          {
            type: 'UserUpdated',
            data: { email: 'ada@example.net', emailClaim: emailClaim('ada@example.net') },
          },
        ],
        claimed: [claimed],
        released: [released],
      })
      .again()
      .then([]);
  });

  it('appends no claim for an address that is the same one written otherwise', () => {
    given([created])
      .when('UpdateUser', { userId, email: 'Ada@Example.org' })
      .then([{ type: 'UserUpdated', data: { email: 'Ada@Example.org' } }]);
  });

  it('refuses an address that somebody has', () => {
    given({ own: [created], claimed: [takenByOther] })
      .when('UpdateUser', { userId, email: 'b@example.org' })
      .thenRejects('EmailTaken');
  });

  it('refuses a user who does not exist', () => {
    given().when('UpdateUser', { userId, name: 'Eve' }).thenRejects('UserNotFound');
    given([created, deletionRequested, deleted])
      .when('UpdateUser', { userId, name: 'Eve' })
      .thenRejects('UserNotFound');
  });
});

describe('DeleteUser', () => {
  it('asks first, once', () => {
    given([created]).when('DeleteUser', { userId }).then([deletionRequested]).again().then([]);
  });

  it('refuses a user who does not exist, or no longer', () => {
    given().when('DeleteUser', { userId }).thenRejects('UserNotFound');
    given([created, deletionRequested, deleted]).when('DeleteUser', { userId }).thenRejects('UserNotFound');
  });
});

describe('ConfirmUserDeletion', () => {
  it('deletes the user and frees the address together, once', () => {
    given({ own: [created, deletionRequested], released: [claimed] })
      .when('ConfirmUserDeletion', { userId })
      .then({ own: [deleted], released: [released] })
      .again()
      .then([]);
  });

  it('deletes also when the request was refused meanwhile, for the desk has let go of them for good', () => {
    const refused = { type: 'UserDeletionRefused', data: { code: 'UserHasOpenRents' } } as const;
    given({ own: [created, deletionRequested, refused], released: [claimed] })
      .when('ConfirmUserDeletion', { userId })
      .then({ own: [deleted], released: [released] });
  });

  it('does nothing about a user who never was', () => {
    given().when('ConfirmUserDeletion', { userId }).then([]);
  });
});

describe('RefuseUserDeletion', () => {
  it('keeps the user and says why, once', () => {
    given([created, deletionRequested])
      .when('RefuseUserDeletion', { userId, code: 'UserHasOpenRents' })
      .then([{ type: 'UserDeletionRefused', data: { code: 'UserHasOpenRents' } }])
      .again()
      .then([]);
  });
});

describe('the claim to an address', () => {
  it('is the same for every way of writing it, and tells nobody the address', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (email) => {
        expect(emailClaim(` ${email.toUpperCase()} `)).toBe(emailClaim(email));
        expect(emailClaim(email)).toMatch(/^UserEmail-[0-9a-f]{64}$/);
      }),
    );
  });

  it('differs for different addresses', () => {
    expect(emailClaim('a@example.org')).not.toBe(emailClaim('b@example.org'));
  });
});
