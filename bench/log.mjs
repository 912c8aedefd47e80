import { randomUUID } from 'node:crypto';

/** Appends so many events to a stream of a book, of a command each, many at once. */
export async function fill(store, stream, events) {
  const first = { type: 'BookCreated', data: { title: 'Emma', authors: [], languages: [], subjects: [], amount: 1 } };
  const next = (n) => ({ type: 'BookUpdated', data: { amount: n % 10_000 } });
  for (let from = 0; from < events; from += 1_000) {
    const count = Math.min(1_000, events - from);
    await store.append([
      {
        stream,
        expected: 'any',
        events: Array.from({ length: count }, (_, n) => recorded(from + n === 0 ? first : next(from + n))),
      },
    ]);
  }
}

function recorded({ type, data }) {
  const id = randomUUID();
  const time = new Date().toISOString();
  const metadata = {
    commandId: id,
    commandHash: 'AAAAAAAAAAAAAAAAAAAAAA',
    correlationId: id,
    causationId: id,
    time,
    schemaVersion: 1,
  };
  return { id, type, data, metadata };
}
