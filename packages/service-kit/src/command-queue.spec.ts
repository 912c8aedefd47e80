import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import {
  type Accepted,
  type Command,
  CommandHandler,
  type Decider,
  type EventStore,
  IdempotencyKeyReused,
  InMemoryEventStore,
  type Rejected,
  RevisionConflict,
  reject,
} from '@shelfmark/event-sourcing';
import { NoAnswer } from '@shelfmark/messaging';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandQueue, type CommandQueueOptions } from './command-queue.js';
import { TestClock } from './testing/test-clock.js';

/** A card that is stamped, but not more than twice. */
const card: Decider<number, { StampCard: { card: string } }, { CardStamped: object }, 'CardFull'> = {
  category: 'Card',
  initial: 0,
  entityId: ({ card }) => card,
  decide: {
    StampCard: (stamps) => (stamps < 2 ? [{ type: 'CardStamped', data: {} }] : reject('CardFull', 'it has two')),
  },
  evolve: { CardStamped: (stamps) => stamps + 1 },
};

const policy = { maxAttempts: 3, firstRetryMs: 1_000, longestRetryMs: 60_000, attemptMs: 60_000 };

Logger.overrideLogger(false);

let directory: string;
let store: EventStore;
let clock: TestClock;
let handler: CommandHandler;
let running: CommandQueue[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shelfmark-queue-'));
  store = new InMemoryEventStore();
  clock = new TestClock('2026-01-01T00:00:00Z');
  handler = new CommandHandler({ store, clock: () => clock.now() });
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((queue) => queue.stop()));
  await rm(directory, { recursive: true });
});

const stamp = (command: Command): Promise<Accepted | Rejected> => handler.handle(card, command);

/** A service's queue: the first one, or that of the process which comes after it. */
function start(carryOut: CommandQueueOptions['carryOut'] = stamp, from: EventStore = store): CommandQueue {
  const file = join(directory, 'operations.json');
  const queue = new CommandQueue({ handler, store: from, clock, policy, file, carryOut, random: () => 0 });
  queue.start();
  running.push(queue);
  return queue;
}

/** Whatever still runs takes part in nothing any more: time stands still for it. */
function die(): void {
  running = [];
  clock = new TestClock(clock.now().toISOString());
}

const ids = ['01a1fcc8-d1d5-755e-bb9c-7553cc88b1eb', '01a1fcc8-d1d5-755e-bb9c-7553cc88b1ec'] as const;

function command(id: string = ids[0], cardId = 'c1'): Command {
  return { id, type: 'StampCard', data: { card: cardId }, correlationId: 'desk-7', causationId: id };
}

const find = (queue: CommandQueue, id: string = ids[0]) => queue.find(id);

/** Waits for what follows at once, without any time having to pass. */
const eventually = <T>(check: () => T | Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 5 });

async function reaches(queue: CommandQueue, state: string, id: string = ids[0]) {
  return eventually(async () => {
    const operation = await find(queue, id);
    expect(operation?.state).toBe(state);
    return operation!;
  });
}

async function stamps(cardId = 'c1'): Promise<number> {
  return (await handler.read(card, cardId)).state;
}

