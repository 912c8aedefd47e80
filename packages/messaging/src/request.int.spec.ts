import { randomUUID } from 'node:crypto';
import { headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Failure, newerVersionNeeded } from './reply.js';
import { type IncomingRequest, maxRequestBytes, type OutgoingCommand, toRequestMessage } from './request.js';
import { NoAnswer, RequestClient } from './request-client.js';
import { type RequestServer, serveRequests } from './request-server.js';
import { TestBus } from './testing/bus.js';
import { until } from './testing/until.js';

const maxInFlight = 50;

let bus: TestBus;
let asking: NatsConnection;
let serving: NatsConnection;
let server: RequestServer;
let client: RequestClient;
let release: (() => void) | undefined;
const received: IncomingRequest[] = [];
const errors: unknown[] = [];

beforeAll(async () => {
  bus = await TestBus.start();
  [asking, serving] = await Promise.all([bus.connect('asking'), bus.connect('serving')]);
  client = new RequestClient(asking, { source: '/test' });
  server = serveRequests(serving, {
    subject: 'shelfmark.commands.book.*',
    queue: 'book',
    maxInFlight,
    onError: (error) => errors.push(error),
    handle: async (request) => {
      received.push(request);
      if (request.type === 'Throw') throw new Error('the password is open-sesame');
      if (request.type === 'AnswerNothing') return undefined as unknown as object;
      if (request.type === 'AnswerTooMuch') return { id: 'x'.repeat(2 * 1024 * 1024) };
      if (request.type === 'AnswerNonsense') return { what: 'ever' };
      if (request.type === 'Reject') return { rejection: { code: 'BookNotFound' } };
      if (request.type === 'Wait') await new Promise<void>((resolve) => (release = chain(release, resolve)));
      return { id: request.id, revision: 0, position: '18446744073709551615' };
    },
  });
  await serving.flush();
});
afterAll(() => bus.close());

function chain(first: (() => void) | undefined, second: () => void): () => void {
  return () => {
    first?.();
    second();
  };
}

function command(type: string, changes: Partial<OutgoingCommand> = {}): OutgoingCommand {
  const deadline = Date.now() + 30_000;
  return { id: randomUUID(), type, data: {}, correlationId: 'correlation', causationId: 'cause', deadline, ...changes };
}

/**
 * What comes of a command that is asked until its deadline, which is soon: the answer, or the error's name. Where a machine stands
 * still for longer than the last asking has, that is rightly that nobody knows: so it is asked for again.
 */
const soon = (aggregate: string, type: string, sender = client) =>
  expect.poll(() =>
    sender.sendCommand(aggregate, command(type, { deadline: Date.now() + 1_000 })).catch((error: Error) => error.name),
  );

async function send(message: {
  subject: string;
  headers?: Msg['headers'];
  body: Uint8Array | string;
}): Promise<unknown> {
  const options = { timeout: 30_000, ...(message.headers && { headers: message.headers }) };
  return (await asking.request(message.subject, message.body, options)).json();
}

const wellFormed = () => toRequestMessage('commands', 'book', command('CreateBook'), '/test');
const failure = (expected: Partial<Failure>) => ({ failure: expect.objectContaining(expected) as Failure });

it('answers a command with what its handler returns, and hands it over whole', async () => {
  const sent = command('CreateBook', { data: { title: 'Käse' }, actor: 'müller', expectedRevision: 7 });
  expect(await client.sendCommand('book', sent)).toEqual({
    id: sent.id,
    revision: 0,
    position: '18446744073709551615',
  });
  expect(received.at(-1)).toMatchObject({ ...sent, subject: 'shelfmark.commands.book.CreateBook', source: '/test' });
  expect(await client.sendCommand('book', command('Reject'))).toEqual({ rejection: { code: 'BookNotFound' } });
});

