import type { LoggedEvent } from './logged-event.js';

/** What a message of a mirror says of itself. */
export interface MirrorLink {
  readonly sequence: number;
  readonly id: string;
  readonly logId: string;
  readonly generation: string;
  readonly position: string;
  readonly previousPosition: string | undefined;
}

/**
 * A mirror is whole when it holds the log's events, all of them, in their order, each saying which log and generation it is of
 * and what it follows.
 */
export function checkMirror(
  service: string,
  identity: { readonly logId: string; readonly generation: string },
  links: readonly MirrorLink[],
  log: readonly LoggedEvent[],
): string[] {
  const faults: string[] = [];
  if (links.length !== log.length) faults.push(`mirror ${service} holds ${links.length} of ${log.length} events`);
  for (const [index, link] of links.entries()) {
    const event = log[index];
    const at = `mirror ${service}, message ${link.sequence}:`;
    if (link.sequence !== index + 1) faults.push(`${at} is in place ${index + 1}`);
    if (link.logId !== identity.logId) faults.push(`${at} is of log ${link.logId}`);
    if (link.generation !== identity.generation) faults.push(`${at} is of generation ${link.generation}`);
    if (link.position !== event?.position || link.id !== event.id) faults.push(`${at} is not the log's event`);
    const previous = index === 0 ? undefined : log[index - 1]?.position;
    if (link.previousPosition !== previous) faults.push(`${at} follows ${link.previousPosition ?? 'nothing'}`);
  }
  return faults;
}
