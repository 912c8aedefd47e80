import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { connect, errors, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startNatsServer, type RunningNatsServer } from '@shelfmark/local';

/** Who there is. What each may do is said below in other words than where the permissions are made. */
const services = ['book-service', 'notice-service', 'rent-service', 'user-service'];
const views = ['view-books', 'view-holds', 'view-queue', 'view-rents', 'view-statistics', 'view-users'];
const everybody = [...services, ...views, 'edge'];
const nobody: readonly string[] = [];
const owners = ['book', 'rent', 'user'];

const readers: Readonly<Record<string, readonly string[]>> = {
  book: ['edge', 'book-service', 'rent-service', 'view-books', 'view-queue', 'view-statistics'],
  rent: [
    'edge',
    'notice-service',
    'rent-service',
    'view-books',
    'view-holds',
    'view-queue',
    'view-rents',
    'view-statistics',
  ],
  user: ['edge', 'rent-service', 'user-service', 'view-queue', 'view-users'],
};

/** Whom a service answers: who asks it something, and who reads its mirror and may find it broken. */
const answered: Readonly<Record<string, readonly string[]>> = {
  book: ['operator', 'notice-service', ...readers['book']!],
  rent: ['operator', 'book-service', 'user-service', ...readers['rent']!],
  user: ['operator', 'notice-service', ...readers['user']!],
};

/** The accounts of reactions, by the mirror that they read. */
const durables: Readonly<Record<string, readonly string[]>> = {
  book: ['book-service_OnBookDeletionRequested', 'rent-service_OnBookUpdated'],
  rent: ['notice-service_MailNotices', 'notice-service_WebhookNotices'],
  user: ['user-service_OnUserDeletionRequested', 'rent-service_OnUserUpdated'],
};

/** A command comes from the edge, but for these. */
const commandsOfServices: Readonly<Record<string, readonly string[]>> = {
  ConfirmBookDeletion: nobody,
  RefuseBookDeletion: nobody,
  ConfirmUserDeletion: nobody,
  RefuseUserDeletion: nobody,
  TakeOverRent: nobody,
  ExpireHolds: nobody,
  OpenBookRent: nobody,
  OpenBorrower: nobody,
  ChangeCopies: ['book-service'],
  CloseBookRent: ['book-service'],
  ChangeRentLimit: ['user-service'],
  CloseBorrower: ['user-service'],
};

/** The addresses in the contract, of commands and of events, one for each service that has them. */
function addresses(kind: 'commands' | 'events'): string[] {
  const file = new URL('../../../contracts/generated/asyncapi/shelfmark.asyncapi.json', import.meta.url);
  const { channels } = JSON.parse(readFileSync(file, 'utf8')) as {
    channels: Record<string, { address?: string; parameters?: { service: { enum: string[] } } }>;
  };
  return Object.values(channels).flatMap(({ address, parameters }) => {
    if (!address?.startsWith(`shelfmark.${kind}.`)) return [];
    return (parameters?.service.enum ?? ['']).map((service) => address.replace('{service}', service));
  });
}

const last = (subject: string) => subject.slice(subject.lastIndexOf('.') + 1);
const serviceOf = (word: string) => `${word}-service`;
const each = <Key extends string>(keys: readonly Key[], entries: (key: Key) => [string, readonly string[]][]) =>
  Object.fromEntries(keys.flatMap(entries));

