import { expect } from 'vitest';
import { EmbeddedEventStore } from '../embedded-event-store.js';
import { verify } from '../verify.js';
import type { Answer } from './appender.js';

/** After whatever happened: nothing is wrong with the log, everything answered is in it, and it takes appends. */
export async function expectAnswered(directory: string, answers: readonly Answer[]): Promise<void> {
  expect((await verify(directory)).faults).toEqual([]);
  const store = await EmbeddedEventStore.open({ directory, reserveBytes: 1 });
  try {
    const ids = new Map<bigint, string>();
    for await (const batch of store.readLog()) for (const { position, id } of batch) ids.set(position, id);
    expect(answers.filter(({ position, id }) => ids.get(position) !== id)).toEqual([]);
    const event = { id: 'after', type: 'T', data: null, metadata: {} as never };
    const [answer] = await store.append([{ stream: 'After-1', expected: 'any', events: [event] }]);
    expect(Number(answer!.position)).toBeGreaterThanOrEqual(1);
  } finally {
    await store.close();
  }
}
