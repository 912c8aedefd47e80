import 'reflect-metadata';
import {
  type Aggregate,
  DeadlineExceeded,
  InMemoryEventStore,
  type ReadStreamOptions,
  type RecordedEvent,
} from '@shelfmark/event-sourcing';
import type { IncomingRequest } from '@shelfmark/messaging';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Historian } from './historian.js';

const card: Aggregate<number, { Stamped: object }> = {
  category: 'Card',
  initial: 0,
  evolve: { Stamped: (stamps) => stamps + 1 },
};

afterEach(() => vi.useRealTimers());

const commandId = '01890a5d-ac96-774b-bcce-b302099a8057';
const metadata = {
  commandId,
  commandHash: 'hash',
  correlationId: 'desk-7',
  causationId: commandId,
  time: '2026-01-02T03:04:05.678Z',
  schemaVersion: 1,
  actor: 'librarian-1',
};

/** Lets nobody read until it is told to, and counts those who try. */
class GuardedStore extends InMemoryEventStore {
  reading = 0;
  mostReading = 0;
  open!: () => void;
  readonly #opened = new Promise<void>((resolve) => (this.open = resolve));

  override async *readStream(stream: string, options?: ReadStreamOptions): AsyncGenerator<readonly RecordedEvent[]> {
    this.mostReading = Math.max(this.mostReading, ++this.reading);
    await this.#opened;
    yield* super.readStream(stream, options);
    this.reading--;
  }
}

async function setUp() {
  const store = new GuardedStore();
  const events = [{ id: commandId, type: 'Stamped', data: { by: 1 }, metadata }];
  await store.append([{ stream: 'Card-1', expected: 'none', events }]);
  return { store, historian: new Historian(store) };
}

function query(data: object, deadline = Date.now() + 60_000): IncomingRequest {
  return { id: commandId, data, deadline } as unknown as IncomingRequest;
}

const past = { aggregate: card, id: '1' };
const page = { id: '1', direction: 'forwards', limit: 10 };

describe('a historian', () => {
  it('tells who did what, when, and through which command', async () => {
    const { store, historian } = await setUp();
    store.open();
    expect(await historian.history(query(page), (id) => ({ aggregate: card, id }))).toEqual({
      entries: [
        {
          id: commandId,
          revision: 0,
          type: 'Stamped',
          data: { by: 1 },
          time: metadata.time,
          actor: 'librarian-1',
          commandId,
          correlationId: 'desk-7',
        },
      ],
      total: 1,
      more: false,
    });
  });

  it('reads for a few at a time, and for all in the end', async () => {
    const { store, historian } = await setUp();
    const ask = () => Array.from({ length: 20 }, () => historian.stateAt(query({}), past, metadata.time));
    const asked = ask();
    store.open();
    const answers = [...(await Promise.all(asked)), ...(await Promise.all(ask()))];
    expect(answers).toEqual(Array.from({ length: 40 }, () => ({ state: 1, revision: 0 })));
    expect(store.mostReading).toBe(2);
  });

  it('does not begin, or go on, after the deadline, and then reads for others again', async () => {
    const { store, historian } = await setUp();
    vi.useFakeTimers();
    const late = [1, 2, 3].map(() => historian.stateAt(query({}, Date.now() + 1_000), past, metadata.time));
    const outcomes = Promise.allSettled(late);
    await vi.advanceTimersByTimeAsync(1_000);
    store.open();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(DeadlineExceeded) });
    }
    expect(await historian.stateAt(query({}), past, metadata.time)).toEqual({ state: 1, revision: 0 });
  });
});
