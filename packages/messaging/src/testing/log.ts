import { randomUUID } from 'node:crypto';
import { type EventStore, InMemoryEventStore, type RecordedEvent } from '@shelfmark/event-sourcing';

/** Appends events to `streams` streams in turn, in batches. */
export async function appendEvents(
  store: EventStore,
  count: number,
  { streams = 10, type = 'BookCreated' }: { readonly streams?: number; readonly type?: string } = {},
): Promise<void> {
  for (let appended = 0; appended < count;) {
    const batch = Math.min(100, count - appended);
    const stream = `Book-${Math.floor(appended / 100) % streams}`;
    const events = Array.from({ length: batch }, (_, index) => ({
      id: randomUUID(),
      type,
      data: { title: 'Ein Buch über Käse', number: appended + index },
      metadata: {
        commandId: randomUUID(),
        commandHash: 'hash',
        correlationId: randomUUID(),
        causationId: randomUUID(),
        time: '2026-01-02T03:04:05.678Z',
        schemaVersion: 1,
        actor: 'somebody',
      },
    }));
    await store.append([{ stream, expected: 'any', events }]);
    appended += batch;
  }
}

export async function readLog(store: EventStore): Promise<RecordedEvent[]> {
  const log: RecordedEvent[] = [];
  for await (const events of store.readLog()) log.push(...events);
  return log;
}

/** The same events in another log, as after a restore from a backup; the first `count` of them. */
export async function restored(store: EventStore, count = Infinity): Promise<InMemoryEventStore> {
  const copy = new InMemoryEventStore();
  for (const { stream, id, type, data, metadata } of (await readLog(store)).slice(0, count)) {
    await copy.append([{ stream, expected: 'any', events: [{ id, type, data, metadata }] }]);
  }
  return copy;
}
