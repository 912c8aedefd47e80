import { expect, test } from 'vitest';
import { id, Log } from '../../testing/events.js';
import { rowAfter } from '../../testing/row-after.js';
import { view } from './index.js';

const stream = `User-${id(11)}`;
const [fromUser] = view.sources['user']!;
const registered = () =>
  new Log().append(stream, 'UserCreated', {
    name: 'Ada Lovelace',
    email: 'ada@example.org',
    emailClaim: 'UserEmail-1',
    rentLimit: 5,
  });

test('a person who registered has a name, an address and a limit', () => {
  expect(rowAfter(fromUser!, registered(), id(11))).toEqual({
    revision: 0,
    name: 'Ada Lovelace',
    nameKey: 'ada lovelace',
    email: 'ada@example.org',
    rentLimit: 5,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt: '2026-01-01T00:00:00.000Z',
  });
});

test('a field that an update does not name stays as it is', () => {
  const log = registered().append(stream, 'UserUpdated', { name: 'Ada King' });
  expect(rowAfter(fromUser!, log, id(11))).toMatchObject({
    revision: 1,
    name: 'Ada King',
    nameKey: 'ada king',
    email: 'ada@example.org',
    rentLimit: 5,
  });
});

test('of a person who left neither name nor address remains', () => {
  const log = registered().append(stream, 'UserDeletionRequested', {}).append(stream, 'UserDeleted', {});
  expect(rowAfter(fromUser!, log, id(11))).toMatchObject({
    revision: 2,
    name: null,
    nameKey: null,
    email: null,
    deletedAt: '2026-01-01T00:00:02.000Z',
  });
});

test('a person who may not leave stays, one revision on', () => {
  const log = registered()
    .append(stream, 'UserDeletionRequested', {})
    .append(stream, 'UserDeletionRefused', { code: 'UserHasOpenRents' });
  expect(rowAfter(fromUser!, log, id(11))).toMatchObject({ revision: 2, name: 'Ada Lovelace' });
});
