import type { OperationState } from '@shelfmark/contracts';
import { EntitySchema } from 'typeorm';

/** A command that was queued with a service: where it is, and nothing of what it carries. */
export interface QueuedCommand {
  /** The service's word, a dot, and the operation's id in that service. */
  id: string;
  command: string | null;
  state: OperationState | null;
  queuedAt: string | null;
  attempts: number;
  error: string | null;
  retryAt: string | null;
}

export const queuedCommandEntity = new EntitySchema<QueuedCommand>({
  name: 'QueuedCommand',
  tableName: 'command',
  columns: {
    id: { type: 'text', collation: 'C', primary: true },
    // Nullable, though no command lacks them: what follows upserts its own columns alone, and Postgres looks for NULLs before conflicts.
    command: { type: 'text', nullable: true },
    state: { type: 'text', nullable: true },
    queuedAt: { name: 'queued_at', type: 'timestamptz', nullable: true },
    attempts: { type: 'integer', default: 0 },
    error: { type: 'text', nullable: true },
    retryAt: { name: 'retry_at', type: 'timestamptz', nullable: true },
  },
  indices: [
    {
      name: 'command_open',
      columns: ['queuedAt', 'id'],
      where: `state IN ('queued', 'running', 'delayed', 'failed')`,
    },
  ],
});