const mayPublish: Readonly<Record<string, readonly string[]>> = {
  ...each(addresses('commands'), (subject) => [[subject, commandsOfServices[last(subject)] ?? ['edge']]]),
  ...each(addresses('events'), (subject) => [[subject, [serviceOf(subject.split('.')[2]!)]]]),
  ...each(owners, (word) => [
    [`shelfmark.events.${word}.Nonsense`, [serviceOf(word)]],
    [`shelfmark.commands.${word}.Nonsense`, nobody],
    [`shelfmark.commands.${word}-operations.RetryOperation`, ['edge']],
    [`shelfmark.commands.${word}-operations.DeleteOperation`, ['edge']],
    [`shelfmark.commands.${word}-operations.CompleteOperation`, nobody],
    [`shelfmark.commands.${word}-import.a-place.CompleteUpload`, ['edge']],
    [`shelfmark.commands.${word}-import.CompleteImport`, nobody],
    [`shelfmark.queries.${word}-import.OpenUpload`, ['edge']],
    [`shelfmark.queries.${word}-import.a-place.WriteUpload`, ['edge']],
    [`shelfmark.queries.${word}-operations.GetOperation`, ['edge']],
    [`shelfmark.queries.${word}.GetHistory`, ['edge']],
    [`shelfmark.queries.${word}.GetStateAt`, ['edge', 'notice-service']],
    [`shelfmark.mirrors.${word}.verify`, readers[word]!],
  ]),
  'shelfmark.queries.rent.GetCopiesOutAt': ['edge'],
  'shelfmark.queries.book.GetBookFacts': ['rent-service'],
  'shelfmark.queries.user.GetUserFacts': ['rent-service'],
  'shelfmark.queries.user.FindUser': ['rent-service'],
  'shelfmark.edge.rates': ['edge'],
  'shelfmark.edge.anything': nobody,
  'shelfmark.anything': nobody,
  ...each(owners, (word) => {
    const stream = word.toUpperCase();
    const owner = [serviceOf(word)];
    return [
      [`$JS.API.STREAM.CREATE.${stream}`, owner],
      [`$JS.API.STREAM.DELETE.${stream}`, owner],
      [`$JS.API.STREAM.MSG.GET.${stream}`, owner],
      [`$JS.API.STREAM.INFO.${stream}`, readers[word]!],
      [`$JS.API.STREAM.UPDATE.${stream}`, nobody],
      [`$JS.API.STREAM.PURGE.${stream}`, nobody],
      [`$JS.API.STREAM.MSG.DELETE.${stream}`, nobody],
      [`$JS.API.STREAM.SNAPSHOT.${stream}`, nobody],
      [`$JS.API.STREAM.RESTORE.${stream}`, nobody],
      [`$JS.API.DIRECT.GET.${stream}`, nobody],
      [`$JS.API.CONSUMER.CREATE.${stream}`, readers[word]!],
      [`$JS.API.CONSUMER.CREATE.${stream}.some-name`, nobody],
      [`$JS.API.CONSUMER.INFO.${stream}.some-name`, nobody],
      [`$JS.API.CONSUMER.DURABLE.CREATE.${stream}.some-name`, nobody],
      [`$JS.API.CONSUMER.MSG.NEXT.${stream}.some-name`, readers[word]!],
      ...durables[word]!.flatMap((durable): [string, readonly string[]][] => {
        const keeper = [durable.split('_')[0]!];
        return [
          [`$JS.API.CONSUMER.CREATE.${stream}.${durable}`, keeper],
          [`$JS.API.CONSUMER.INFO.${stream}.${durable}`, keeper],
          [`$JS.API.CONSUMER.MSG.NEXT.${stream}.${durable}`, keeper],
          [`$JS.API.CONSUMER.DELETE.${stream}.${durable}`, nobody],
          [`$JS.ACK.${stream}.${durable}.1.1.1.1.0`, keeper],
        ];
      }),
    ];
  }),
  ...each(owners, (word) => [
    [`$KV.SHELFMARK_OFFICES.relay.${word}`, [serviceOf(word)]],
    [`$KV.SHELFMARK_OFFICES.reactions.${serviceOf(word)}`, [serviceOf(word)]],
    [`$JS.API.DIRECT.GET.KV_SHELFMARK_OFFICES.$KV.SHELFMARK_OFFICES.relay.${word}`, [serviceOf(word)]],
  ]),
  '$JS.API.STREAM.CREATE.KV_SHELFMARK_OFFICES': owners.map(serviceOf),
  '$JS.API.STREAM.DELETE.KV_SHELFMARK_OFFICES': nobody,
  '$JS.API.STREAM.PURGE.KV_SHELFMARK_OFFICES': nobody,
  '$JS.API.STREAM.CREATE.MINE': nobody,
  '$JS.API.STREAM.LIST': nobody,
  '$JS.API.STREAM.NAMES': nobody,
  '$JS.API.INFO': nobody,
  '$JS.API.META.LEADER.STEPDOWN': nobody,
  '$SYS.REQ.SERVER.PING': nobody,
  ...each([...everybody, 'operator'], (name) => [
    [`_INBOX.${name}.an-inbox.an-answer`, owners.filter((word) => answered[word]!.includes(name)).map(serviceOf)],
  ]),
  '_INBOX.an-inbox.an-answer': owners.map(serviceOf),
  '_INBOX.an-answer': nobody,
};

