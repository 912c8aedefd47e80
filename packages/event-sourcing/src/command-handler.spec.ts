import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { v5 as uuidv5 } from 'uuid';
import {
  type Accepted,
  type Aggregate,
  type Command,
  CommandHandler,
  DeadlineExceeded,
  type Decider,
  type EventStore,
  IdempotencyKeyReused,
  InMemoryEventStore,
  Overloaded,
  type RecordedEvent,
  type Rejected,
  RevisionConflict,
  StoreFailure,
  UnknownCommand,
  UnknownEvent,
  reject,
} from './index.js';

/** A till that never goes below nothing, and a ledger that knows what all tills of an owner hold together. */
interface TillCommands {
  PutIn: { till: string; coins: number };
  TakeOut: { till: string; coins: number };
  Hand: { till: string; to: string; coins: number };
  HandToLast: { till: string; coins: number };
  /** The same to each. */
  HandRound: { till: string; to: string[]; coins: number };
}
interface TillEvents {
  Changed: { by: number; last?: string };
}
interface Till {
  coins: number;
  last?: string;
}

const tillBase: Aggregate<Till, TillEvents> = {
  category: 'Till',
  initial: { coins: 0 },
  evolve: {
    Changed: (state, { by, last }) => ({ ...state, coins: state.coins + by, ...(last !== undefined && { last }) }),
  },
};

const hand = (state: Till, to: string | undefined, coins: number) => {
  if (to === undefined) return reject('NobodyToHandTo');
  if (coins > state.coins) return reject('NotEnough');
  return {
    own: [{ type: 'Changed' as const, data: { by: -coins, last: to } }],
    target: [{ type: 'Changed' as const, data: { by: coins } }],
  };
};

const till: Decider<
  Till,
  TillCommands,
  TillEvents,
  'NotEnough' | 'NobodyToHandTo',
  { target: typeof tillBase; each: readonly [typeof tillBase] }
> = {
  ...tillBase,
  entityId: ({ till }) => till,
  others: { target: tillBase, each: [tillBase] },
  streams: {
    Hand: ({ to }) => ({ target: to }),
    HandToLast: (_data, { last }) => ({ target: last }),
    HandRound: ({ to }) => ({ each: to }),
  },
  decide: {
    PutIn: (_state, { coins }) => (coins === 0 ? [] : [{ type: 'Changed', data: { by: coins } }]),
    TakeOut: (state, { coins }) =>
      coins > state.coins ? reject('NotEnough') : [{ type: 'Changed', data: { by: -coins } }],
    Hand: (state, { to, coins }) => hand(state, to, coins),
    HandToLast: (state, { coins }) => hand(state, state.last, coins),
    // Whoever has some already gets nothing.
    HandRound: (state, { coins }, _context, { each = {} }) => {
      const poor = Object.keys(each).filter((id) => each[id]!.coins === 0);
      if (poor.length * coins > state.coins) return reject('NotEnough');
      return {
        own: poor.length === 0 ? [] : [{ type: 'Changed', data: { by: -poor.length * coins } }],
        each: Object.fromEntries(poor.map((id) => [id, [{ type: 'Changed', data: { by: coins } }]])),
      };
    },
  },
};

let ids = 0;
function command<Type extends keyof TillCommands>(
  type: Type,
  data: TillCommands[Type],
  more: Partial<Command> = {},
): Command {
  const id = uuidv5(String(ids++), uuidv5.URL);
  return { id, type, data: { ...data }, correlationId: id, causationId: id, ...more };
}

async function events(store: EventStore, stream: string): Promise<RecordedEvent[]> {
  const read: RecordedEvent[] = [];
  for await (const batch of store.readStream(stream)) read.push(...batch);
  return read;
}

async function coins(store: EventStore, id: string): Promise<number> {
  return (await new CommandHandler({ store }).read(till, id)).state.coins;
}

