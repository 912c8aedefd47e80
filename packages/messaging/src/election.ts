import { randomUUID } from 'node:crypto';
import { JetStreamApiCodes, JetStreamApiError, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { Connectivity } from './connectivity.js';
import { Backoff, pause } from './pause.js';

export interface ElectionOptions {
  readonly connection: NatsConnection;
  /** What one process at a time is to do, such as `relay.book`. */
  readonly office: string;
  /** On how many of the bus's servers the office is kept, 1 unless told otherwise; asked for only where there is no such bucket yet. */
  readonly replicas?: number;
  /** Does it, until the signal aborts. */
  readonly lead: (signal: AbortSignal) => Promise<void>;
}

const bucket = 'SHELFMARK_OFFICES';
/** So long after its last sign of life is a leader taken for gone. */
const termMs = 8_000;
/** A leader that cannot say so any more lets go so long before its term runs out. */
const marginMs = 1_000;
const renewalMs = 1_500;
/** A leader that ends gives its office up, and so long does it take until that is seen. */
const standbyMs = 200;

/**
 * Elects one of several processes to do what one is enough for. The leader keeps a key on the bus alive, under which nobody else can
 * write; when it stops, it gives the key up, and when it dies, the key expires.
 *
 * A leader that was held up may not know yet that it is none any more. So whatever is done here has to be safe when two do it
 * for a moment: the election saves work, and is no lock.
 */
export class Election {
  readonly #options: ElectionOptions;
  readonly #connectivity: Connectivity;
  readonly #candidate = Buffer.from(randomUUID());
  readonly #backoff = new Backoff(250, 5_000);
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #isLeading = false;
  #lastError: Error | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#connectivity = Connectivity.of(options.connection);
  }

  get isLeading(): boolean {
    return this.#isLeading;
  }

  /** Why it cannot stand for the office, if something is wrong; that somebody else is in office is not. */
  get lastError(): Error | undefined {
    return this.#lastError;
  }

  /** Stands for the office from now on; returns at once. */
  start(): void {
    if (this.#running) return;
    const stop = new AbortController();
    this.#running = { stop, done: this.#run(stop.signal) };
  }

  /** Lets what is being led end, and gives up the office. */
  async stop(): Promise<void> {
    this.#running?.stop.abort();
    await this.#running?.done;
    this.#running = undefined;
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { connection, office, replicas = 1 } = this.#options;
    let offices: KV | undefined;
    while (!stop.aborted && !connection.isClosed()) {
      try {
        await this.#connectivity.restored(stop);
        if (stop.aborted) return;
        offices ??= await new Kvm(jetstream(connection, { checkAPI: false })).create(bucket, {
          ttl: termMs,
          history: 1,
          replicas,
        });
        const revision = await offices.create(office, this.#candidate);
        this.#backoff.reset();
        this.#lastError = undefined;
        await this.#lead(offices, revision, stop);
      } catch (error) {
        if (isTaken(error)) {
          this.#lastError = undefined;
          await pause(standbyMs * (0.75 + Math.random() / 2), stop);
        } else {
          // Somebody may have removed the bucket.
          offices = undefined;
          this.#lastError = error as Error;
          await this.#backoff.pause(stop);
        }
      }
    }
  }

  async #lead(offices: KV, revision: number, stop: AbortSignal): Promise<void> {
    const term = new AbortController();
    const end = () => term.abort();
    stop.addEventListener('abort', end, { signal: term.signal });
    if (stop.aborted) end();
    this.#isLeading = true;
    const work = this.#options.lead(term.signal).finally(end);
    // It is looked at in the end; until then, it is nobody's unhandled rejection.
    work.catch(() => undefined);
    let last: number;
    try {
      last = await this.#renew(offices, revision, term.signal);
    } finally {
      end();
      this.#isLeading = false;
      await work;
    }
    await offices.delete(this.#options.office, { previousSeq: last }).catch(() => undefined);
  }

  /** Keeps the key alive for as long as the term. @returns its last revision @throws when the office is lost */
  async #renew(offices: KV, revision: number, term: AbortSignal): Promise<number> {
    const { office } = this.#options;
    let renewedAt = performance.now();
    for (;;) {
      await pause(renewalMs, term);
      if (term.aborted) return revision;
      const sentAt = performance.now();
      try {
        revision = await offices.update(office, this.#candidate, revision, renewalMs);
        renewedAt = sentAt;
      } catch (error) {
        if (isTaken(error)) {
          // Or its own renewal arrived, and only the answer did not.
          const entry = await offices.get(office);
          if (entry === null || !this.#candidate.equals(entry.value)) throw error;
          revision = entry.revision;
        }
        // The next sign of life would take as long as that.
        if (performance.now() + 2 * renewalMs - renewedAt > termMs - marginMs) throw error;
      }
    }
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamWrongLastSequence;
}
