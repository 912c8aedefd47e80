import {
  AppendTooLarge,
  DeadlineExceeded,
  IdempotencyKeyReused,
  Overloaded,
  RevisionConflict,
  StoreFailure,
  StoreFull,
  UnknownCommand,
  UnknownEvent,
} from '@shelfmark/event-sourcing';
import { type Failure, MessageTooLarge, NoAnswer, ServiceUnavailable, newerVersionNeeded } from '@shelfmark/messaging';
import { FailedElsewhere } from './failed-elsewhere.js';

/** What a caller is told of by name, because there is something that it can do: wait, ask anew, or ask for less. */
const told = [
  AppendTooLarge,
  DeadlineExceeded,
  IdempotencyKeyReused,
  MessageTooLarge,
  NoAnswer,
  Overloaded,
  RevisionConflict,
  ServiceUnavailable,
  StoreFailure,
  StoreFull,
];

/**
 * What another service failed in that will pass. A conflict or a reused key over there was this service's doing, and says
 * nothing about the caller's command.
 */
const passing = new Set([
  'DeadlineExceeded',
  newerVersionNeeded,
  'NoAnswer',
  'Overloaded',
  'ServiceUnavailable',
  'StoreFailure',
  'StoreFull',
]);

/** What the caller of a command or a query is told of an error; nothing of an error that is ours alone. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof UnknownCommand) return { name: 'UnknownMessage' };
  if (error instanceof UnknownEvent) return { name: newerVersionNeeded };
  if (error instanceof FailedElsewhere) return passing.has(error.failure.name) ? error.failure : undefined;
  return told.some((failure) => error instanceof failure) ? { name: (error as Error).name } : undefined;
}