describe('a queued command', () => {
  it('is carried out under its own id, and tells what it came to', async () => {
    const queue = start();
    expect(await queue.accept(command())).toMatchObject({ id: ids[0], revision: 0 });
    expect(await reaches(queue, 'completed')).toMatchObject({
      command: 'StampCard',
      attempts: 1,
      failures: [],
      result: { id: 'c1', revision: 0, position: '3' },
      endedAt: '2026-01-01T00:00:00.000Z',
    });
    for await (const [event] of store.readStream('Card-c1')) {
      expect(event!.metadata).toMatchObject({ commandId: ids[0], correlationId: 'desk-7' });
    }
  });

  it('is in the log before its sender hears of it', async () => {
    const queue = start(() => new Promise(() => undefined));
    const { position } = await queue.accept(command());
    expect(await store.head()).toBeGreaterThanOrEqual(position!);
    die();
  });

  it('that comes again is the same one, also when it is done', async () => {
    const queue = start();
    const first = await queue.accept(command());
    await reaches(queue, 'completed');
    expect(await queue.accept(command())).toEqual(first);
    await expect(queue.accept(command(ids[0], 'c2'))).rejects.toBeInstanceOf(IdempotencyKeyReused);
    expect(await stamps()).toBe(1);
    expect(await stamps('c2')).toBe(0);
  });

  it('that is refused has its answer, and is not tried again', async () => {
    await stamp(command('01a1fcc8-0000-755e-bb9c-7553cc88b1eb'));
    await stamp(command('01a1fcc8-0001-755e-bb9c-7553cc88b1eb'));
    const queue = start();
    await queue.accept(command());
    expect(await reaches(queue, 'rejected')).toMatchObject({
      attempts: 1,
      rejection: { code: 'CardFull', detail: 'it has two' },
    });
    expect(queue.status.open).toBe(0);
  });

  it('whose entity is at another revision than its sender saw is refused', async () => {
    const queue = start(({ expectedRevision }) =>
      Promise.reject(new RevisionConflict('Card-c1', expectedRevision!, 9)),
    );
    await queue.accept({ ...command(), expectedRevision: 4 });
    expect(await reaches(queue, 'rejected')).toMatchObject({ rejection: { code: 'RevisionConflict' } });
  });

  it('tells what it carries as long as it may be carried out, and no longer', async () => {
    let answer: (accepted: Accepted) => void;
    const queue = start(() => new Promise((resolve) => (answer = resolve)));
    await queue.accept(command());
    expect(await reaches(queue, 'running')).toHaveProperty('data', { card: 'c1' });
    answer!({ id: 'c1', revision: 0 });
    expect(await reaches(queue, 'completed')).not.toHaveProperty('data');
  });
});

describe('a command whose attempt fails', () => {
  const away = () => Promise.reject(new NoAnswer('shelfmark.commands.rent.CloseBookRent', { cause: undefined }));

  it('waits for another one, twice as long each time, and is then carried out', async () => {
    let isAway = true;
    const queue = start((sent) => (isAway ? away() : stamp(sent)));
    await queue.accept(command());
    expect(await reaches(queue, 'delayed')).toMatchObject({ attempts: 1, retryAt: '2026-01-01T00:00:01.000Z' });
    clock.advance(1_000);
    await eventually(async () => expect(await find(queue)).toMatchObject({ state: 'delayed', attempts: 2 }));
    expect(await find(queue)).toMatchObject({ retryAt: '2026-01-01T00:00:03.000Z' });
    isAway = false;
    clock.advance(2_000);
    expect(await reaches(queue, 'completed')).toMatchObject({
      attempts: 3,
      failures: [
        { attempt: 1, error: 'NoAnswer', failedAt: '2026-01-01T00:00:00.000Z' },
        { attempt: 2, error: 'NoAnswer', failedAt: '2026-01-01T00:00:01.000Z' },
      ],
    });
    expect(await stamps()).toBe(1);
  });

  it('tells no error by its text', async () => {
    const queue = start(() => Promise.reject(new TypeError('ann@example.org is no card')));
    await queue.accept(command());
    const operation = await reaches(queue, 'delayed');
    expect(operation.failures).toMatchObject([{ error: 'InternalError' }]);
    expect(JSON.stringify(operation)).not.toContain('ann');
  });

  /** Has the last attempt fail too. */
  async function exhausted(queue: CommandQueue): Promise<void> {
    await queue.accept(command());
    for (const attempts of [1, 2]) {
      await eventually(async () => expect(await find(queue)).toMatchObject({ state: 'delayed', attempts }));
      clock.advance(60_000);
    }
    expect(await reaches(queue, 'failed')).toMatchObject({ attempts: 3, data: { card: 'c1' } });
    expect(queue.status.open).toBe(0);
  }

  const tell = (queue: CommandQueue, type: string) =>
    queue.change({ ...command('01a1fcc8-ffff-755e-bb9c-7553cc88b1eb'), type, data: { operationId: ids[0] } });

  it('has failed after the last one, and is carried out once somebody wants it tried again', async () => {
    let isAway = true;
    const queue = start((sent) => (isAway ? away() : stamp(sent)));
    await exhausted(queue);
    isAway = false;
    await tell(queue, 'RetryOperation');
    expect(await reaches(queue, 'completed')).toMatchObject({ attempts: 4 });
    expect(await stamps()).toBe(1);
  });

  it('is carried out no more once it is deleted', async () => {
    const queue = start(away);
    await queue.accept(command());
    await reaches(queue, 'delayed');
    await tell(queue, 'DeleteOperation');
    clock.advance(60_000);
    // The next one is carried out after whatever was due before it.
    await queue.accept(command(ids[1]));
    await reaches(queue, 'delayed', ids[1]);
    expect(await find(queue)).toMatchObject({ state: 'deleted', attempts: 1 });
  });

  it('is tried now if somebody does not want to wait', async () => {
    let isAway = true;
    const queue = start((sent) => (isAway ? away() : stamp(sent)));
    await queue.accept(command());
    await reaches(queue, 'delayed');
    isAway = false;
    await tell(queue, 'RetryOperation');
    await reaches(queue, 'completed');
  });
});

