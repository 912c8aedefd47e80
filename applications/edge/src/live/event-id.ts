import type { Place } from './place.js';

/**
 * How far a reader was told of each feed, by its name; `undefined` is before the first event of any log. It is all that is
 * needed to go on, so that nothing is kept of a reader who is gone.
 */
export type Places = ReadonlyMap<string, Place | undefined>;

/** Longer than any that is given out. */
export const maxEventIdLength = 1_000;

const entry = String.raw`[a-z]+-[a-z]+(?:\.[0-9a-f]{8}\.\d{1,15}\.\d{1,18}\.\d{1,15})?`;
export const eventIdPattern = new RegExp(`^${entry}(?:_${entry})*$`);

/** One feed's part of an id. Nothing in it needs escaping in a query. */
export function formatPlace(feed: string, place: Place | undefined): string {
  if (place === undefined) return feed;
  const { log, generation, position, sequence } = place;
  return [feed, log, generation, position, sequence].join('.');
}

/** The `id` of a message, from the parts that {@link formatPlace} made. */
export function formatEventId(parts: readonly string[]): string {
  return parts.join('_');
}

/** The inverse of {@link formatEventId}. @returns `undefined` for what it did not make */
export function parseEventId(id: string): Places | undefined {
  if (id.length > maxEventIdLength || !eventIdPattern.test(id)) return undefined;
  const places = new Map<string, Place | undefined>();
  for (const part of id.split('_')) {
    const [feed, log, generation, position, sequence] = part.split('.') as [string, ...string[]];
    if (places.has(feed)) return undefined;
    places.set(
      feed,
      log === undefined
        ? undefined
        : { log, generation: Number(generation), position: BigInt(position!), sequence: Number(sequence) },
    );
  }
  return places;
}