/** A store that other processes append to as well; the port's other promises are the in-memory store's. */
class SharedStore extends InMemoryEventStore {
  override readonly shared = true;
}

function setUp(store: EventStore = new InMemoryEventStore()) {
  return { store, handler: new CommandHandler({ store }) };
}

describe('a command', () => {
  it('is answered with the revision and position of its last event', async () => {
    const { handler } = setUp();
    await handler.handle(till, command('PutIn', { till: 'a', coins: 3 }));
    expect(await handler.handle(till, command('PutIn', { till: 'b', coins: 3 }))).toEqual({
      id: 'b',
      revision: 0,
      position: 2n,
    });
    expect(await handler.handle(till, command('TakeOut', { till: 'a', coins: 1 }))).toEqual({
      id: 'a',
      revision: 1,
      position: 3n,
    });
  });

  it('that asks for what is so already appends nothing and is answered as done', async () => {
    const { store, handler } = setUp();
    await handler.handle(till, command('PutIn', { till: 'a', coins: 3 }));
    expect(await handler.handle(till, command('PutIn', { till: 'a', coins: 0 }))).toEqual({
      id: 'a',
      revision: 0,
      position: 1n,
    });
    expect(await handler.handle(till, command('PutIn', { till: 'b', coins: 0 }))).toEqual({ id: 'b', revision: -1 });
    expect(await store.head()).toBe(1n);
  });

  it('that is rejected appends nothing, and is decided anew when it comes again', async () => {
    const { store, handler } = setUp();
    const takeOut = command('TakeOut', { till: 'a', coins: 1 });
    expect(await handler.handle(till, takeOut)).toEqual({ rejection: { code: 'NotEnough' } });
    expect(await store.head()).toBeUndefined();
    await handler.handle(till, command('PutIn', { till: 'a', coins: 1 }));
    expect(await handler.handle(till, takeOut)).toMatchObject({ revision: 1 });
  });

  it('leaves who asked, when, and through which command on each event', async () => {
    const now = new Date('2024-02-29T12:00:00Z');
    const store = new InMemoryEventStore();
    const asked = command('PutIn', { till: 'a', coins: 3 }, { actor: 'librarian-1', traceparent: '00-trace' });
    await new CommandHandler({ store, clock: () => now }).handle(till, asked);
    const [event] = await events(store, 'Till-a');
    expect(event).toMatchObject({
      id: uuidv5('0', asked.id),
      metadata: {
        commandId: asked.id,
        causationId: asked.id,
        correlationId: asked.correlationId,
        time: now.toISOString(),
        actor: 'librarian-1',
        traceparent: '00-trace',
      },
    });
  });

  it('that nobody decides on is an error', async () => {
    const { handler } = setUp();
    const unknown = { ...command('PutIn', { till: 'a', coins: 1 }), type: 'toString' };
    await expect(handler.handle(till, unknown)).rejects.toThrow(UnknownCommand);
  });

  it('is not decided on a stream with an event that the code does not know', async () => {
    const { store, handler } = setUp();
    await handler.handle(till, command('PutIn', { till: 'a', coins: 1 }));
    const [{ data, metadata }] = (await events(store, 'Till-a')) as [RecordedEvent];
    const melted = { id: uuidv5('melted', uuidv5.URL), type: 'Melted', data, metadata };
    await store.append([{ stream: 'Till-a', expected: 0, events: [melted] }]);
    await expect(setUp(store).handler.handle(till, command('PutIn', { till: 'a', coins: 1 }))).rejects.toThrow(
      UnknownEvent,
    );
  });
});

