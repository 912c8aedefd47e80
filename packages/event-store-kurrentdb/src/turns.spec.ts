import { Overloaded, StoreFailure } from '@shelfmark/event-sourcing';
import { describe, expect, it, vi } from 'vitest';
import { Turns } from './turns.js';

/** Work that is under way until it is told to end. */
function held(turns: Turns, count: number, waitingMs = 1_000) {
  const started: number[] = [];
  const ends: (() => void)[] = [];
  const outcomes = Array.from({ length: count }, (_, index) =>
    turns
      .take(waitingMs, () => {
        started.push(index);
        return new Promise<void>((resolve) => ends.push(resolve));
      })
      .then(
        () => 'done',
        (error: unknown) => error,
      ),
  );
  return { started, ends, outcomes };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('lets 1,024 be under way, and the others in their order as those end', async () => {
    const { started, ends, outcomes } = held(new Turns(), 1_500, 60_000);
    await turn();
    expect(started).toHaveLength(1_024);
    for (let ended = 0; ended < 1_500; ended++) {
      ends[ended]!();
      await turn();
      expect(started.length).toBe(Math.min(1_500, 1_025 + ended));
    }
    expect(started).toEqual(Array.from({ length: 1_500 }, (_, index) => index));
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['done']));
  });

  it('goes on after work that failed', async () => {
    const turns = new Turns();
    const fail = () => Promise.reject(new Error('no'));
    await Promise.allSettled(Array.from({ length: 3_000 }, () => turns.take(1_000, fail)));
    expect(await turns.take(1_000, async () => 'done')).toBe('done');
  });

  it('does not begin what has waited too long', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { started, ends, outcomes } = held(new Turns(), 1_100);
    await turn();
    vi.advanceTimersByTime(1_001);
    for (const end of ends) end();
    await turn();
    expect(started).toHaveLength(1_024);
    expect(await outcomes[1_024]).toBeInstanceOf(StoreFailure);
    expect(await outcomes[1_099]).toBeInstanceOf(StoreFailure);
    vi.useRealTimers();
  });

  it('refuses whoever comes when too many wait', async () => {
    const turns = new Turns();
    const { ends, outcomes } = held(turns, 1_024 + 16_384, 60_000);
    await expect(turns.take(1_000, async () => undefined)).rejects.toThrow(Overloaded);
    for (let index = 0; index < outcomes.length; index++) {
      if (ends[index] === undefined) await turn();
      ends[index]!();
    }
    await Promise.all(outcomes);
  });
});