describe('the process that comes after one that died', () => {
  it('carries out what was accepted', async () => {
    // Nothing of the first one is running: it died as soon as it had answered.
    const file = join(directory, 'operations.json');
    await new CommandQueue({ handler, store, clock, policy, file, carryOut: stamp }).accept(command());
    await reaches(start(), 'completed');
    expect(await stamps()).toBe(1);
  });

  it('finds done what was carried out and not recorded', async () => {
    const dead = start(async (sent) => {
      await stamp(sent);
      return new Promise(() => undefined);
    });
    await dead.accept(command());
    await eventually(async () => expect(await stamps()).toBe(1));
    die();

    const queue = start();
    expect(await reaches(queue, 'delayed')).toMatchObject({ failures: [{ attempt: 1, error: 'Interrupted' }] });
    clock.advance(1_000);
    expect(await reaches(queue, 'completed')).toMatchObject({ attempts: 2, result: { id: 'c1', revision: 0 } });
    expect(await stamps()).toBe(1);
  });

  it('gives up what has ended every process that tried', async () => {
    const deadly: CommandQueueOptions['carryOut'] = () => new Promise(() => undefined);
    let queue = start(deadly);
    await queue.accept(command());
    for (const attempt of [1, 2, 3]) {
      expect(await reaches(queue, 'running')).toMatchObject({ attempts: attempt });
      die();
      queue = start(deadly);
      await reaches(queue, attempt < 3 ? 'delayed' : 'failed');
      clock.advance(60_000);
    }
    expect(await find(queue)).toMatchObject({ attempts: 3, failures: [{}, {}, { error: 'Interrupted' }] });
  });

  it('lets another one that shares the log finish what it does, for a while', async () => {
    const shared = new Proxy(store, {
      get(target, name) {
        if (name === 'shared') return true;
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    const slow: CommandQueueOptions['carryOut'] = (sent) =>
      sent.id === ids[0] ? new Promise(() => undefined) : stamp(sent);
    const other = start(slow, shared);
    await other.accept(command());
    await reaches(other, 'running');
    const queue = start(slow, shared);
    await queue.accept(command(ids[1], 'c2'));
    await reaches(queue, 'completed', ids[1]);
    expect(await find(queue)).toMatchObject({ state: 'running', failures: [] });
    clock.advance(60_000);
    expect(await reaches(queue, 'delayed')).toMatchObject({ failures: [{ error: 'Interrupted' }] });
    die();
  });
});

describe('a queue', () => {
  it('carries out only so many commands at once', async () => {
    const underWay = new Set<string>();
    const answers: (() => void)[] = [];
    const queue = start(async ({ id }) => {
      underWay.add(id);
      await new Promise<void>((resolve) => answers.push(resolve));
      underWay.delete(id);
      return { id, revision: 0 };
    });
    const many = Array.from(
      { length: 40 },
      (_, n) => `01a1fcc8-d1d5-755e-bb9c-7553cc88b1${String(n).padStart(2, '0')}`,
    );
    await Promise.all(many.map((id) => queue.accept(command(id))));
    await eventually(() => expect(underWay.size).toBe(16));
    for (let done = 0; done < many.length; done++) {
      await eventually(() => expect(answers.length).toBeGreaterThan(0));
      expect(underWay.size).toBeLessThanOrEqual(16);
      answers.shift()!();
    }
    for (const id of many) await reaches(queue, 'completed', id);
  });

  it('that is told to stop finishes what it does, and begins nothing', async () => {
    let answer!: () => void;
    const queue = start(async (sent) => {
      await new Promise<void>((resolve) => (answer = resolve));
      return stamp(sent);
    });
    await queue.accept(command());
    await reaches(queue, 'running');
    const stopped = queue.stop();
    await queue.accept(command(ids[1]));
    answer();
    await stopped;
    expect(await find(queue)).toMatchObject({ state: 'completed' });
    expect(await find(queue, ids[1])).toMatchObject({ state: 'queued', attempts: 0 });
  });
});
