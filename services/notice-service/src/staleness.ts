import type { RecordedEvent } from '@shelfmark/event-sourcing';

/** Nobody is told later than this: a receiver that was away for long, or set up today, is not flooded with what is past. */
const staleAfterDays = 3;

export function isStale({ metadata }: RecordedEvent, now = new Date()): boolean {
  return now.getTime() - Date.parse(metadata.time) > staleAfterDays * 24 * 60 * 60 * 1000;
}