const maySubscribe: Readonly<Record<string, readonly string[]>> = {
  ...each([...addresses('events'), ...addresses('commands')], (subject) => [[subject, nobody]]),
  ...each(owners, (word) => [
    [`shelfmark.commands.${word}.*`, nobody],
    [`shelfmark.commands.${word}.* ${serviceOf(word)}`, [serviceOf(word)]],
    [`shelfmark.commands.${word}.* another-group`, nobody],
    [`shelfmark.events.${word}.*`, nobody],
    [`shelfmark.queries.${word}.*`, nobody],
    [`shelfmark.queries.${word}.GetStateAt ${serviceOf(word)}`, [serviceOf(word)]],
    [`shelfmark.queries.${word}-import.a-place.WriteUpload ${serviceOf(word)}`, [serviceOf(word)]],
    [`shelfmark.queries.*.*.WriteUpload ${serviceOf(word)}`, nobody],
    [`shelfmark.commands.${word}-operations.RetryOperation ${serviceOf(word)}`, [serviceOf(word)]],
    [`shelfmark.mirrors.${word}.verify relay-${word}`, [serviceOf(word)]],
    [`shelfmark.mirrors.${word}.verify`, nobody],
  ]),
  'shelfmark.edge.rates': ['edge'],
  ...each(everybody, (name) => [
    [`_INBOX.${name}.>`, [name]],
    [`_INBOX.${name}.an-answer.*`, [name]],
  ]),
  '_INBOX.>': nobody,
  '_INBOX.*.>': nobody,
  '_INBOX.operator.>': nobody,
  '$KV.>': nobody,
  '$JS.>': nobody,
  '$JS.EVENT.ADVISORY.>': nobody,
  '$SYS.>': nobody,
  'shelfmark.>': nobody,
  '>': nobody,
};

let dataDir: string;
let server: RunningNatsServer;
const connections = new Map<string, Bus>();

/** A user's connection, and what the server has refused on it. */
class Bus {
  readonly #refused = new Set<string>();

  private constructor(readonly connection: NatsConnection) {
    void this.#listen();
  }

  static async connect(name: string): Promise<Bus> {
    const { username, password, host } = new URL(server.urlOf(name));
    const options = { servers: host, user: username, pass: password, inboxPrefix: `_INBOX.${name}` };
    return new Bus(await connect(options));
  }

  /** Tries a subject each. @returns those that the server did not refuse */
  async allowed(subjects: readonly string[], attempt: (subject: string) => void): Promise<string[]> {
    this.#refused.clear();
    for (const subject of subjects) attempt(subject);
    // What the server says about them comes before its answer to this, and is listened to in the same turn.
    await this.connection.flush();
    await setImmediate();
    return subjects.filter((subject) => !this.#refused.has(subject));
  }

  async #listen(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type !== 'error' || !(status.error instanceof errors.PermissionViolationError)) continue;
      const { subject, queue } = status.error;
      this.#refused.add(queue === undefined ? subject : `${subject} ${queue}`);
    }
  }
}

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'shelfmark-authorization-'));
  server = await startNatsServer({ dataDir });
  for (const name of [...everybody, 'operator']) connections.set(name, await Bus.connect(name));
});

afterAll(async () => {
  await Promise.all([...connections.values()].map(({ connection }) => connection.close()));
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
});

function expected(table: Readonly<Record<string, readonly string[]>>, name: string): string[] {
  return Object.keys(table).filter((subject) => name === 'operator' || table[subject]!.includes(name));
}

describe.each([...everybody, 'operator'])('%s', (name) => {
  it('publishes what it has to say, and is refused everything else', async () => {
    const bus = connections.get(name)!;
    const allowed = await bus.allowed(Object.keys(mayPublish), (subject) => bus.connection.publish(subject));
    expect(allowed).toEqual(expected(mayPublish, name));
  });

  it('hears what is meant for it, and nothing else', async () => {
    const bus = connections.get(name)!;
    const allowed = await bus.allowed(Object.keys(maySubscribe), (subject) => {
      const [of = '', queue] = subject.split(' ');
      bus.connection.subscribe(of, { callback: () => undefined, ...(queue !== undefined && { queue }) });
    });
    expect(allowed).toEqual(expected(maySubscribe, name));
  });
});

it('lets in nobody without a password, with a wrong one, or with that of another', async () => {
  const { host } = new URL(server.url);
  const { password } = new URL(server.urlOf('book-service'));
  for (const credentials of [
    {},
    { user: 'edge', pass: 'guess' },
    { user: 'edge', pass: password },
    { user: 'shelfmark' },
  ]) {
    await expect(connect({ servers: host, reconnect: false, ...credentials })).rejects.toThrow(/authorization/i);
  }
});

it('lets a service answer a request, and nobody who is asked nothing', async () => {
  const service = connections.get('rent-service')!;
  const edge = connections.get('edge')!;
  let inbox = '';
  service.connection.subscribe('shelfmark.queries.rent.GetHistory', {
    queue: 'rent-service',
    callback: (_error, message) => {
      inbox = message.reply!;
      message.respond('the answer');
    },
  });
  await service.connection.flush();
  const answer = await edge.connection.request('shelfmark.queries.rent.GetHistory', undefined, { timeout: 30_000 });
  expect(answer.string()).toBe('the answer');
  expect(inbox).toMatch(/^_INBOX\.edge\./);
  for (const name of ['notice-service', 'view-rents', 'edge']) {
    const bus = connections.get(name)!;
    expect(await bus.allowed([inbox], (subject) => bus.connection.publish(subject))).toEqual([]);
  }
});
