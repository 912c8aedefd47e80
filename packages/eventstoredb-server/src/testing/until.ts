import { setTimeout } from 'node:timers/promises';

/** Waits for a condition, and fails when it does not come true in time. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${condition.toString()}`);
    await setTimeout(10);
  }
}
