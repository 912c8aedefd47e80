import { createHash } from 'node:crypto';
import type { Checkpoint } from '@shelfmark/messaging';

/** A place in the log of a source, right after one of its events. */
export interface Place {
  /** Which log it is; see {@link logTag}. */
  readonly log: string;
  readonly generation: number;
  readonly position: bigint;
  /** Where that event lies in that generation of the mirror. */
  readonly sequence: number;
}

/** Stands for a log's id where that would be too long: in every message to every reader. */
export function logTag(logId: string): string {
  return createHash('sha256').update(logId).digest('hex').slice(0, 8);
}

export function placeOf({ logId, generation, position, sequence }: Required<Checkpoint>): Place {
  return { log: logTag(logId), generation, position, sequence };
}