describe('the same command again', () => {
  it('has one effect and the same answer, however many come at once', async () => {
    const { store, handler } = setUp();
    const putIn = command('PutIn', { till: 'a', coins: 3 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => handler.handle(till, putIn)));
    expect(new Set(answers.map((answer) => inspect(answer))).size).toBe(1);
    expect(await coins(store, 'a')).toBe(3);
  });

  it('is answered as the first time after other commands and after a restart', async () => {
    const { store, handler } = setUp();
    const putIn = command('PutIn', { till: 'a', coins: 3 });
    const first = await handler.handle(till, putIn);
    await handler.handle(till, command('TakeOut', { till: 'a', coins: 3 }));
    expect(await handler.handle(till, putIn)).toEqual(first);
    expect(await setUp(store).handler.handle(till, putIn)).toEqual(first);
  });

  it('is recognised when a thousand others came between, in memory and after a restart', async () => {
    const { store, handler } = setUp();
    const putIn = command('PutIn', { till: 'a', coins: 3 });
    const first = await handler.handle(till, putIn);
    for (let n = 0; n < 1_005; n++) await handler.handle(till, command('PutIn', { till: 'a', coins: 1 }));
    expect(await handler.handle(till, putIn)).toEqual(first);
    expect(await setUp(store).handler.handle(till, putIn)).toEqual(first);
    expect(await coins(store, 'a')).toBe(1_008);
  });

  it('with another payload is an error; with its keys in another order it is the same', async () => {
    const { handler } = setUp();
    const putIn = command('PutIn', { till: 'a', coins: 3 });
    const first = await handler.handle(till, putIn);
    await expect(handler.handle(till, { ...putIn, data: { till: 'a', coins: 4 } })).rejects.toThrow(
      IdempotencyKeyReused,
    );
    await expect(handler.handle(till, { ...putIn, type: 'TakeOut' })).rejects.toThrow(IdempotencyKeyReused);
    expect(await handler.handle(till, { ...putIn, data: { coins: 3, till: 'a' } })).toEqual(first);
  });

  it('is answered before its expected revision is looked at', async () => {
    const { handler } = setUp();
    await handler.handle(till, command('PutIn', { till: 'a', coins: 3 }));
    const takeOut = command('TakeOut', { till: 'a', coins: 1 }, { expectedRevision: 0 });
    const first = await handler.handle(till, takeOut);
    expect(await handler.handle(till, takeOut)).toEqual(first);
  });
});

