import { setTimeout as delay } from 'node:timers/promises';
import { type CommandError, ErrorType, isCommandError } from '@kurrent/kurrentdb-client';
import { StoreFailure } from '@shelfmark/event-sourcing';
import { isUnauthorized } from './connection.js';
import { ForeignEvent } from './store-errors.js';

/** A server says nothing for longer only when it or the way to it is gone. */
const answerMs = 8_000;
/** Longer than a server takes to start again, or a cluster to choose another leader. */
export const givesUpAfterMs = 25_000;
const firstPauseMs = 50;
const longestPauseMs = 1_000;

/** What a server has decided, so that asking again is of no use; after anything else nobody knows what it did. */
const decided: ReadonlySet<string> = new Set([
  ErrorType.APPEND_RECORD_SIZE_EXCEEDED,
  ErrorType.INVALID_ARGUMENT,
  ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED,
  ErrorType.STREAM_DELETED,
  ErrorType.STREAM_NOT_FOUND,
  ErrorType.STREAM_TOMBSTONED,
  ErrorType.TRANSACTION_MAX_SIZE_EXCEEDED,
  ErrorType.UNSUPPORTED,
  ErrorType.WRONG_EXPECTED_VERSION,
]);

/**
 * Asks a server until it is known what came of it: a connection that breaks, a leader that changes and a server that starts
 * again leave that open. Whatever is asked must have one effect, however often it arrives.
 * @param ask is told how often it was asked before
 * @throws StoreFailure when nothing is known after 25 s; what the server decided otherwise
 */
export async function untilKnown<T>(
  what: string,
  closed: AbortSignal,
  ask: (before: number) => Promise<T>,
): Promise<T> {
  const givesUpAt = performance.now() + givesUpAfterMs;
  let pauseMs = firstPauseMs;
  for (let before = 0; ; before++) {
    try {
      return await inTime(ask(before));
    } catch (error) {
      if (error instanceof ForeignEvent || isDecided(error)) throw error;
      const isLast = closed.aborted || isUnauthorized(error) || performance.now() + pauseMs > givesUpAt;
      if (isLast) throw new StoreFailure(`the event store's server did not ${what}`, { cause: error });
    }
    await delay(pauseMs * (1 - Math.random() / 2));
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
  }
}

function isDecided(error: unknown): boolean {
  return isCommandError(error as Error) && decided.has((error as CommandError).type);
}

/** The client leaves a call without an answer where its connection broke at the wrong moment. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${answerMs} ms`)), answerMs);
  });
  try {
    return await Promise.race([answer, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
