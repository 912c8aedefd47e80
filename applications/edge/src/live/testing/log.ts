import { randomUUID } from 'node:crypto';
import { InMemoryEventStore, type Json, type ProposedEvent } from '@shelfmark/event-sourcing';
import { type NatsConnection, Relay } from '@shelfmark/messaging';
import type pg from 'pg';

/** The log of a service, with its mirror on the bus. What the views show of it, the test decides. */
export class MirroredLog {
  readonly #store = new InMemoryEventStore();
  readonly #relay: Relay;

  constructor(
    connection: NatsConnection,
    readonly service: string,
  ) {
    this.#relay = new Relay({ connection, store: this.#store, service, source: `/${service}-service` });
    this.#relay.start();
  }

  /** @returns its position */
  async append(stream: string, type: string, data: Json = {}): Promise<bigint> {
    return this.#append(stream, [proposed(type, data)]);
  }

  /** Appends events of some entities, many at once. @returns the position of the last one */
  async appendMany(category: string, type: string, count: number): Promise<bigint> {
    let position = 0n;
    for (let left = count; left > 0; left -= maxAppended) {
      const events = Array.from({ length: Math.min(left, maxAppended) }, () => proposed(type, {}));
      position = await this.#append(`${category}-${randomUUID()}`, events);
    }
    return position;
  }

  /** Does as an aggregator that has applied everything up to a position. Waits until that is on the bus. */
  async shownBy(view: string, database: pg.Client, position: bigint): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (((await this.#relay.status()).published ?? -1n) < position) {
      if (Date.now() > deadline) throw new Error(`position ${position} did not get onto the bus`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const { generation } = await this.#relay.status();
    await database.query(
      `UPDATE ${view}.checkpoint SET log_id = $2, generation = $3, position = $4, sequence = $4 WHERE source = $1`,
      [this.service, this.#store.logId, generation, String(position)],
    );
    await database.query('SELECT pg_notify($1, $2)', [`shelfmark_${view}`, `${this.service}@${position}`]);
  }

  async stop(): Promise<void> {
    await this.#relay.stop();
  }

  async #append(stream: string, events: readonly ProposedEvent[]): Promise<bigint> {
    const [appended] = await this.#store.append([{ stream, expected: 'any', events }]);
    return appended!.position;
  }
}

/** An append has a limit. */
const maxAppended = 500;

function proposed(type: string, data: Json): ProposedEvent {
  const id = randomUUID();
  const metadata = {
    commandId: id,
    commandHash: 'x',
    correlationId: id,
    causationId: id,
    time: '2026-01-02T03:04:05.678Z',
    schemaVersion: 1,
  };
  return { id, type, data, metadata };
}
