import { setTimeout as delay } from 'node:timers/promises';
import { v5 as uuidv5 } from 'uuid';
import { type LoadCommand, type Prepared, type World, loadCommands } from './commands.js';
import type { Answer, History } from './history.js';
import type { Random } from './random.js';

/** The edge makes a command's id like this; its own tests keep it so. */
const idempotencyNamespace = '6f1f8a52-3c1b-5e0e-9a43-5d2c7b1e0f64';

const clients = 8;
/** More than the edge's own deadline. */
const patienceMs = 8_000;
const pauseMs = 30;
/** A round has enough then: more would only make its histories dear to check. */
const mostAttempts = 500;

export interface LoadOptions {
  readonly url: string;
  /** A librarian's. */
  readonly token: string;
  readonly world: World;
  readonly history: History;
  readonly random: Random;
  /** Ends it; what is under way is still waited for. */
  readonly signal: AbortSignal;
}

/** Lets clients press at random until the signal aborts. */
export async function runLoad({ random, ...options }: LoadOptions): Promise<void> {
  const load = { ...options, attempts: 0, started: performance.now() };
  await Promise.all(
    Array.from({ length: clients }, (_, index) => new Client(`client ${index}`, load, random.fork(index)).run()),
  );
}

/** What the clients of a load have in common. */
interface Load extends Omit<LoadOptions, 'random'> {
  attempts: number;
}

class Client {
  readonly #positions = new Map<string, bigint>();
  /** What answers told, which came with positions. */
  readonly #told = new Map<string, number>();
  /** What views showed, which says nothing of positions. */
  readonly #seen = new Map<string, number>();

  constructor(
    private readonly name: string,
    private readonly load: Load,
    private readonly random: Random,
  ) {}

  async run(): Promise<void> {
    const { load, random } = this;
    while (!load.signal.aborted && load.attempts < mostAttempts) {
      if (random.chance(0.2)) await this.#read();
      else await this.#command(random.weighted(loadCommands));
      await delay(random.between(0, pauseMs));
    }
  }

  async #command(command: LoadCommand): Promise<void> {
    const { load, random } = this;
    const prepared = command.prepare(load.world, random);
    if (!prepared) return;
    const stream = typeof prepared.streams === 'function' ? undefined : prepared.streams[0]!;
    const revision = stream === undefined ? undefined : this.#latest(stream);
    const ifMatch = revision !== undefined && random.chance(0.25) ? revision : undefined;
    const key = `${load.world.label.replaceAll(' ', '-')}-${load.world.name().split(' ').at(-1)}`;
    // Now and then somebody else sends the same at the same time.
    const others = random.chance(0.15) ? [this.#twin().#attempt(command, prepared, key, ifMatch)] : [];
    const answers = await Promise.all([this.#attempt(command, prepared, key, ifMatch), ...others]);
    let [answer] = answers as [Answer];
    for (let again = random.between(0, 4); again > 0 && answer.kind === 'unknown' && !load.signal.aborted; again--) {
      await delay(random.between(20, 400));
      answer = await this.#attempt(command, prepared, key, ifMatch);
    }
    // What was done is asked for once more, as by somebody who never saw the answer.
    if (answer.kind === 'done' && random.chance(0.1)) await this.#twin().#attempt(command, prepared, key, ifMatch);
  }

  get #authorization(): { readonly Authorization: string } {
    return { Authorization: `Bearer ${this.load.token}` };
  }

  #twin(): Client {
    return new Client(`${this.name}'s twin`, this.load, this.random.fork(this.load.attempts));
  }

