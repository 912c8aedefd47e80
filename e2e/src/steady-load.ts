import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Answered, LoadBalancer } from './load-balancer.js';

/** A book that was made under load, and what was last answered as done with it. */
export interface LoadedBook {
  readonly id: string;
  readonly title: string;
}

const clients = 4;
const pauseMs = 40;

/**
 * A steady stream of requests, as from some desks: each makes a book, renames it, renames one that all share, and reads what it wrote. It
 * repeats nothing: whatever is not answered as it should is a failure.
 */
export class SteadyLoad {
  readonly books: LoadedBook[] = [];
  /** What went wrong, in words. */
  readonly failures: string[] = [];
  readonly tookMs: number[] = [];
  #renamings = 0;
  readonly #shared: string;
  readonly #stop = new AbortController();
  readonly #done: Promise<unknown>;

  private constructor(
    private readonly balancer: LoadBalancer,
    shared: string,
  ) {
    this.#shared = shared;
    this.#done = Promise.all(Array.from({ length: clients }, () => this.#work()));
  }

  static async start(balancer: LoadBalancer): Promise<SteadyLoad> {
    const made = await balancer.send('POST', '/books', {}, { title: 'Everybody’s', amount: 1 });
    return new SteadyLoad(balancer, (JSON.parse(made.body) as { id: string }).id);
  }

  /** The book that all rename. */
  get shared(): string {
    return this.#shared;
  }

  /** How often the shared book was renamed. */
  get renamings(): number {
    return this.#renamings;
  }

  /** Resolves when so many more requests were answered. */
  async goesOn(requests: number): Promise<void> {
    const enough = this.tookMs.length + requests;
    while (this.tookMs.length < enough) await delay(20);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  async #work(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const made = await this.#send(201, 'POST', '/books', { title: `New ${randomUUID()}`, amount: 1 });
      if (!made) continue;
      const { id } = JSON.parse(made.body) as { id: string };
      const title = `Renamed ${randomUUID()}`;
      const renamed = await this.#send(200, 'PATCH', `/books/${id}`, { title });
      if (!renamed) continue;
      this.books.push({ id, title });
      if (await this.#send(200, 'PATCH', `/books/${this.#shared}`, { title })) this.#renamings++;
      const found = await this.#send(200, 'GET', `/books/${id}`, undefined, renamed.position);
      if (found && !found.body.includes(title)) this.failures.push(`GET /books/${id}: not what was written`);
      await this.#send(200, 'GET', '/books?limit=5');
    }
  }

  /** @returns nothing where it was not answered with the status */
  async #send(
    status: number,
    method: string,
    path: string,
    body?: object,
    position?: string,
  ): Promise<Answered | undefined> {
    const begun = performance.now();
    let fault: string;
    try {
      const headers = {
        'idempotency-key': randomUUID(),
        ...(position !== undefined && { 'shelfmark-position': position }),
      };
      const answer = await this.balancer.send(method, path, headers, body);
      this.tookMs.push(performance.now() - begun);
      if (answer.status === status) return answer;
      fault = `${answer.status} ${answer.body}`;
    } catch (error) {
      fault = String(error);
    } finally {
      await delay(pauseMs);
    }
    this.failures.push(`${new Date().toISOString()} ${method} ${path}: ${fault}`);
    return undefined;
  }
}
