import { expect, test } from 'vitest';
import { id, Log } from '../../testing/events.js';
import { rowAfter } from '../../testing/row-after.js';
import { view } from './index.js';

const stream = `Operation-${id(1)}`;
const key = `user.${id(1)}`;
const person = { name: 'Ada Lovelace', email: 'ada@example.org' };
const started = (attempt: number) => ({ attempt, worker: id(2), until: '2026-01-01T00:01:00.000Z' });
const retryAt = '2026-01-01T00:00:05.000Z';

const queued = () => new Log().append(stream, 'CommandQueued', { command: 'RegisterUser', data: person });
const delayed = () =>
  queued()
    .append(stream, 'AttemptStarted', started(1))
    .append(stream, 'AttemptFailed', { attempt: 1, error: 'NoAnswer', retryAt });
const row = (log: Log) => rowAfter(view.sources['user']![0]!, log, key);

const waiting = {
  command: 'RegisterUser',
  state: 'queued',
  queuedAt: '2026-01-01T00:00:00.000Z',
  attempts: 0,
  error: null,
  retryAt: null,
};

test('a command waits from the moment when it was queued, under the name of its service', () => {
  expect(row(queued())).toEqual(waiting);
});

test('nothing of what a command carries is in a row', () => {
  expect(JSON.stringify(row(queued()))).not.toMatch(/ada/i);
});

test('a command is under way from the first attempt on', () => {
  expect(row(queued().append(stream, 'AttemptStarted', started(1)))).toEqual({
    ...waiting,
    state: 'running',
    attempts: 1,
  });
});

test('a command whose attempt failed says why, and when there is another one', () => {
  const expected = { ...waiting, state: 'delayed', attempts: 1, error: 'NoAnswer', retryAt };
  expect(row(delayed())).toEqual(expected);
});

test('a command whose last attempt failed says why, and waits for somebody', () => {
  const log = delayed()
    .append(stream, 'AttemptStarted', started(2))
    .append(stream, 'OperationFailed', { attempt: 2, error: 'StoreFull' });
  expect(row(log)).toEqual({ ...waiting, state: 'failed', attempts: 2, error: 'StoreFull' });
  log.append(stream, 'OperationRetried', {});
  expect(row(log)).toMatchObject({ state: 'queued', error: 'StoreFull' });
});

test.each([
  ['completed', 'OperationCompleted', { attempt: 1, result: { id: id(1), revision: 0 } }],
  ['rejected', 'OperationRejected', { attempt: 1, rejection: { code: 'EmailTaken' } }],
] as const)('a command is %s after %s', (state, type, data) => {
  const log = queued().append(stream, 'AttemptStarted', started(1)).append(stream, type, data);
  expect(row(log)).toEqual({ ...waiting, state, attempts: 1 });
});

test('a command that was deleted waits for nothing', () => {
  expect(row(delayed().append(stream, 'OperationDeleted', {}))).toMatchObject({ state: 'deleted', retryAt: null });
});
