import { hash } from 'node:crypto';
import { v5 as uuidv5 } from 'uuid';
import type { Json } from './event.js';

/** A request to change one entity, as it reaches the service that owns it. */
export interface Command {
  /** A UUID; the same command again is answered as the first time. */
  readonly id: string;
  readonly type: string;
  readonly data: Json;
  readonly correlationId: string;
  readonly causationId: string;
  readonly actor?: string;
  readonly traceparent?: string;
  /** The revision that the caller saw; a stream at another is a {@link RevisionConflict}. */
  readonly expectedRevision?: number;
  /** Milliseconds since the epoch; work on the command does not start after it. */
  readonly deadline?: number;
}

/** A message that leads to a command: another command, or an event. */
export interface Cause {
  readonly id: string;
  readonly correlationId: string;
  readonly actor?: string;
  readonly traceparent?: string;
}

/**
 * The command that a message leads to. The same message leads to the same command, however often it is handled: its id is
 * the UUIDv5 of the cause's id, the command's type and its target.
 * @param target what the command is for, unique among the commands of this type that the cause leads to
 * @param deadline milliseconds since the epoch, as in {@link Command}
 */
export function causedCommand(cause: Cause, type: string, target: string, data: Json): Command;
export function causedCommand<Deadline extends number | undefined>(
  cause: Cause,
  type: string,
  target: string,
  data: Json,
  deadline: Deadline,
): Command & { readonly deadline: Deadline };
export function causedCommand(cause: Cause, type: string, target: string, data: Json, deadline?: number): Command {
  const { id, correlationId, actor, traceparent } = cause;
  return {
    id: uuidv5(`${type}/${target}`, id),
    type,
    data,
    correlationId,
    causationId: id,
    ...(actor !== undefined && { actor }),
    ...(traceparent !== undefined && { traceparent }),
    ...(deadline !== undefined && { deadline }),
  };
}

/** A command that was carried out, now or before: where its entity then stood. */
export interface Accepted {
  readonly id: string;
  /** The revision of the last event of the command, or of the stream where there was nothing to do; −1 without events. */
  readonly revision: number;
  /** The position of that event in the service's log; absent without events. */
  readonly position?: bigint;
}

/** The id of an earlier command came again with another type or payload. */
export class IdempotencyKeyReused extends Error {
  override readonly name = 'IdempotencyKeyReused';
  constructor(readonly commandId: string) {
    super(`command ${commandId} was another command before`);
  }
}

/** The caller's deadline had passed before the command was decided; nothing was done. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
  constructor(readonly commandId: string) {
    super(`the deadline of command ${commandId} has passed`);
  }
}

/** Too many wait already, for an entity or for the disk; nothing was done. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';
  constructor(
    /** What they wait for: a stream, for instance. */
    readonly resource: string,
    readonly waiting: number,
  ) {
    super(`${waiting} already wait for ${resource}`);
  }
}

/** A command that the decider has no decision for. */
export class UnknownCommand extends Error {
  override readonly name = 'UnknownCommand';
  constructor(
    readonly category: string,
    readonly type: string,
  ) {
    super(`${category} knows no command ${type}`);
  }
}

/** An event in a stream that its owner has no evolve for: the code is older than the log, and must not decide on it. */
export class UnknownEvent extends Error {
  override readonly name = 'UnknownEvent';
  constructor(
    readonly stream: string,
    readonly type: string,
  ) {
    super(`${stream} holds an event ${type} that its owner does not know`);
  }
}

/**
 * A digest of what a command asks for, equal for equal values whatever the order of their keys: SHA-256 over JSON with
 * sorted keys, cut to 128 bits, base64url.
 */
export function commandHash(type: string, data: Json): string {
  const text = JSON.stringify(data, (_key, value: Json) => (isObject(value) ? sortedByKey(value) : value));
  const digest = hash('sha256', `${type}\n${text}`, 'buffer');
  return digest.subarray(0, 16).toString('base64url');
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sortedByKey(object: { readonly [key: string]: Json }): Json {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}
