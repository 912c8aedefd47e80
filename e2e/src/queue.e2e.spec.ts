import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, Api } from './api.js';
import { logOf } from './evidence.js';
import { System, until } from './system.js';

// Handed on to every service, so that nobody waits for a dozen attempts. The pauses between them grow: whoever looks too late to see
// that a command waits after the first one, which is for half a second at least, sees it after a later one.
process.env['QUEUE_ATTEMPTS'] = '4';

let system: System;
let api: Api;

beforeAll(async () => {
  system = await System.create();
  await system.start();
  api = new Api(system);
});
afterAll(() => system.dispose());

/** Sends a command without waiting for what becomes of it. @returns its operation's id */
async function queue(path: string, body: unknown): Promise<string> {
  const headers = { Prefer: 'respond-async', 'Idempotency-Key': randomUUID() };
  const { status, headers: answered, body: answer } = await api.insist('POST', path, { body, headers });
  expect(status, JSON.stringify(answer)).toBe(202);
  expect(answered.get('Preference-Applied')).toBe('respond-async');
  expect(answered.get('Location')).toBe(`/operations/${answer.id}`);
  return answer.id as string;
}

async function reaches(id: string, state: string): Promise<Answer> {
  let answer!: Answer;
  await until(
    `${id} is ${state}`,
    async () => {
      answer = await api.insist('GET', `/operations/${id}`, {});
      return answer.status === 200 && answer.body.state === state;
    },
    120_000,
  );
  return answer;
}

async function listed(target: string): Promise<string[]> {
  const { body } = await api.get(`/queue?target=${target}&limit=100`);
  return (body._embedded?.commands ?? []).map(({ id }: { id: string }) => id);
}

async function user(): Promise<string> {
  return (await api.post('/users', { name: 'Ada', email: `${randomUUID()}@example.org` })).body.id as string;
}

async function book(): Promise<string> {
  return (await api.post('/books', { title: 'Emma', amount: 1 })).body.id as string;
}

describe('a queued command', () => {
  it('is carried out, and leads to what it made', async () => {
    const title = `queued${randomUUID().slice(0, 8)}`;
    const { body } = await reaches(await queue('/books', { title, amount: 2 }), 'completed');
    expect((await api.get(body._links.result.href as string)).body).toMatchObject({ title, amount: 2 });
    expect(await listed('queued')).toEqual([]);
  });

  it('that is refused has the problem of its refusal', async () => {
    const { body } = await reaches(await queue('/books', { title: 'Emma', amount: 1, isbn: '123' }), 'rejected');
    expect(body.rejection).toMatchObject({ status: 422, code: 'InvalidIsbn' });
  });

  it('is carried out once, whenever its service is killed', async () => {
    const title = `kill${randomUUID().slice(0, 8)}`;
    const ids: string[] = [];
    let next = 0;
    const worker = async () => {
      for (let n = next++; n < 200; n = next++) {
        ids.push(await queue('/books', { title: `${title} ${n}`, amount: 1 }));
        // So many are accepted at once that most of them are still to be carried out.
        if (ids.length === 60 || ids.length === 140) system.kill('book-service');
      }
    };
    await Promise.all(Array.from({ length: 16 }, worker));
    for (const id of ids) await reaches(id, 'completed');

    const log = await logOf(system, 'book');
    const streams = new Set(ids.map((id) => `Book-${id.slice('book.'.length)}`));
    const created = log.filter(({ type, stream }) => type === 'BookCreated' && streams.has(stream));
    expect(created.map(({ stream }) => stream).sort()).toEqual([...streams].sort());
    expect((await api.get(`/books?q=${title}&limit=1`)).body.total).toBe(200);
  });
});

describe('while a service that is needed does not answer, a command', () => {
  it('waits for another attempt, and is then carried out', async () => {
    const rent = { userId: await user(), bookId: await book() };
    system.kill('user-service', 'SIGSTOP');
    const id = await queue('/rents', rent);
    let body!: Answer['body'];
    await until('it waits', async () => {
      const isListed = (await listed('delayed')).includes(id);
      ({ body } = await api.get(`/queue/${id}`));
      return isListed && body.state === 'delayed';
    });
    const failures = Array.from({ length: body.attempts }, (_, n) => ({ attempt: n + 1, error: 'NoAnswer' }));
    expect(failures.length).toBeGreaterThan(0);
    expect(body).toMatchObject({ failures, data: rent });

    system.kill('user-service', 'SIGCONT');
    const done = await reaches(id, 'completed');
    expect((await api.get(done.body._links.result.href as string)).body).toMatchObject(rent);
  });

  it('fails after the last attempt, and is tried again or deleted as somebody says', async () => {
    const rents = [
      { userId: await user(), bookId: await book() },
      { userId: await user(), bookId: await book() },
    ];
    system.kill('user-service', 'SIGSTOP');
    const [retried, deleted] = (await Promise.all(rents.map((rent) => queue('/rents', rent)))) as [string, string];
    await until('they failed', async () => (await listed('failed')).length === 2, 180_000);
    expect((await api.request('DELETE', `/queue/${deleted}`)).status).toBe(204);
    expect(await listed('failed')).toEqual([retried]);

    system.kill('user-service', 'SIGCONT');
    expect((await api.post(`/queue/${retried}/retry`)).status).toBe(200);
    await reaches(retried, 'completed');
    expect((await api.get(`/rents?user=${rents[0]!.userId}`)).body.total).toBe(1);
    expect((await api.get(`/operations/${deleted}`)).body).toMatchObject({ state: 'deleted' });
    expect((await api.get(`/rents?user=${rents[1]!.userId}`)).body.total).toBe(0);
    expect((await api.request('DELETE', `/queue/${retried}`)).body).toMatchObject({
      status: 409,
      code: 'OperationEnded',
    });
  });
});
