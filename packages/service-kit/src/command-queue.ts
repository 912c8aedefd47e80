import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { OperationCommands, OperationEvents, OperationRefusal, QueuedOperation } from '@shelfmark/contracts';
import {
  type Accepted,
  AppendTooLarge,
  type Command,
  type CommandHandler,
  type EventStore,
  IdempotencyKeyReused,
  type Json,
  Overloaded,
  type RecordedEvent,
  type Rejected,
  RevisionConflict,
  StoreFull,
  causedCommand,
  parseStreamName,
} from '@shelfmark/event-sourcing';
import type { Clock } from './clock.js';
import { withCorrelation } from './correlation.js';
import { type DueChange, DueIndex } from './due-index.js';
import { DueWork } from './due-work.js';
import { FailedElsewhere } from './failed-elsewhere.js';
import { failureOf } from './failure.js';
import { type OperationDecider, type Queued, type QueuePolicy, isOpen, isWaiting, operation } from './operation.js';

export interface CommandQueueOptions {
  readonly handler: CommandHandler;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly policy: QueuePolicy;
  /** Where the index of what is open is kept. */
  readonly file: string;
  /** Carries out a command, just as it would have been if its sender had waited. */
  readonly carryOut: (command: Command) => Promise<Accepted | Rejected>;
  /** By chance, from 0 to 1. */
  readonly random?: () => number;
}

/** So many commands are carried out at once: those of senders who wait come first, and there may be many of these. */
const atOnce = 16;

/** The next command is refused, so that a queue that nobody empties does not fill the memory. */
const maxOpen = 100_000;

/** Nobody who would give up waits for the answer; the deadline only bounds how long an attempt holds its place. */
const deadlineMs = 10_000;

/** Where the store has no room, what came of an attempt is recorded when it has. */
const roomRetryMs = 1_000;

/**
 * The commands that were sent without waiting for their answers. Each is a stream of the service's own log: it is there
 * before its sender hears that it is, and its attempts, their failures and its end are events of it.
 *
 * The command keeps its id, by which its entity knows it: whatever dies between the command and the record of what came of
 * it, the next attempt finds it done. So it is done once, however many attempts that takes.
 */
export class CommandQueue {
  readonly #logger = new Logger(CommandQueue.name);
  readonly #worker = randomUUID();
  readonly #decider: OperationDecider;
  readonly #index: DueIndex;
  readonly #work: DueWork;
  readonly #stopping = new AbortController();

  constructor(private readonly options: CommandQueueOptions) {
    const { store, file, policy, clock } = options;
    this.#decider = operation(policy);
    this.#index = new DueIndex({ store, file, version: '1', changes: dueChanges });
    this.#work = new DueWork({ index: this.#index, clock, atOnce, perform: (id) => this.#perform(id) });
  }

  start(): void {
    this.#work.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#work.stop();
  }