  async #attempt(
    command: LoadCommand,
    { method, path, body, data, streams }: Prepared,
    key: string,
    ifMatch: number | undefined,
  ): Promise<Answer> {
    const { load } = this;
    load.attempts++;
    const commandId = uuidv5(JSON.stringify(['librarian', method, path, key]), idempotencyNamespace);
    const named = typeof streams === 'function' ? streams(commandId) : streams;
    const calledAt = performance.now();
    const answer = await this.#ask(method, path, body, {
      'Idempotency-Key': key,
      ...(ifMatch !== undefined && { 'If-Match': `"${ifMatch}"` }),
    });
    load.history.add({
      kind: 'attempt',
      client: this.name,
      calledAt,
      returnedAt: answer.kind === 'unknown' ? Infinity : performance.now(),
      commandId,
      type: command.type,
      streams: named,
      data,
      ...(ifMatch !== undefined && { expectedRevision: ifMatch }),
      answer,
    });
    if (answer.kind === 'done') {
      if (answer.revision !== undefined) note(this.#told, named[0]!, answer.revision);
      this.#learn(command, answer.id, data);
    }
    return answer;
  }

  /** Both of those who sent it may be told. */
  #learn({ learn }: LoadCommand, id: string | undefined, data: Prepared['data']): void {
    const { world } = this.load;
    const isNew =
      id !== undefined &&
      ![
        ...world.books,
        ...world.users,
        ...world.rents.map((rent) => rent.id),
        ...world.holds.map((hold) => hold.id),
      ].includes(id);
    if (isNew) learn?.(world, id, data);
  }

  async #ask(
    method: string,
    path: string,
    body: Prepared['body'],
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.load.url + path, {
        method,
        headers: { ...this.#authorization, ...headers, ...(body && { 'Content-Type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(patienceMs),
      });
      text = await response.text();
    } catch (error) {
      const { name, cause } = error as Error & { cause?: { code?: string } };
      return { kind: 'unknown', why: cause?.code ?? name };
    }
    const { status } = response;
    const { id, code } = (text === '' ? {} : JSON.parse(text)) as { id?: string; code?: string };
    if (response.ok) return this.#done(response, id);
    if (status === 503 || status === 429) return { kind: 'unknown', why: code ?? String(status) };
    if (status === 412) return { kind: 'conflict' };
    const isRejection = code !== undefined && [404, 409].includes(status) && code !== 'NotFound';
    return isRejection ? { kind: 'rejected', code } : { kind: 'wrong', status, body: text };
  }

  #done({ headers }: Response, id: string | undefined): Answer {
    const revision = /^"(\d+)"$/.exec(headers.get('etag') ?? '')?.[1];
    const [service, position] = headers.get('shelfmark-position')?.split('@') ?? [];
    if (service !== undefined && BigInt(position!) > (this.#positions.get(service) ?? -1n)) {
      this.#positions.set(service, BigInt(position!));
    }
    return {
      kind: 'done',
      ...(id !== undefined && { id }),
      ...(revision !== undefined && { revision: Number(revision) }),
      ...(position !== undefined && { position }),
    };
  }

  async #read(): Promise<void> {
    const { world } = this.load;
    const isBook = this.random.chance(0.5);
    const ids = isBook ? world.books : world.users;
    if (ids.length === 0) return;
    const id = this.random.pick(ids);
    const [stream, path] = isBook ? [`Book-${id}`, `/books/${id}`] : [`User-${id}`, `/users/${id}`];
    // Of a reader who has left nothing is told, so only of books the absence of a history says something.
    if (isBook && this.random.chance(0.5)) await this.#readOwner(stream, path);
    else await this.#readView(stream, path, isBook ? ['title', 'amount'] : ['name', 'email', 'rentLimit']);
  }

  async #readOwner(stream: string, path: string): Promise<void> {
    const calledAt = performance.now();
    const found = await this.#get(`${path}/history?limit=1`, {});
    if (!found) return;
    const [last] =
      (found.body as { _embedded?: { events: { id: string; revision: number }[] } })._embedded?.events ?? [];
    this.load.history.add({
      kind: 'ownerRead',
      client: this.name,
      calledAt,
      returnedAt: performance.now(),
      stream,
      revision: last?.revision ?? -1,
      ...(last && { eventId: last.id }),
    });
  }

  async #readView(stream: string, path: string, fields: readonly string[]): Promise<void> {
    const calledAt = performance.now();
    const [knownRevision, seenRevision] = [this.#told.get(stream) ?? -1, this.#seen.get(stream) ?? -1];
    const positions = [...this.#positions].map(([service, position]) => `${service}@${position}`).join(', ');
    const found = await this.#get(path, positions === '' ? {} : { 'Shelfmark-Position': positions });
    if (!found) return;
    const revision = Number(/^"(\d+)"$/.exec(found.etag ?? '')?.[1]);
    this.load.history.add({
      kind: 'viewRead',
      client: this.name,
      calledAt,
      returnedAt: performance.now(),
      stream,
      knownRevision,
      seenRevision,
      ...(found.status === 200 && {
        shown: { revision, fields: Object.fromEntries(fields.map((field) => [field, found.body[field]])) },
      }),
    });
    if (found.status === 200) note(this.#seen, stream, revision);
  }

  /** @returns nothing where there was no answer that says anything */
  async #get(
    path: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<{ status: number; etag: string | null; body: Record<string, unknown> } | undefined> {
    try {
      const response = await fetch(this.load.url + path, {
        headers: { ...this.#authorization, ...headers },
        signal: AbortSignal.timeout(patienceMs),
      });
      const text = await response.text();
      const { status } = response;
      if (status === 503 || status === 429) return undefined;
      if (status === 200 || status === 404) {
        return { status, etag: response.headers.get('etag'), body: JSON.parse(text) as Record<string, unknown> };
      }
      this.load.history.add({ kind: 'wrongRead', client: this.name, path, status, body: text });
      return undefined;
    } catch {
      return undefined;
    }
  }

  #latest(stream: string): number | undefined {
    const known = [this.#told.get(stream), this.#seen.get(stream)].filter((revision) => revision !== undefined);
    return known.length === 0 ? undefined : Math.max(...known);
  }
}

function note(revisions: Map<string, number>, stream: string, revision: number): void {
  if (revision > (revisions.get(stream) ?? -1)) revisions.set(stream, revision);
}
