import { AccessDenied } from './errors.js';
import { originalOf } from './stream-metadata.js';

/** Which persistent subscriptions there are. */
export const groupsStream = '$persistentSubscriptionConfig';
/** Of persistent subscriptions: how far they are, and what they have parked. */
export const groupPrefix = '$persistentsubscription-';
export const groupCheckpointSuffix = '-checkpoint';
/** How far the system projections are. */
export const projectionCheckpointStream = '$projections-$system-checkpoint';

/**
 * A stream that a client wants to write to. What the server itself goes by when it starts is not for clients: something else in
 * there, or a truncation, would keep it from starting. What a group has parked is, as in a real server: people delete and
 * truncate it.
 * @throws AccessDenied
 */
export function writable(stream: string): string {
  const name = originalOf(stream);
  const isOwn =
    name === groupsStream ||
    name === projectionCheckpointStream ||
    (name.startsWith(groupPrefix) && name.endsWith(groupCheckpointSuffix));
  if (isOwn) throw new AccessDenied(stream);
  return stream;
}