describe('an expected revision', () => {
  it('that differs is a conflict, and nothing is appended', async () => {
    const { store, handler } = setUp();
    await handler.handle(till, command('PutIn', { till: 'a', coins: 3 }));
    for (const expectedRevision of [-1, 1, 7]) {
      await expect(
        handler.handle(till, command('PutIn', { till: 'a', coins: 1 }, { expectedRevision })),
      ).rejects.toThrow(RevisionConflict);
    }
    expect(await store.head()).toBe(1n);
  });

  it('lets exactly one of many through', async () => {
    const { handler } = setUp();
    await handler.handle(till, command('PutIn', { till: 'a', coins: 3 }));
    const tries = Array.from({ length: 10 }, () =>
      handler.handle(till, command('PutIn', { till: 'a', coins: 1 }, { expectedRevision: 0 })),
    );
    const settled = await Promise.allSettled(tries);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});

describe('a deadline', () => {
  it('that has passed keeps the command from being started', async () => {
    const store = new InMemoryEventStore();
    const handler = new CommandHandler({ store, clock: () => new Date(1_000) });
    await expect(handler.handle(till, command('PutIn', { till: 'a', coins: 1 }, { deadline: 999 }))).rejects.toThrow(
      DeadlineExceeded,
    );
    expect(await store.head()).toBeUndefined();
    await handler.handle(till, command('PutIn', { till: 'a', coins: 1 }, { deadline: 1_000 }));
  });
});

describe('a transaction', () => {
  it('appends to all its streams or to none', async () => {
    const { store, handler } = setUp();
    await handler.handle(till, command('PutIn', { till: 'a', coins: 3 }));
    expect(await handler.handle(till, command('Hand', { till: 'a', to: 'b', coins: 4 }))).toEqual({
      rejection: { code: 'NotEnough' },
    });
    await handler.handle(till, command('Hand', { till: 'a', to: 'b', coins: 2 }));
    expect([await coins(store, 'a'), await coins(store, 'b')]).toEqual([1, 2]);
  });

  it('finds a stream that only the state names', async () => {
    const { store, handler } = setUp();
    await handler.handle(till, command('PutIn', { till: 'a', coins: 3 }));
    expect(await handler.handle(till, command('HandToLast', { till: 'a', coins: 1 }))).toEqual({
      rejection: { code: 'NobodyToHandTo' },
    });
    await handler.handle(till, command('Hand', { till: 'a', to: 'b', coins: 1 }));
    const handed = command('HandToLast', { till: 'a', coins: 1 });
    const first = await handler.handle(till, handed);
    expect(await handler.handle(till, handed)).toEqual(first);
    expect([await coins(store, 'a'), await coins(store, 'b')]).toEqual([1, 2]);
  });

  it('takes in as many entities of one kind as the command names, each once', async () => {
    const { store, handler } = setUp();
    for (const id of ['a', 'c']) await handler.handle(till, command('PutIn', { till: id, coins: 5 }));
    const round = command('HandRound', { till: 'a', to: ['b', 'c', 'd', 'b'], coins: 2 });
    const first = await handler.handle(till, round);
    expect(first).toEqual({ id: 'a', revision: 1, position: 3n });
    expect(await handler.handle(till, round)).toEqual(first);
    const held = async () => [
      await coins(store, 'a'),
      await coins(store, 'b'),
      await coins(store, 'c'),
      await coins(store, 'd'),
    ];
    expect(await held()).toEqual([1, 2, 5, 2]);

    const tooMuch = command('HandRound', { till: 'a', to: ['e', 'f'], coins: 1 });
    expect(await handler.handle(till, tooMuch)).toEqual({ rejection: { code: 'NotEnough' } });
    const nobody = command('HandRound', { till: 'a', to: [], coins: 1 });
    expect(await handler.handle(till, nobody)).toMatchObject({ id: 'a', revision: 1 });
    expect(await held()).toEqual([1, 2, 5, 2]);
  });

  it('never blocks another one, and no coin is made or lost, whatever the order', async () => {
    const tills = ['a', 'b', 'c'];
    const anyTill = fc.constantFrom(...tills);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(anyTill, anyTill, fc.nat(4)), { maxLength: 40 }), async (hands) => {
        const { store, handler } = setUp();
        for (const id of tills) await handler.handle(till, command('PutIn', { till: id, coins: 5 }));
        await Promise.all(
          hands
            .filter(([from, to]) => from !== to)
            .map(([from, to, amount], index) =>
              handler.handle(
                till,
                [
                  command('HandToLast', { till: from, coins: amount }),
                  command('Hand', { till: from, to, coins: amount }),
                  command('HandRound', { till: from, to: tills.filter((id) => id !== from), coins: amount }),
                ][index % 3]!,
              ),
            ),
        );
        const held = await Promise.all(tills.map((id) => coins(store, id)));
        expect(held.reduce((sum, n) => sum + n)).toBe(15);
        expect(Math.min(...held)).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 50 },
    );
  });
});

