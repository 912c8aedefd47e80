import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore, Json, ProposedEvent, RecordedEvent } from '@shelfmark/event-sourcing';

export function event(data: Json = { what: 'a thing' }): ProposedEvent {
  return {
    id: randomUUID(),
    type: 'SomethingHappened',
    data,
    metadata: {
      commandId: randomUUID(),
      commandHash: '0123456789abcdef',
      correlationId: randomUUID(),
      causationId: randomUUID(),
      time: '2026-01-02T03:04:05.678Z',
      schemaVersion: 1,
      actor: 'somebody',
    },
  };
}

export function events(count: number, data?: Json): ProposedEvent[] {
  return Array.from({ length: count }, () => event(data));
}

export async function flat(batches: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}

/** What a subscription gives, until it is stopped. */
export function collect(store: EventStore, after?: bigint) {
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  const ended = (async () => {
    const options = { signal: stop.signal, ...(after !== undefined && { after }) };
    for await (const batch of store.subscribe(options)) seen.push(...batch);
  })();
  return {
    events: seen,
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
}

export async function until(condition: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${condition.toString()}`);
    await delay(10);
  }
}
