import type { Json } from '@shelfmark/event-sourcing';
import { parseJsonBody } from './json-body.js';
import { MalformedMessage } from './malformed-message.js';

/** Why a request was not carried out, where that is nobody's domain "no". */
export interface Failure {
  /** `MalformedMessage`, `Overloaded`, `DeadlineExceeded`, …: what the caller decides by. */
  readonly name: string;
  readonly detail?: string;
  /** The header, or the JSON pointer of the field, that is at fault. */
  readonly field?: string;
  /** When it is worth trying again. */
  readonly retryAfterMs?: number;
}

/**
 * The name of the failure of a process that met an event which only a newer version of its service knows. While versions run side
 * by side, the next process that gets the request may be one of those.
 */
export const newerVersionNeeded = 'NewerVersionNeeded';

export interface FailureReply {
  readonly failure: Failure;
}

/** What a service answers to a command. */
export type CommandReply =
  | {
      readonly id: string;
      /** The revision of the entity's last event; −1 where it has none. */
      readonly revision: number;
      /** The position of that event in the service's log, in decimal; absent where there is none. */
      readonly position?: string;
    }
  | { readonly rejection: { readonly code: string; readonly detail?: Json } }
  | FailureReply;

/** @throws MalformedMessage when the bytes are not a reply to a command */
export function parseCommandReply(body: Uint8Array): CommandReply {
  const reply = parseJsonBody(body);
  if (isFailureReply(reply)) return reply;
  if (isObject(reply)) {
    const { id, revision, position, rejection } = reply;
    if (isObject(rejection) && typeof rejection.code === 'string')
      return { rejection: { ...rejection, code: rejection.code } };
    const isPosition = position === undefined || (typeof position === 'string' && /^\d+$/.test(position));
    if (typeof id === 'string' && Number.isSafeInteger(revision) && isPosition) {
      return { id, revision: revision as number, ...(position !== undefined && { position }) };
    }
  }
  throw new MalformedMessage('body', 'is not a reply to a command');
}

/** Whether a reply, to a command or a query, says that there is none. */
export function isFailureReply(reply: Json): reply is { readonly failure: Failure & { readonly [key: string]: Json } } {
  return isObject(reply) && isObject(reply.failure) && typeof reply.failure.name === 'string';
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
