import { setTimeout as delay } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { DeadlineExceeded, Overloaded, StoreFull } from '@shelfmark/event-sourcing';
import { NoAnswer, ServiceUnavailable } from '@shelfmark/messaging';
import { FailedElsewhere } from '@shelfmark/service-kit';

const retryMs = 1_000;

const logger = new Logger('Import');

/** What passes: here, and where another service says that it is so there. */
const passing = [StoreFull, Overloaded, DeadlineExceeded];

/** Attempts it again for as long as the store has no room for it, or another service does not answer: that passes, and an import has time. */
export async function untilRoom<Result>(attempt: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await attempt();
    } catch (error) {
      if (!passes(error)) throw error;
      if (isFirst) logger.warn({ err: error }, 'an import waits');
    }
    await delay(retryMs, undefined, { signal });
  }
}

function passes(error: unknown): boolean {
  if (error instanceof NoAnswer || error instanceof ServiceUnavailable) return true;
  if (error instanceof FailedElsewhere) return passing.some(({ name }) => name === error.failure.name);
  return passing.some((failure) => error instanceof failure);
}
