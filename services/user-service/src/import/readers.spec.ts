import { CommandHandler, InMemoryEventStore } from '@shelfmark/event-sourcing';
import { beforeEach, describe, expect, it } from 'vitest';
import type { UserEvents } from '@shelfmark/contracts';
import { user } from '../user/user.js';
import type { PersonItem } from './person-row.js';
import { Readers } from './readers.js';

const [first, second] = ['01a1fcc8-d1d5-755e-bb9c-7553cc88b1eb', '01a1fcc8-d1d5-755e-bb9c-7553cc88b1ec'] as const;

let handler: CommandHandler;
let store: InMemoryEventStore;
beforeEach(() => {
  store = new InMemoryEventStore();
  handler = new CommandHandler({ store });
});

const ada: PersonItem = { person: { name: 'Ada', email: 'ada@example.org' } };
const bob: PersonItem = { person: { name: 'Bob', email: 'bob@example.org' } };
const withId = (item: PersonItem, value: string): PersonItem => ({
  ...item,
  externalId: { column: 'memberid', value },
});

/** What the rows of a file come to, and what they would have come to. */
async function imported(importId: string, ...items: readonly PersonItem[]): Promise<string[]> {
  const preview = new Readers(handler, importId);
  const foreseen = items.map((item, index) => preview.identify(item, { line: index + 2 }));
  const expected: string[] = [];
  for (const known of foreseen) expected.push((await preview.preview(known)).outcome);
  const outcomes = await added(importId, ...items);
  expect(expected).toEqual(outcomes);
  return outcomes;
}

async function added(importId: string, ...items: readonly PersonItem[]): Promise<string[]> {
  const startedAt = startOf.get(importId) ?? (await lastPosition());
  startOf.set(importId, startedAt);
  const readers = new Readers(handler, importId);
  const known = items.map((item, index) => readers.identify(item, { line: index + 2 }));
  const cause = { id: importId, correlationId: importId };
  const outcomes: string[] = [];
  for (const each of known) {
    outcomes.push((await readers.add(each, { cause, startedAt, signal: new AbortController().signal })).outcome);
  }
  return outcomes;
}

const startOf = new Map<string, bigint>();
beforeEach(() => startOf.clear());

async function lastPosition(): Promise<bigint> {
  let last = -1n;
  for await (const events of store.readLog()) last = events.at(-1)?.position ?? last;
  return last;
}

async function registered(): Promise<(UserEvents['UserCreated'] & { userId: string })[]> {
  const found = [];
  for await (const events of store.readLog()) {
    for (const { type, data, stream } of events) {
      if (type === 'UserCreated') {
        found.push({ ...(data as unknown as UserEvents['UserCreated']), userId: stream.slice('User-'.length) });
      }
    }
  }
  return found;
}

function tell(type: string, data: { readonly userId: string } & Record<string, string>) {
  const id = crypto.randomUUID();
  return handler.handle(user, { id, type, data, correlationId: id, causationId: id });
}

describe('people', () => {
  it('are added once, whatever the order of the rows', async () => {
    expect(await imported(first, ada, bob)).toEqual(['added', 'added']);
    expect(await imported(second, bob, ada)).toEqual(['alreadyThere', 'alreadyThere']);
    expect(await registered()).toHaveLength(2);
  });

  it('come to the same when rows are dealt with again after a crash', async () => {
    expect(await added(first, ada)).toEqual(['added']);
    expect(await added(first, ada, bob, withId(bob, '7'))).toEqual(['added', 'added', 'alreadyThere']);
    expect(await registered()).toHaveLength(2);
  });

  it('that come twice in a file are one, and other data are told', async () => {
    const other: PersonItem = { person: { name: 'Ada L.', email: ' ADA@example.org' } };
    expect(await imported(first, ada, ada, other)).toEqual(['added', 'alreadyThere', 'different']);
    expect(await imported(second, withId(other, '1'))).toEqual(['different']);
  });

  it('that are there already are not added, nor changed', async () => {
    const userId = crypto.randomUUID();
    await handler.handle(user, {
      id: userId,
      type: 'RegisterUser',
      data: { userId, name: 'Ada', email: 'ada@example.org' },
      correlationId: userId,
      causationId: userId,
    });
    expect(await imported(first, ada)).toEqual(['alreadyThere']);
    expect(await imported(second, { person: { ...ada.person, rentLimit: 9 } })).toEqual(['different']);
    const exported = { ...ada, externalId: { column: 'id', value: userId } };
    expect(await imported(second, exported)).toEqual(['alreadyThere']);
  });

  it('are known by an external id also when they have another address since', async () => {
    await imported(first, withId(ada, '1'));
    const [userId] = (await registered()).map((each) => each.userId);
    await tell('UpdateUser', { userId: userId!, email: 'lovelace@example.org' });
    expect(await added(second, withId(ada, '1'))).toEqual(['alreadyThere']);
    expect(await registered()).toHaveLength(1);
  });

  it('who have left, or have another address since, are not brought back by their old one', async () => {
    await imported(first, ada, bob);
    const [adaId, bobId] = (await registered()).map((each) => each.userId);
    await tell('DeleteUser', { userId: adaId! });
    await tell('ConfirmUserDeletion', { userId: adaId! });
    await tell('UpdateUser', { userId: bobId!, email: 'robert@example.org' });
    expect(await imported(second, ada, bob)).toEqual(['deletedSince', 'different']);
    expect(await registered()).toHaveLength(2);
  });

  it('have ids that tell nobody their address', async () => {
    await imported(first, ada);
    const here = await registered();
    store = new InMemoryEventStore();
    handler = new CommandHandler({ store });
    await imported(second, ada);
    const there = await registered();
    expect(there).toMatchObject([{ email: here[0]!.email }]);
    expect(there[0]!.userId).not.toBe(here[0]!.userId);
  });
});
