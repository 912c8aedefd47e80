import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** An answer of the edge. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // What a body holds is what the tests look at.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client of the edge that, like the console, sends the positions that it was given. */
export class Api {
  readonly #positions = new Map<string, bigint>();

  /** @param at the edge, and the token to show it */
  constructor(private readonly at: { readonly url: string; readonly token: string }) {}

  /**
   * A request that is repeated while it is answered "not now", as the edge asks of its clients: on a machine that stands still for a
   * while, that is the right answer. What is written has a key, so that it is done once.
   */
  async request(method: string, path: string, options: RequestOptions = {}, timeoutMs = 60_000): Promise<Answer> {
    const sent = withKey(method, options);
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const answer = await this.once(method, path, sent);
      if (answer.status !== 503 || Date.now() > deadline) return answer;
      await delay(100);
    }
  }

  /** A request that is sent once, whatever the answer. */
  async once(method: string, path: string, { body, headers = {} }: RequestOptions = {}): Promise<Answer> {
    const response = await fetch(this.at.url + path, {
      method,
      headers: {
        Authorization: `Bearer ${this.at.token}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...this.positions,
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    this.#remember(response.headers.get('Shelfmark-Position'));
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
  }

  get(path: string, options?: RequestOptions): Promise<Answer> {
    return this.request('GET', path, options);
  }

  post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.request('POST', path, { body, headers });
  }

  /** A request that is repeated also where nobody answers, until there is an answer that is not "not now". */
  async insist(method: string, path: string, options: RequestOptions = {}, timeoutMs = 60_000): Promise<Answer> {
    const sent = withKey(method, options);
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      try {
        const answer = await this.once(method, path, sent);
        if (answer.status !== 503) return answer;
      } catch (error) {
        // The edge itself may be the process that was killed.
        if (!(error instanceof TypeError)) throw error;
      }
      if (Date.now() > deadline) throw new Error(`${method} ${path} was not answered within ${timeoutMs} ms`);
      await delay(100);
    }
  }

  /** What this client saw must not bind a reader of another log. */
  forget(): void {
    this.#positions.clear();
  }

  /** The header that it sends, so that what it reads shows what it has seen. */
  get positions(): Readonly<Record<string, string>> {
    if (this.#positions.size === 0) return {};
    return {
      'Shelfmark-Position': [...this.#positions].map(([service, position]) => `${service}@${position}`).join(', '),
    };
  }

  #remember(header: string | null): void {
    for (const part of header?.split(',') ?? []) {
      const [service, position] = part.trim().split('@') as [string, string];
      const known = this.#positions.get(service) ?? -1n;
      if (BigInt(position) > known) this.#positions.set(service, BigInt(position));
    }
  }
}

function withKey(method: string, { headers, ...options }: RequestOptions): RequestOptions {
  return { ...options, headers: { ...(method !== 'GET' && { 'Idempotency-Key': randomUUID() }), ...headers } };
}
