import { WrongExpectedVersionError } from '@kurrent/kurrentdb-client';
import { StoreFailure } from '@shelfmark/event-sourcing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { untilKnown } from './attempts.js';

// Vitest's clock does not reach these timers by itself.
vi.mock('node:timers/promises', () => ({
  setTimeout: (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
}));

const open = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A server that is away for so long after the first question: silent, or refusing connections. */
function away(forMs: number, how: 'silent' | 'refusing') {
  const since = performance.now();
  const asked: number[] = [];
  const ask = (): Promise<string> => {
    const afterMs = performance.now() - since;
    asked.push(afterMs);
    if (afterMs >= forMs) return Promise.resolve('known');
    return how === 'silent' ? new Promise(() => undefined) : Promise.reject(new Error('14 UNAVAILABLE'));
  };
  return { ask, asked };
}

async function outcome(ask: () => Promise<string>, signal = open): Promise<unknown> {
  const answer = untilKnown('answer', signal, ask).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  return answer;
}

describe.each(['silent', 'refusing'] as const)('a server that is %s', (how) => {
  it('for 20 s is asked until it answers', async () => {
    const { ask, asked } = away(20_000, how);
    expect(await outcome(ask)).toBe('known');
    expect(asked.length).toBeLessThan(how === 'silent' ? 5 : 60);
  });

  it('for minutes is given up after about 25 s, and not asked any more', async () => {
    const { ask, asked } = away(5 * 60_000, how);
    expect(await outcome(ask)).toBeInstanceOf(StoreFailure);
    expect(asked.at(-1)).toBeLessThan(26_000);
  });
});

it('asks nothing again once the store is closed', async () => {
  const { ask, asked } = away(1_000, 'refusing');
  expect(await outcome(ask, AbortSignal.abort())).toBeInstanceOf(StoreFailure);
  expect(asked).toHaveLength(1);
});

it('takes what the server has decided for the answer', async () => {
  const refusal = new WrongExpectedVersionError(undefined, {
    streamName: 'Thing-1',
    current: 1n,
    expected: 0n,
  });
  const ask = vi.fn(() => Promise.reject(refusal));
  expect(await outcome(ask)).toBe(refusal);
  expect(ask).toHaveBeenCalledTimes(1);
});
