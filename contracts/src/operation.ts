/** A command is to be carried out when its turn comes; whoever sent it does not wait for that. */
export interface QueueCommand {
  /**
   * The operation's id: the id of the command that is to be carried out.
   * @format uuid
   */
  operationId: string;
  /** The command's type. */
  command: string;
  /** What the command carries. */
  data: { [field: string]: unknown };
  /**
   * The revision that the caller saw.
   * @TJS-type integer
   */
  expectedRevision?: number;
}

/** An attempt to carry the command out is about to be made. */
export interface StartAttempt {
  /** @format uuid */
  operationId: string;
  /**
   * The process that makes it.
   * @format uuid
   */
  worker: string;
}

/** The command was carried out. */
export interface CompleteOperation {
  /** @format uuid */
  operationId: string;
  /** @TJS-type integer */
  attempt: number;
  result: OperationResult;
}

/** The command was refused, which is an answer too. */
export interface RejectOperation {
  /** @format uuid */
  operationId: string;
  /** @TJS-type integer */
  attempt: number;
  rejection: OperationRefusal;
}

/** The attempt came to nothing; whether there is another one depends on how many there were. */
export interface FailAttempt {
  /** @format uuid */
  operationId: string;
  /** @TJS-type integer */
  attempt: number;
  /** The name of the error: never its text, which may hold anything. */
  error: string;
  /**
   * From 0 to 1, by chance: how much of a half is taken off the pause, so that many do not try again in step.
   * @minimum 0
   * @maximum 1
   */
  jitter: number;
}

/** Somebody wants an operation that failed, or waits for another attempt, to be tried now. */
export interface RetryOperation {
  /** @format uuid */
  operationId: string;
}

/** Somebody wants an operation to be tried no more. */
export interface DeleteOperation {
  /** @format uuid */
  operationId: string;
}

/** What a command that was carried out came to, as its sender would have been answered. */
export interface OperationResult {
  /** The id of what was made or changed. */
  id: string;
  /** @TJS-type integer */
  revision: number;
  /** The position of the command's last event in the service's log, in decimal; absent where there was nothing to do. */
  position?: string;
}

/** Why a command was refused, as its sender would have been answered. */
export interface OperationRefusal {
  code: string;
  detail?: string;
}

/** A command waits for its turn. */
export interface CommandQueued {
  /** The command's type. */
  command: string;
  data: { [field: string]: unknown };
  /** @TJS-type integer */
  expectedRevision?: number;
}

/** A process sets about carrying the command out. */
export interface AttemptStarted {
  /**
   * Counts from 1.
   * @TJS-type integer
   */
  attempt: number;
  /** @format uuid */
  worker: string;
  /**
   * A process that has not said by then what came of it is gone.
   * @format date-time
   */
  until: string;
}

/** The attempt came to nothing, and there will be another one. */
export interface AttemptFailed {
  /** @TJS-type integer */
  attempt: number;
  error: string;
  /** @format date-time */
  retryAt: string;
}

/** The last attempt came to nothing too: the command stays until somebody has it tried again, or deletes it. */
export interface OperationFailed {
  /** @TJS-type integer */
  attempt: number;
  error: string;
}

/** Somebody has the command tried again. */
export interface OperationRetried {}

/** The command was carried out. */
export interface OperationCompleted {
  /** @TJS-type integer */
  attempt: number;
  result: OperationResult;
}

/** The command was refused. */
export interface OperationRejected {
  /** @TJS-type integer */
  attempt: number;
  rejection: OperationRefusal;
}

/** The command will not be carried out: somebody took it out of the queue. */
export interface OperationDeleted {}

/**
 * What every service does about the commands that are queued with it.
 * @internal
 * @service book rent user
 * @word operations
 */
export interface OperationCommands {
  QueueCommand: QueueCommand;
  StartAttempt: StartAttempt;
  CompleteOperation: CompleteOperation;
  RejectOperation: RejectOperation;
  FailAttempt: FailAttempt;
  /** @from edge */
  RetryOperation: RetryOperation;
  /** @from edge */
  DeleteOperation: DeleteOperation;
}

/**
 * What happens in an Operation stream, one for every command that was queued.
 * @service book rent user
 */
export interface OperationEvents {
  CommandQueued: CommandQueued;
  AttemptStarted: AttemptStarted;
  AttemptFailed: AttemptFailed;
  OperationFailed: OperationFailed;
  OperationRetried: OperationRetried;
  OperationCompleted: OperationCompleted;
  OperationRejected: OperationRejected;
  OperationDeleted: OperationDeleted;
}

/** Why an operation is not retried, or not deleted: there is none, it is under way, or it came to its end. */
export type OperationRejection = 'OperationNotFound' | 'OperationRunning' | 'OperationEnded';

/** Where a queued command is: its first three states are before an attempt, in one, and between two. */
export type OperationState = 'queued' | 'running' | 'delayed' | 'failed' | 'completed' | 'rejected' | 'deleted';

/** Asks a service for a command that was queued with it. */
export interface GetOperation {
  /** @format uuid */
  operationId: string;
}

/** A queued command, where there is one. */
export interface OperationFound {
  operation?: QueuedOperation;
}

/** A queued command, as its stream tells it. */
export interface QueuedOperation {
  /** The command's type. */
  command: string;
  state: OperationState;
  /** What the command carries; there as long as it may still be carried out. */
  data?: { [field: string]: unknown };
  /** Who sent it: a principal's id; absent where that is not known. */
  actor?: string;
  /** @format date-time */
  queuedAt: string;
  /**
   * How many attempts there were.
   * @TJS-type integer
   */
  attempts: number;
  /** What came of those that failed, the latest last; of very many, the last ones. */
  failures: OperationFailure[];
  /**
   * When the next attempt is due.
   * @format date-time
   */
  retryAt?: string;
  /** @format date-time */
  endedAt?: string;
  result?: OperationResult;
  rejection?: OperationRefusal;
  /** The position of the operation's last event, in decimal. */
  position: string;
}

/** An attempt that came to nothing. */
export interface OperationFailure {
  /** @TJS-type integer */
  attempt: number;
  error: string;
  /** @format date-time */
  failedAt: string;
}

/**
 * What every service answers about the commands that are queued with it.
 * @service book rent user
 * @word operations
 */
export interface OperationQueries {
  GetOperation: GetOperation;
}
