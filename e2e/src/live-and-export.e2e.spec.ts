import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api.js';
import { System, until } from './system.js';

let system: System;
let api: Api;

beforeAll(async () => {
  system = await System.create();
  await system.start();
  api = new Api(system);
});
afterAll(() => system.dispose());

/** Listens as a browser does: comes back with the last id whenever the connection is lost. */
class Listener {
  readonly heard: { readonly event: string; readonly id: string; readonly self: string; readonly type: string }[] = [];
  lastEventId = '';
  connections = 0;
  readonly #closed = new AbortController();

  constructor(private readonly url: string) {
    void this.#run();
  }

  close(): void {
    this.#closed.abort();
  }

  async #run(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      // Whatever ends the connection, it is made again.
      await this.#listen().catch(() => undefined);
      await delay(50);
    }
  }

  async #listen(): Promise<void> {
    const headers = {
      ...system.authorization,
      Accept: 'text/event-stream',
      ...(this.lastEventId !== '' && { 'Last-Event-ID': this.lastEventId }),
    };
    const { body, ok } = await fetch(this.url, { headers, signal: this.#closed.signal });
    if (!ok || body === null) return;
    this.connections++;
    let text = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) this.#dispatch(block);
    }
  }

  #dispatch(block: string): void {
    const fields = new Map(block.split('\n').map((line) => line.split(/: ?(.*)/s, 2) as [string, string]));
    this.lastEventId = fields.get('id') ?? this.lastEventId;
    const data = fields.get('data');
    if (data === undefined) return;
    const { id, type, _links } = JSON.parse(data) as { id: string; type: string; _links?: { self: { href: string } } };
    this.heard.push({ event: fields.get('event')!, id, type, self: _links?.self.href ?? '' });
  }
}

async function listening(query = ''): Promise<Listener> {
  const listener = new Listener(`${system.url}/events${query}`);
  await until('it listens', () => listener.lastEventId !== '');
  return listener;
}

const createBook = async (title: string): Promise<string> => {
  const headers = { 'Idempotency-Key': randomUUID() };
  const { status, body } = await api.insist('POST', '/books', { body: { title, amount: 2 }, headers });
  expect(status).toBe(201);
  return body.id as string;
};

describe('a change that is told', () => {
  it('is there for whoever looks, at once and without a position', async () => {
    const listener = await listening();
    const looks: Promise<number>[] = [];
    // It sends no positions: what is told has to be there for whoever knows of nothing else.
    const anybody = new Api(system);
    const look = setInterval(() => {
      for (const { self } of listener.heard.slice(looks.length)) {
        looks.push(anybody.get(self).then(({ status }) => status));
      }
    }, 1);
    const ids = await Promise.all(Array.from({ length: 100 }, (_, n) => createBook(`Told ${n}`)));
    await until('all are told', () => listener.heard.length >= ids.length);
    await until('all were looked at', () => looks.length >= ids.length);
    clearInterval(look);
    listener.close();
    expect(listener.heard.map(({ id }) => id).sort()).toEqual([...ids].sort());
    expect(new Set(await Promise.all(looks))).toEqual(new Set([200]));
  });

  it('of a rent is told of the rent and of its book, and never of anybody by name', async () => {
    const listener = await listening();
    const bookId = await createBook('Lent');
    const email = `${randomUUID()}@example.org`;
    const user = await api.post('/users', { name: 'Ada Lovelace', email });
    const rent = await api.post('/rents', { userId: user.body.id, bookId });
    await api.post(`/rents/${rent.body.id}/return`);
    const told = (kind: string) => listener.heard.filter(({ event }) => event === kind).map(({ type }) => type);
    await until(
      'all views told',
      () => told('rent.changed').length === 2 && told('book.changed').length === 3 && told('user.changed').length === 1,
    );
    expect(told('rent.changed')).toEqual(['BookRented', 'BookReturned']);
    expect(told('user.changed')).toEqual(['UserCreated']);
    expect(JSON.stringify(listener.heard)).not.toMatch(/Ada|example\.org|Lent/);
    listener.close();
  });
});

describe('kill -9', () => {
  it('of the edge, of NATS, of the view and of the service loses no change and tells none twice', async () => {
    const listener = await listening('?views=books');
    const ids: string[] = [];
    for (const victim of ['edge', 'nats', 'view-books', 'book-service', 'edge']) {
      const before = await Promise.all(Array.from({ length: 20 }, () => createBook('Told all the same')));
      system.kill(victim);
      ids.push(...before, ...(await Promise.all(Array.from({ length: 20 }, () => createBook('Told all the same')))));
    }
    await until('all are told', () => listener.heard.length >= ids.length, 120_000);
    listener.close();
    expect(listener.connections).toBeGreaterThan(1);
    expect(listener.heard.map(({ event }) => event)).not.toContain('reset');
    expect(listener.heard.map(({ id }) => id).sort()).toEqual([...ids].sort());
  });
});

async function exported(name: string, type: string): Promise<string> {
  let answer!: Response;
  await until(`${name} are exported`, async () => {
    answer = await fetch(`${system.url}/exports/${name}`, { headers: { ...system.authorization, Accept: type } });
    return answer.status !== 503;
  });
  expect(answer.status).toBe(200);
  return answer.text();
}

describe('an export', () => {
  it('is what the list shows, of each view', async () => {
    api.forget();
    for (const name of ['books', 'users', 'rents', 'holds']) {
      const listed: { id: string }[] = [];
      for (let next: string | undefined = `/${name}?limit=100`; next !== undefined;) {
        const { body } = await api.insist('GET', next, {});
        listed.push(...body._embedded[name]);
        next = body._links.next?.href;
      }
      const lines = (await exported(name, 'application/x-ndjson')).split('\n').filter((line) => line !== '');
      expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
        listed.sort((one, other) => (one.id < other.id ? -1 : 1)),
      );
      const csv = await exported(name, 'text/csv');
      expect(csv.trimEnd().split('\r\n')).toHaveLength(listed.length + 1);
    }
  });
});

describe('Ctrl-C', () => {
  it('ends the edge in order while somebody listens', async () => {
    const listener = await listening();
    expect(await system.stop()).toBe(0);
    listener.close();
    expect(system.running()).toEqual([]);
  });
});
