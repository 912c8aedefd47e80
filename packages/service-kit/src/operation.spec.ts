import { schema } from '@shelfmark/contracts';
import { SchemaValidator } from '@shelfmark/event-sourcing';
import { specification } from '@shelfmark/event-sourcing/testing';
import { describe, it } from 'vitest';
import { operation } from './operation.js';

const policy = { maxAttempts: 3, firstRetryMs: 1_000, longestRetryMs: 1_500, attemptMs: 60_000 };
const given = specification(operation(policy), new SchemaValidator(schema));

const operationId = '01a1fcc8-d1d5-755e-bb9c-7553cc88b1eb';
const worker = '8f0f0f8e-7a34-4f6b-9d2f-0c6b7a1e2f58';
const data = { bookId: operationId, title: 'Emma', amount: 1 };
const result = { id: operationId, revision: 0, position: '7' };
const rejection = { code: 'InvalidIsbn', detail: 'the check digit is wrong' };

const queued = { type: 'CommandQueued', data: { command: 'CreateBook', data } } as const;
const started = (attempt: number) =>
  ({ type: 'AttemptStarted', data: { attempt, worker, until: '2024-02-29T12:01:00.000Z' } }) as const;
const failed = (attempt: number, retryAt = '2024-02-29T12:00:01.000Z') =>
  ({ type: 'AttemptFailed', data: { attempt, error: 'NoAnswer', retryAt } }) as const;
const failedForGood = (attempt: number) => ({ type: 'OperationFailed', data: { attempt, error: 'NoAnswer' } }) as const;
const retried = { type: 'OperationRetried', data: {} } as const;
const deleted = { type: 'OperationDeleted', data: {} } as const;
const completed = { type: 'OperationCompleted', data: { attempt: 1, result } } as const;
const rejected = { type: 'OperationRejected', data: { attempt: 1, rejection } } as const;

const running = [queued, started(1)];
const delayed = [...running, failed(1)];
const exhausted = [...delayed, started(2), failed(2), started(3), failedForGood(3)];
const fail = (attempt: number, jitter = 0) => ({ operationId, attempt, error: 'NoAnswer', jitter });

describe('QueueCommand', () => {
  it('queues a command, once', () => {
    given().when('QueueCommand', { operationId, command: 'CreateBook', data }).then([queued]).again().then([]);
  });
});

describe('StartAttempt', () => {
  it('begins the first attempt, once', () => {
    given([queued])
      .when('StartAttempt', { operationId, worker })
      .then([started(1)])
      .again()
      .then([]);
  });

  it('begins another one after one that failed', () => {
    given(delayed)
      .when('StartAttempt', { operationId, worker })
      .then([started(2)]);
  });

  it.each([
    ['failed', exhausted],
    ['was carried out', [...running, completed]],
    ['was refused', [...running, rejected]],
    ['was deleted', [queued, deleted]],
  ])('begins none for what %s', (_, events) => {
    given(events).when('StartAttempt', { operationId, worker }).then([]);
  });

  it('begins none for what nobody queued', () => {
    given().when('StartAttempt', { operationId, worker }).then([]);
  });
});

describe('CompleteOperation', () => {
  it('says what the command came to, once', () => {
    given(running).when('CompleteOperation', { operationId, attempt: 1, result }).then([completed]).again().then([]);
  });

  it('says nothing of an attempt whose place another one has taken', () => {
    given([...delayed, started(2)])
      .when('CompleteOperation', { operationId, attempt: 1, result })
      .then([]);
  });
});

describe('RejectOperation', () => {
  it('says how the command was refused, once', () => {
    given(running).when('RejectOperation', { operationId, attempt: 1, rejection }).then([rejected]).again().then([]);
  });

  it('says nothing of an attempt whose place another one has taken', () => {
    given([...delayed, started(2)])
      .when('RejectOperation', { operationId, attempt: 1, rejection })
      .then([]);
  });
});

describe('FailAttempt', () => {
  it('has the command wait for another attempt, once', () => {
    given(running)
      .when('FailAttempt', fail(1))
      .then([failed(1)])
      .again()
      .then([]);
  });

  it('doubles the pause, up to the longest', () => {
    given([...delayed, started(2)])
      .when('FailAttempt', fail(2))
      .then([failed(2, '2024-02-29T12:00:01.500Z')]);
  });

  it('takes up to a half off the pause, by chance', () => {
    given(running)
      .when('FailAttempt', fail(1, 1))
      .then([failed(1, '2024-02-29T12:00:00.500Z')]);
  });

  it('is the end after the last attempt', () => {
    given(exhausted.slice(0, -1))
      .when('FailAttempt', fail(3))
      .then([failedForGood(3)])
      .again()
      .then([]);
  });

  it('counts anew once somebody has it tried again', () => {
    given([...exhausted, retried, started(4)])
      .when('FailAttempt', fail(4))
      .then([failed(4)]);
    given([...exhausted, retried, started(4), failed(4), started(5), failed(5), started(6)])
      .when('FailAttempt', fail(6))
      .then([failedForGood(6)]);
  });
});

describe('RetryOperation', () => {
  it.each([
    ['failed', exhausted],
    ['waits for another attempt', delayed],
  ])('has the next attempt made now of what %s, once', (_, events) => {
    given(events).when('RetryOperation', { operationId }).then([retried]).again().then([]);
  });

  it('does nothing about what is under way anyway', () => {
    given(running).when('RetryOperation', { operationId }).then([]);
  });

  it.each([
    ['was carried out', [...running, completed]],
    ['was refused', [...running, rejected]],
    ['was deleted', [queued, deleted]],
  ])('is refused for what %s', (_, events) => {
    given(events).when('RetryOperation', { operationId }).thenRejects('OperationEnded');
  });

  it('is refused for what nobody queued', () => {
    given().when('RetryOperation', { operationId }).thenRejects('OperationNotFound');
  });
});

describe('DeleteOperation', () => {
  it.each([
    ['waits for its turn', [queued]],
    ['waits for another attempt', delayed],
    ['failed', exhausted],
  ])('takes out of the queue what %s, once', (_, events) => {
    given(events).when('DeleteOperation', { operationId }).then([deleted]).again().then([]);
  });

  it('is refused for what is being carried out', () => {
    given(running).when('DeleteOperation', { operationId }).thenRejects('OperationRunning');
  });

  it.each([
    ['was carried out', completed],
    ['was refused', rejected],
  ])('is refused for what %s', (_, end) => {
    given([...running, end])
      .when('DeleteOperation', { operationId })
      .thenRejects('OperationEnded');
  });

  it('is refused for what nobody queued', () => {
    given().when('DeleteOperation', { operationId }).thenRejects('OperationNotFound');
  });
});