it('answers every malformed request, naming what is wrong', async () => {
  const subject = 'shelfmark.commands.book.CreateBook';
  const before = received.length;
  expect(await send({ subject, body: 'garbage' })).toEqual(
    failure({ name: 'MalformedMessage', field: 'ce-specversion' }),
  );
  expect(await send({ subject, body: '' })).toEqual(failure({ name: 'MalformedMessage', field: 'ce-specversion' }));
  expect(await send({ subject, headers: headers(), body: '{}' })).toEqual(failure({ name: 'MalformedMessage' }));

  const { headers: good } = wellFormed();
  for (const body of ['{', '[1', '"\ud800', '['.repeat(33) + ']'.repeat(33), Buffer.from([0xc3, 0x28])]) {
    expect(await send({ subject, headers: good, body })).toEqual(failure({ name: 'MalformedMessage', field: 'body' }));
  }
  for (const name of [
    'ce-specversion',
    'ce-id',
    'ce-type',
    'ce-source',
    'ce-time',
    'ce-correlationid',
    'ce-causationid',
  ]) {
    const message = wellFormed();
    message.headers.delete(name);
    expect(await send(message)).toEqual(failure({ name: 'MalformedMessage', field: name }));
  }
  expect(await send({ ...wellFormed(), subject: 'shelfmark.commands.book.DeleteBook' })).toEqual(
    failure({ name: 'MalformedMessage', field: 'ce-type' }),
  );
  expect(received.length).toBe(before);
});

it('refuses a body that is too large, whoever sends it', async () => {
  const body = `"${'x'.repeat(maxRequestBytes)}"`;
  expect(await send({ ...wellFormed(), body })).toEqual(failure({ name: 'MessageTooLarge' }));
  await expect(
    client.sendCommand('book', command('CreateBook', { data: 'x'.repeat(maxRequestBytes) })),
  ).rejects.toMatchObject({ name: 'MessageTooLarge', maxBytes: maxRequestBytes });
});

it('answers for a handler that fails, without a word about why', async () => {
  expect(await client.sendCommand('book', command('Throw'))).toEqual({ failure: { name: 'InternalError' } });
  expect(String(errors.at(-1))).toContain('open-sesame');
  expect(await client.sendCommand('book', command('AnswerNothing'))).toEqual({ failure: { name: 'InternalError' } });
  expect(await client.sendCommand('book', command('AnswerTooMuch'))).toEqual({ failure: { name: 'InternalError' } });
});

it('does not start on a request whose deadline has passed', async () => {
  const late = toRequestMessage('commands', 'book', command('CreateBook', { deadline: Date.now() - 1 }), '/test');
  const before = received.length;
  expect(await send(late)).toEqual({ failure: { name: 'DeadlineExceeded' } });
  expect(await client.sendCommand('book', command('CreateBook', { deadline: Date.now() - 1 }))).toEqual({
    failure: { name: 'DeadlineExceeded' },
  });
  expect(received.length).toBe(before);
});

it('carries requests out side by side, up to its bound, and refuses those above it', async () => {
  const held = Array.from({ length: maxInFlight }, () => client.sendCommand('book', command('Wait')));
  await until(() => server.statistics().inFlight === maxInFlight);
  expect(await client.sendCommand('book', command('CreateBook'))).toEqual({
    failure: { name: 'Overloaded', retryAfterMs: expect.any(Number) as number },
  });
  release!();
  for (const reply of await Promise.all(held)) expect(reply).toHaveProperty('revision', 0);
  expect(await client.sendCommand('book', command('CreateBook'))).toHaveProperty('revision', 0);
});

it('ignores what cannot be answered, and never answers to a subject of the system', async () => {
  const { ignored } = server.statistics();
  const before = received.length;
  const { subject, headers: good, body } = wellFormed();
  const answers: string[] = [];
  const overhearing = asking.subscribe('*.*.victim.>', {
    callback: (_error, message) => void (message.headers || answers.push(message.subject)),
  });
  asking.publish(subject, body, { headers: good });
  asking.publish(subject, body, { headers: good, reply: 'shelfmark.events.victim.BookCreated' });
  asking.publish(subject, 'garbage', { reply: '$JS.API.STREAM.DELETE.BOOK' });
  await until(() => server.statistics().ignored === ignored + 3);
  await client.sendCommand('book', command('CreateBook'));
  expect(received.length).toBe(before + 1);
  await asking.flush();
  expect(answers).toEqual([]);
  overhearing.unsubscribe();
});