  /** How many commands are not done yet (but for those that failed), and how many of them are being done. */
  get status(): { readonly open: number; readonly underWay: number } {
    return { open: this.#index.size, underWay: this.#work.underWay };
  }

  /**
   * Queues a command, which is valid by its contract.
   * @returns once that is durable; the id is the operation's, and the command's
   * @throws Overloaded, IdempotencyKeyReused, and what `EventStore.append` throws
   */
  async accept(command: Command): Promise<Accepted> {
    const { id, type, data, expectedRevision } = command;
    if (this.#index.size >= maxOpen) throw new Overloaded('the queue', this.#index.size);
    // An id of its own: events have ids by their command's, and the command's own event is yet to come.
    const queue = causedCommand(command, 'QueueCommand', '', {
      operationId: id,
      command: type,
      data,
      ...(expectedRevision !== undefined && { expectedRevision }),
    });
    return (await this.options.handler.handle(this.#decider, queue)) as Accepted;
  }

  /** Does as it is told with an operation: `RetryOperation`, `DeleteOperation`. */
  change(command: Command): Promise<Accepted | Rejected> {
    return this.options.handler.handle(this.#decider, command);
  }

  /** @returns nothing where there is no such operation */
  async find(id: string): Promise<QueuedOperation | undefined> {
    const { state, position } = await this.options.handler.read(this.#decider, id);
    if (state.status === 'absent') return undefined;
    const { status, command, actor, queuedAt, attempts, failures, retryAt, endedAt, result, rejection } = state;
    return {
      command: command.type,
      state: status,
      ...(isOpen(state) && { data: command.data }),
      ...(actor !== undefined && { actor }),
      queuedAt,
      attempts,
      failures: [...failures],
      ...(retryAt !== undefined && { retryAt }),
      ...(endedAt !== undefined && { endedAt }),
      ...(result && { result }),
      ...(rejection && { rejection }),
      position: String(position),
    };
  }

  /** Does what is due about an operation, whatever that is. @returns when it is to be looked at again, if nothing was due */
  async #perform(id: string): Promise<number | undefined> {
    const { state } = await this.options.handler.read(this.#decider, id);
    if (state.status === 'running') return this.#interrupted(id, state);
    if (!isWaiting(state)) return undefined;
    const retryAt = Date.parse(state.retryAt ?? state.queuedAt);
    if (retryAt > this.#now()) return retryAt;
    return withCorrelation(state.correlationId, () => this.#attempt(id, state));
  }

  /** An attempt that is not under way here: its process is gone, or will have said before long what came of it. */
  async #interrupted(id: string, { attempts, worker, until }: Queued): Promise<number | undefined> {
    // What this process began and does not do any more could not be recorded. A log that is not shared has no other one.
    const isElsewhere = this.options.store.shared && worker !== this.#worker;
    const goneAt = isElsewhere ? Date.parse(until!) : this.#now();
    if (goneAt > this.#now()) return goneAt;
    await this.#fail(id, attempts, 'Interrupted');
    return undefined;
  }

  async #attempt(id: string, before: Queued): Promise<undefined> {
    await this.#tell(id, 'StartAttempt', { operationId: id, worker: this.#worker });
    const { state } = await this.options.handler.read(this.#decider, id);
    // Another process was faster, or somebody has deleted it.
    if (state.status !== 'running' || state.worker !== this.#worker) return undefined;
    const { attempts: attempt } = state;
    try {
      const answer = await this.options.carryOut(commandOf(id, before, this.#now() + deadlineMs));
      if ('rejection' in answer) await this.#reject(id, attempt, answer.rejection);
      else await this.#complete(id, attempt, answer);
    } catch (error) {
      if (isRefusal(error)) await this.#reject(id, attempt, { code: error.name });
      else await this.#fail(id, attempt, nameOf(error), error);
    }
    return undefined;
  }

  async #complete(id: string, attempt: number, { position, ...result }: Accepted): Promise<void> {
    const told = { ...result, ...(position !== undefined && { position: String(position) }) };
    await this.#tell(id, 'CompleteOperation', { operationId: id, attempt, result: told });
  }

  async #reject(id: string, attempt: number, { code, detail }: OperationRefusal): Promise<void> {
    const rejection = { code, ...(detail !== undefined && { detail }) };
    await this.#tell(id, 'RejectOperation', { operationId: id, attempt, rejection });
  }

  async #fail(id: string, attempt: number, name: string, error?: unknown): Promise<void> {
    this.#logger.warn(
      { err: error, operationId: id, attempt, error: name },
      'an attempt to carry out a command failed',
    );
    const { random = Math.random } = this.options;
    await this.#tell(id, 'FailAttempt', { operationId: id, attempt, error: name, jitter: random() });
  }

  /** Records a step. The state tells whether it is still due, so that each may have an id of its own. */
  async #tell<Type extends keyof OperationCommands>(
    id: string,
    type: Type,
    data: OperationCommands[Type],
  ): Promise<void> {
    const { handler, clock } = this.options;
    const { state } = await handler.read(this.#decider, id);
    const correlationId = state.status === 'absent' ? id : state.correlationId;
    for (;;) {
      try {
        const command = { id: randomUUID(), type, data: data as unknown as Json, correlationId, causationId: id };
        await handler.handle(this.#decider, command);
        return;
      } catch (error) {
        const { signal } = this.#stopping;
        if (!(error instanceof StoreFull || error instanceof Overloaded) || signal.aborted) throw error;
        await clock.until(this.#now() + roomRetryMs, signal);
      }
    }
  }

  #now(): number {
    return this.options.clock.now().getTime();
  }
}

/** The command as it was sent, under its own id. */
function commandOf(id: string, { command, correlationId, actor, traceparent }: Queued, deadline: number): Command {
  const { type, data, expectedRevision } = command;
  return {
    id,
    type,
    data: data as Json,
    correlationId,
    causationId: id,
    deadline,
    ...(actor !== undefined && { actor }),
    ...(traceparent !== undefined && { traceparent }),
    ...(expectedRevision !== undefined && { expectedRevision }),
  };
}

/** What no other attempt would change: the sender is answered so, as if it had waited. */
function isRefusal(error: unknown): error is Error {
  return error instanceof RevisionConflict || error instanceof IdempotencyKeyReused || error instanceof AppendTooLarge;
}

/** What goes into the log of an error: a name that a sender would be told too, and never a text. */
function nameOf(error: unknown): string {
  if (error instanceof FailedElsewhere) return error.failure.name;
  return failureOf(error)?.name ?? 'InternalError';
}

const noChange: readonly DueChange[] = [];

/** The category of operations' streams, whatever their policy is. */
const operationCategory = 'Operation';

/** Whether an operation is to be seen to, and when. */
function dueChanges({ stream, type, data, metadata }: RecordedEvent): readonly DueChange[] {
  const { category, id } = parseStreamName(stream);
  if (category !== operationCategory) return noChange;
  switch (type as keyof OperationEvents) {
    case 'CommandQueued':
    case 'OperationRetried':
    case 'AttemptStarted':
      // An attempt too is seen to at the next start: until then this process has it under way.
      return [{ key: id, dueAt: Date.parse(metadata.time) }];
    case 'AttemptFailed':
      return [{ key: id, dueAt: Date.parse((data as unknown as OperationEvents['AttemptFailed']).retryAt) }];
    case 'OperationFailed':
    case 'OperationCompleted':
    case 'OperationRejected':
    case 'OperationDeleted':
      return [{ key: id, dueAt: undefined }];
  }
}
