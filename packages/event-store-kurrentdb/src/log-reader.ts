import { BACKWARDS, END, FORWARDS, type ReadPosition } from '@kurrent/kurrentdb-client';
import { fromStored, placeOf, type StoredEvent } from './event-codec.js';
import type { LogNames } from './log-names.js';
import { pageEvents, type Pages } from './pages.js';

/** The events of a log, in its order, up to its end at the time of the last page. What lies at `from` comes too. */
export async function* readEvents(
  pages: Pages,
  names: LogNames,
  from: ReadPosition,
): AsyncGenerator<readonly StoredEvent[]> {
  let isFirst = true;
  for (;;) {
    const page = await pages.ofLog(names.prefix, { from, direction: FORWARDS, maxEvents: pageEvents });
    // A page begins with the last one's end.
    const events = (isFirst ? page : page.slice(1)).flatMap(({ event }) => fromStored(event, names) ?? []);
    if (events.length > 0) yield events;
    if (page.length < pageEvents) return;
    from = placeOf(page.at(-1)!.event!);
    isFirst = false;
  }
}

export async function readLastEvent(pages: Pages, names: LogNames): Promise<StoredEvent | undefined> {
  let from: ReadPosition = END;
  // What a deletion leaves lies among the events, and is none.
  for (let maxEvents = 1; ; maxEvents = pageEvents) {
    const page = await pages.ofLog(names.prefix, { from, direction: BACKWARDS, maxEvents });
    for (const { event } of page) {
      const last = fromStored(event, names);
      if (last) return last;
    }
    if (page.length < maxEvents) return undefined;
    from = placeOf(page.at(-1)!.event!);
  }
}