describe('two processes on one store', () => {
  it('never decide on what the other has changed', async () => {
    const store = new SharedStore();
    const [one, two] = [setUp(store).handler, setUp(store).handler];
    await one.handle(till, command('PutIn', { till: 'a', coins: 10 }));
    await two.handle(till, command('PutIn', { till: 'a', coins: 0 }));
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        (n % 2 ? one : two).handle(till, command('TakeOut', { till: 'a', coins: 1 })),
      ),
    );
    expect(answers.filter((answer) => !('rejection' in answer))).toHaveLength(10);
    expect(await coins(store, 'a')).toBe(0);
  });

  it('answer nothing from a state that has moved: neither a rejection, nor "done", nor a conflict', async () => {
    const store = new SharedStore();
    const [one, two] = [setUp(store).handler, setUp(store).handler];
    await one.handle(till, command('PutIn', { till: 'a', coins: 1 }));
    const late = command('TakeOut', { till: 'a', coins: 3 });
    expect(await one.handle(till, late)).toEqual({ rejection: { code: 'NotEnough' } });
    await two.handle(till, command('PutIn', { till: 'a', coins: 2 }));
    expect(await one.handle(till, late)).toMatchObject({ revision: 2 });

    await two.handle(till, command('PutIn', { till: 'a', coins: 1 }));
    expect(await one.handle(till, command('PutIn', { till: 'a', coins: 0 }))).toMatchObject({ revision: 3 });

    await two.handle(till, command('PutIn', { till: 'a', coins: 1 }));
    expect(await one.handle(till, command('PutIn', { till: 'a', coins: 1 }, { expectedRevision: 4 }))).toMatchObject({
      revision: 5,
    });
  });

  it('give the same command one effect and one answer', async () => {
    const store = new SharedStore();
    const handlers = [setUp(store).handler, setUp(store).handler, setUp(store).handler];
    const putIn = command('PutIn', { till: 'a', coins: 3 });
    const answers = await Promise.all(handlers.map((handler) => handler.handle(till, putIn)));
    expect(answers).toEqual([answers[0], answers[0], answers[0]]);
    expect(await coins(store, 'a')).toBe(3);
  });
});

describe('a store that fails', () => {
  it('lets the error through, and the next command reads what became of the append', async () => {
    class LosesAnswers extends InMemoryEventStore {
      fails = false;
      override async append(...args: Parameters<InMemoryEventStore['append']>) {
        const appended = await super.append(...args);
        if (this.fails) throw new StoreFailure('the line went dead', { cause: undefined });
        return appended;
      }
    }
    const store = new LosesAnswers();
    const { handler } = setUp(store);
    await handler.handle(till, command('PutIn', { till: 'a', coins: 1 }));
    store.fails = true;
    const putIn = command('PutIn', { till: 'a', coins: 2 });
    await expect(handler.handle(till, putIn)).rejects.toThrow(StoreFailure);
    store.fails = false;
    expect(await handler.handle(till, putIn)).toEqual({ id: 'a', revision: 1, position: 2n });
    expect(await coins(store, 'a')).toBe(3);
  });
});

describe('the bound on waiting commands', () => {
  it('turns the next one away, and nobody who was let in', async () => {
    const store = new InMemoryEventStore();
    const handler = new CommandHandler({ store, waitingPerEntity: 5 });
    const settled = await Promise.allSettled(
      Array.from({ length: 10 }, () => handler.handle(till, command('PutIn', { till: 'a', coins: 1 }))),
    );
    const failures = settled.filter((result) => result.status === 'rejected');
    expect(failures).toHaveLength(4);
    for (const { reason } of failures) expect(reason).toBeInstanceOf(Overloaded);
    expect(await coins(store, 'a')).toBe(6);
  });

  it('does not hold up other entities', async () => {
    const store = new InMemoryEventStore();
    const handler = new CommandHandler({ store, waitingPerEntity: 1 });
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => handler.handle(till, command('PutIn', { till: `t${n}`, coins: 1 }))),
    );
    expect((answers as (Accepted | Rejected)[]).every((answer) => 'revision' in answer)).toBe(true);
  });
});

describe('the cache', () => {
  it('may be smaller than the number of entities in use', async () => {
    const store = new InMemoryEventStore();
    const handler = new CommandHandler({ store, cachedEntities: 2 });
    for (let round = 0; round < 3; round++) {
      await Promise.all(
        Array.from({ length: 6 }, (_, n) => handler.handle(till, command('PutIn', { till: `t${n}`, coins: 1 }))),
      );
    }
    expect(await Promise.all(Array.from({ length: 6 }, (_, n) => coins(store, `t${n}`)))).toEqual([3, 3, 3, 3, 3, 3]);
  });
});
