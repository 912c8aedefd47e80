import { describe, expect, it } from 'vitest';
import { v5 as uuidv5 } from 'uuid';
import {
  type Command,
  CommandHandler,
  type Decider,
  type EventStore,
  IdempotencyKeyReused,
  InMemoryEventStore,
  type ReadStreamOptions,
  type RecordedEvent,
  type Snapshot,
} from './index.js';

interface Counts {
  readonly total: number;
  readonly by: ReadonlyMap<string, number>;
}

/** Counts words, in a state with a map in it; by another factor it is other code. */
function counter(factor = 1) {
  const decider: Decider<Counts, { Count: { counter: string; word: string } }, { Counted: { word: string } }, never> = {
    category: 'Counter',
    initial: { total: 0, by: new Map() },
    entityId: ({ counter }) => counter,
    decide: { Count: (_state, { word }) => [{ type: 'Counted', data: { word } }] },
    evolve: {
      Counted: ({ total, by }, { word }) => ({
        total: total + factor,
        by: new Map(by).set(word, (by.get(word) ?? 0) + factor),
      }),
    },
  };
  return decider;
}

/** A store that tells how much is read of it. */
class CountingStore extends InMemoryEventStore {
  read = 0;
  snapshots: Snapshot[] = [];
  isFull = false;

  override async *readStream(stream: string, options?: ReadStreamOptions): AsyncGenerator<readonly RecordedEvent[]> {
    for await (const events of super.readStream(stream, options)) {
      this.read += events.length;
      yield events;
    }
  }

  override async writeSnapshot(stream: string, snapshot: Snapshot): Promise<void> {
    if (this.isFull) throw new Error('no room');
    this.snapshots.push(snapshot);
    await super.writeSnapshot(stream, snapshot);
  }
}

const namespace = '6a0c2b0e-5b52-5a0e-8d5c-0d3d1f2a9c11';

function count(n: number, word = `word ${n % 7}`): Command {
  const id = uuidv5(`command ${n}`, namespace);
  return { id, type: 'Count', data: { counter: 'c', word }, correlationId: id, causationId: id };
}

function handlerOn(store: EventStore, codeVersion = 'v1') {
  return new CommandHandler({ store, codeVersion });
}

function handlerWithoutSnapshots(store: EventStore) {
  return new CommandHandler({ store });
}

/** What is done later is done then. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A store with that many events in one stream, and what its handler kept of them. */
async function counted(events: number): Promise<CountingStore> {
  const store = new CountingStore();
  const handler = handlerOn(store);
  for (let n = 0; n < events; n++) {
    await handler.handle(counter(), count(n));
    await turn();
  }
  store.read = 0;
  return store;
}

describe('a snapshot', () => {
  it('spares reading a long stream, and what comes of it is the same', async () => {
    const store = await counted(1_999);
    expect(store.snapshots.at(-1)!.revision).toBe(1_749);
    const { state, revision } = await handlerOn(store).read(counter(), 'c');
    expect(store.read).toBeLessThan(300);
    const whole = await handlerWithoutSnapshots(store).read(counter(), 'c');
    expect({ state, revision }).toEqual({ state: whole.state, revision: whole.revision });
    expect(state).toMatchObject({ total: 1_999, by: expect.any(Map) });
  });

  it('remembers every command, the latest and the oldest', async () => {
    const store = await counted(1_999);
    const handler = handlerOn(store);
    for (const n of [0, 1, 700, 998, 999, 1_000, 1_749, 1_750, 1_998]) {
      expect(await handler.handle(counter(), count(n))).toEqual({ id: 'c', revision: n, position: BigInt(n + 1) });
      await expect(handler.handle(counter(), count(n, 'another'))).rejects.toThrow(IdempotencyKeyReused);
    }
    expect(await handler.handle(counter(), count(1_999))).toMatchObject({ revision: 1_999 });
  });

  it('is not used by other code, which writes its own', async () => {
    const store = await counted(600);
    const handler = handlerOn(store, 'v2');
    const { state } = await handler.read(counter(10), 'c');
    expect(state.total).toBe(6_000);
    await handler.handle(counter(10), count(600));
    await turn();
    expect(store.snapshots.at(-1)).toMatchObject({ codeVersion: 'v2', revision: 600 });
    expect((await handlerOn(store).read(counter(), 'c')).state.total).toBe(601);
  });

  it.each([
    ['of another log', (snapshot: Snapshot) => snapshot],
    ['that is no snapshot', (snapshot: Snapshot) => ({ ...snapshot, state: 'AAAA' })],
    ['that is nothing', (snapshot: Snapshot) => ({ ...snapshot, state: null })],
  ])('%s is not used', async (_what, changed) => {
    const [store, other] = [await counted(600), new CountingStore()];
    // The same commands on another log give the same event ids; these are of others.
    const handler = handlerWithoutSnapshots(other);
    for (let n = 0; n < 600; n++) await handler.handle(counter(), count(10_000 + n, 'another'));
    await other.writeSnapshot('Counter-c', changed(store.snapshots.at(-1)!));
    const { state } = await handlerOn(other).read(counter(), 'c');
    expect([...state.by]).toEqual([['another', 600]]);
  });

  it('that goes further than the stream is not used', async () => {
    const [store, shorter] = [await counted(600), await counted(400)];
    await shorter.writeSnapshot('Counter-c', store.snapshots.at(-1)!);
    expect((await handlerOn(shorter).read(counter(), 'c')).state.total).toBe(400);
  });

  it('that cannot be written fails nobody', async () => {
    const store = new CountingStore();
    store.isFull = true;
    const handler = handlerOn(store);
    for (let n = 0; n < 600; n++) await handler.handle(counter(), count(n));
    await turn();
    expect((await handlerOn(store).read(counter(), 'c')).state.total).toBe(600);
    expect(store.snapshots.length).toBe(0);
  });

  it('is neither read nor written without a code version', async () => {
    const store = new CountingStore();
    const handler = handlerWithoutSnapshots(store);
    for (let n = 0; n < 600; n++) await handler.handle(counter(), count(n));
    await turn();
    expect(store.snapshots.length).toBe(0);
  });
});
