import assert from 'node:assert/strict';
import type {
  OperationCommands,
  OperationEvents,
  OperationFailure,
  OperationRefusal,
  OperationRejection,
  OperationResult,
} from '@shelfmark/contracts';
import { type Decider, reject } from '@shelfmark/event-sourcing';

/** A command that was queued: its way from the queue to its end. */
export type Operation = { readonly status: 'absent' } | Queued;

export interface Queued {
  readonly status: 'queued' | 'running' | 'delayed' | 'failed' | 'completed' | 'rejected' | 'deleted';
  /** What is to be carried out, as it came. */
  readonly command: {
    readonly type: string;
    readonly data: { readonly [field: string]: unknown };
    readonly expectedRevision?: number;
  };
  readonly correlationId: string;
  readonly actor?: string;
  readonly traceparent?: string;
  readonly queuedAt: string;
  /** How many attempts there were, the one that is under way among them. */
  readonly attempts: number;
  /** How many there had been when somebody last wanted it done: so many do not count towards the last one. */
  readonly attemptsBefore: number;
  readonly failures: readonly OperationFailure[];
  /** Which process makes the attempt, and by when it will have said what came of it; while one is under way. */
  readonly worker?: string;
  readonly until?: string;
  readonly retryAt?: string;
  readonly result?: OperationResult;
  readonly rejection?: OperationRefusal;
  readonly endedAt?: string;
}

/** How long a queue keeps trying. */
export interface QueuePolicy {
  /** After so many attempts an operation has failed. */
  readonly maxAttempts: number;
  /** The pause after the first one; each that follows is twice as long. */
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  /** A process that has not said after so long what came of its attempt is taken for gone. */
  readonly attemptMs: number;
}

/** The last failures tell enough. */
const rememberedFailures = 20;

export const operation = (
  policy: QueuePolicy,
): Decider<Operation, OperationCommands, OperationEvents, OperationRejection> => ({
  category: 'Operation',
  initial: { status: 'absent' },
  entityId: ({ operationId }) => operationId,

  decide: {
    QueueCommand: (state, { operationId: _, ...queued }) =>
      state.status === 'absent' ? [{ type: 'CommandQueued', data: queued }] : [],

    StartAttempt: (state, { worker }, { now }) => {
      if (!isWaiting(state)) return [];
      const until = new Date(now.getTime() + policy.attemptMs).toISOString();
      return [{ type: 'AttemptStarted', data: { attempt: state.attempts + 1, worker, until } }];
    },

    CompleteOperation: (state, { attempt, result }) =>
      isUnderWay(state, attempt) ? [{ type: 'OperationCompleted', data: { attempt, result } }] : [],

    RejectOperation: (state, { attempt, rejection }) =>
      isUnderWay(state, attempt) ? [{ type: 'OperationRejected', data: { attempt, rejection } }] : [],

    FailAttempt: (state, { attempt, error, jitter }, { now }) => {
      if (!isUnderWay(state, attempt)) return [];
      const count = attempt - state.attemptsBefore;
      if (count >= policy.maxAttempts) return [{ type: 'OperationFailed', data: { attempt, error } }];
      const retryAt = new Date(now.getTime() + pauseMs(policy, count, jitter)).toISOString();
      return [{ type: 'AttemptFailed', data: { attempt, error, retryAt } }];
    },

    RetryOperation: (state) => {
      switch (state.status) {
        case 'absent':
          return reject('OperationNotFound');
        case 'delayed':
        case 'failed':
          return [{ type: 'OperationRetried', data: {} }];
        case 'queued':
        case 'running':
          return [];
        case 'completed':
        case 'rejected':
        case 'deleted':
          return reject('OperationEnded', `it was ${state.status}`);
      }
    },

    DeleteOperation: (state) => {
      switch (state.status) {
        case 'absent':
          return reject('OperationNotFound');
        case 'queued':
        case 'delayed':
        case 'failed':
          return [{ type: 'OperationDeleted', data: {} }];
        // What is being done cannot be taken back: whoever deleted it would be told that it did not happen.
        case 'running':
          return reject('OperationRunning');
        case 'completed':
        case 'rejected':
          return reject('OperationEnded', `it was ${state.status}`);
        case 'deleted':
          return [];
      }
    },
  },

  evolve: {
    CommandQueued: (_state, { command, data, expectedRevision }, { metadata }) => {
      const { correlationId, actor, traceparent, time } = metadata;
      return {
        status: 'queued',
        command: { type: command, data, ...(expectedRevision !== undefined && { expectedRevision }) },
        correlationId,
        ...(actor !== undefined && { actor }),
        ...(traceparent !== undefined && { traceparent }),
        queuedAt: time,
        attempts: 0,
        attemptsBefore: 0,
        failures: [],
      };
    },
    AttemptStarted: (state, { attempt, worker, until }) => {
      const { retryAt: _, ...rest } = queued(state);
      return { ...rest, status: 'running', attempts: attempt, worker, until };
    },
    AttemptFailed: (state, { retryAt, ...failure }, { metadata }) => ({
      ...failed(state, { ...failure, failedAt: metadata.time }),
      status: 'delayed',
      retryAt,
    }),
    OperationFailed: (state, failure, { metadata }) => ({
      ...failed(state, { ...failure, failedAt: metadata.time }),
      status: 'failed',
    }),
    OperationRetried: (state) => {
      const { retryAt: _, ...rest } = queued(state);
      return { ...rest, status: 'queued', attemptsBefore: rest.attempts };
    },
    OperationCompleted: (state, { result }, { metadata }) => ({
      ...queued(state),
      status: 'completed',
      result,
      endedAt: metadata.time,
    }),
    OperationRejected: (state, { rejection }, { metadata }) => ({
      ...queued(state),
      status: 'rejected',
      rejection,
      endedAt: metadata.time,
    }),
    OperationDeleted: (state, _data, { metadata }) => {
      const { retryAt: _, ...rest } = queued(state);
      return { ...rest, status: 'deleted', endedAt: metadata.time };
    },
  },
});

/** Whether the next attempt, if it is due, may begin. */
export function isWaiting(state: Operation): state is Queued & { readonly status: 'queued' | 'delayed' } {
  return state.status === 'queued' || state.status === 'delayed';
}

/** Whether the command may still be carried out, now or when somebody wants it tried again. */
export function isOpen(state: Operation): boolean {
  return isWaiting(state) || state.status === 'running' || state.status === 'failed';
}

/** Another attempt may have taken its place meanwhile: what comes of a former one is not told any more. */
function isUnderWay(state: Operation, attempt: number): state is Queued {
  return state.status === 'running' && state.attempts === attempt;
}

function pauseMs({ firstRetryMs, longestRetryMs }: QueuePolicy, attempts: number, jitter: number): number {
  return Math.min(firstRetryMs * 2 ** (attempts - 1), longestRetryMs) * (1 - jitter / 2);
}

function queued(state: Operation): Queued {
  assert(state.status !== 'absent');
  return state;
}

function failed(state: Operation, failure: OperationFailure): Queued {
  const { worker: _, until: __, ...rest } = queued(state);
  return { ...rest, failures: [...rest.failures, failure].slice(-rememberedFailures) };
}

export type OperationDecider = ReturnType<typeof operation>;