it('tells a service that is not there from one that does not answer in time', async () => {
  await soon('nobody', 'CreateBook').toBe('ServiceUnavailable');
  release = undefined;
  const wait = command('Wait', { deadline: Date.now() + 5_000 });
  await expect(client.sendCommand('book', wait)).rejects.toMatchObject({ name: 'NoAnswer' });
  await until(() => release !== undefined);
  release!();
});

it('takes an answer that it does not understand for an unknown outcome', async () => {
  await expect(client.sendCommand('book', command('AnswerNonsense'))).rejects.toMatchObject({ name: 'NoAnswer' });
});

it('waits for a service that comes before the deadline, and sends it the request once', async () => {
  const late = await bus.connect('late');
  const asked = command('CreateBook');
  const answer = client.sendCommand('latecomer', asked);
  // The broker says that nobody is there before it answers this.
  await asking.flush();
  const ids: string[] = [];
  serveRequests(late, {
    subject: 'shelfmark.commands.latecomer.*',
    queue: 'latecomer',
    handle: async ({ id }) => {
      ids.push(id);
      return { id, revision: 0 };
    },
  });
  expect(await answer).toEqual({ id: asked.id, revision: 0 });
  expect(ids).toEqual([asked.id]);
});

it('asks again where a process of an older version answered, and tells of it where no other comes', async () => {
  const older = await bus.connect('older');
  let asked = 0;
  let isAlone = false;
  serveRequests(older, {
    subject: 'shelfmark.commands.mixed.*',
    queue: 'mixed',
    handle: async ({ id }) => {
      const isOlder = isAlone || ++asked < 4;
      return isOlder ? { failure: { name: newerVersionNeeded } } : { id, revision: 7 };
    },
  });
  await older.flush();
  expect(await client.sendCommand('mixed', command('CreateBook'))).toMatchObject({ revision: 7 });
  expect(asked).toBe(4);
  isAlone = true;
  await soon('mixed', 'CreateBook').toEqual({ failure: { name: newerVersionNeeded } });
});

it('shares the requests of a queue group, and drains: what is under way is answered, nothing more is taken', async () => {
  const counts = [0, 0];
  let letGo: (() => void) | undefined;
  const servers = await Promise.all(
    counts.map(async (_, index) => {
      const connection = await bus.connect(`desk-${index}`);
      const desk = serveRequests(connection, {
        subject: 'shelfmark.commands.desk.*',
        queue: 'desk',
        handle: async ({ id, type }) => {
          counts[index]!++;
          if (type === 'Wait') await new Promise<void>((resolve) => (letGo = chain(letGo, resolve)));
          return { id, revision: 0 };
        },
      });
      await connection.flush();
      return desk;
    }),
  );
  await Promise.all(Array.from({ length: 200 }, () => client.sendCommand('desk', command('Count'))));
  expect(counts[0]! + counts[1]!).toBe(200);
  expect(Math.min(...counts)).toBeGreaterThan(0);

  const waiting = client.sendCommand('desk', command('Wait'));
  await until(() => letGo !== undefined);
  const drained = Promise.all(servers.map((desk) => desk.drain()));
  await soon('desk', 'Count').toBe('ServiceUnavailable');
  letGo!();
  expect(await waiting).toHaveProperty('revision', 0);
  await drained;
});

it('sends no more requests to a service than may wait for it at once, and those to others all the same', async () => {
  const impatient = new RequestClient(asking, { source: '/test' });
  const silent = await bus.connect('silent');
  silent.subscribe('shelfmark.commands.user.*', { callback: () => undefined });
  await silent.flush();
  const wait = () => command('Wait', { deadline: Date.now() + 5_000 });
  const waiting = Array.from({ length: 768 }, () =>
    impatient.sendCommand('user', wait()).catch((error: Error) => error),
  );
  expect(await impatient.sendCommand('user', wait())).toEqual({
    failure: { name: 'Overloaded', retryAfterMs: expect.any(Number) as number },
  });
  expect(await impatient.sendCommand('book', command('CreateBook'))).toHaveProperty('revision', 0);
  for (const outcome of await Promise.all(waiting)) expect(outcome).toBeInstanceOf(NoAnswer);
  // In order: after a connection that is merely closed, the server hands requests to it for a moment more.
  await silent.drain();
  await soon('user', 'Wait', impatient).toBe('ServiceUnavailable');
});
