import type { OwnerRevision } from '@shelfmark/contracts';

/**
 * Whether a fact of an owner is newer than the one that is known. Another log is one that was restored from a backup:
 * its revisions do not compare with the old ones, and it is the one that goes on.
 */
export function isNewer(source: OwnerRevision, known: OwnerRevision | undefined): boolean {
  return known === undefined || source.logId !== known.logId || source.revision > known.revision;
}

/**
 * What a command is for that takes over a fact. A newer fact makes another command, also of the same cause; and so does the same
 * fact in a log that was restored: its events have the ids that they had, but what is told of it names another log.
 */
export function factOf(id: string, { logId, revision }: OwnerRevision): string {
  return `${id}@${logId}/${revision}`;
}
