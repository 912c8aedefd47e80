import type { ProposedRecord } from './event.js';

/** What the events of one append may weigh together: what a real server allows unless it is told otherwise. */
export const defaultMaxAppendBytes = 1024 * 1024;

/** As a real server counts it: types lie on the disk in UTF-16 there. */
export function weightBytes({ type, data, customMetadata }: ProposedRecord): number {
  return data.length + customMetadata.length + type.length * 2;
}
