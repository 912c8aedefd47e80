import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition holds; fails when it does not in time. */
export async function until(condition: () => boolean | Promise<boolean>, deadlineMs = 60_000): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${String(condition)}`);
    await sleep(20);
  }
}
