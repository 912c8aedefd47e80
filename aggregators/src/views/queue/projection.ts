import type { OperationEvents } from '@shelfmark/contracts';
import { parseStreamName, type Projection, type StreamEvent } from '@shelfmark/event-sourcing';
import type { QueuedCommand } from './entity.js';

export const ownedByService = ['command', 'state', 'queuedAt', 'attempts', 'error', 'retryAt'] as const;

/** What the keys of a service's commands begin with. */
export function keyPrefix(service: string): string {
  return `${service}.`;
}

/** What is queued with one service. What the commands carry stays in its log: it may be somebody's name. */
export function fromService(
  service: string,
): Required<Projection<OperationEvents, Pick<QueuedCommand, (typeof ownedByService)[number]>>> {
  const keyOf = ({ stream }: StreamEvent) => keyPrefix(service) + parseStreamName(stream).id;
  return {
    CommandQueued: ({ command }, event) => ({
      key: keyOf(event),
      set: { command, state: 'queued', queuedAt: event.metadata.time, attempts: 0, error: null, retryAt: null },
    }),
    AttemptStarted: ({ attempt }, event) => ({
      key: keyOf(event),
      set: { state: 'running', attempts: attempt, retryAt: null },
    }),
    AttemptFailed: ({ error, retryAt }, event) => ({ key: keyOf(event), set: { state: 'delayed', error, retryAt } }),
    OperationFailed: ({ error }, event) => ({ key: keyOf(event), set: { state: 'failed', error } }),
    OperationRetried: (_data, event) => ({ key: keyOf(event), set: { state: 'queued', retryAt: null } }),
    OperationCompleted: (_data, event) => ({ key: keyOf(event), set: { state: 'completed' } }),
    OperationRejected: (_data, event) => ({ key: keyOf(event), set: { state: 'rejected' } }),
    OperationDeleted: (_data, event) => ({ key: keyOf(event), set: { state: 'deleted', retryAt: null } }),
  };
}
