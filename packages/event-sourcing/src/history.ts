import type { Aggregate, AnyAggregate } from './decider.js';
import { Entity } from './entity.js';
import { type EventStore, maxAppendBytes, type ReadStreamOptions } from './event-store.js';
import { type RecordedEvent, type StreamEvent, streamName } from './event.js';

/** What is looked back on: an entity, or one thing within it. */
export interface Past<State, Events> {
  /** How the events fold; of one thing within an entity, only those that concern it. */
  readonly aggregate: Aggregate<State, Events>;
  readonly id: string;
  /** Which events of the stream are meant; all of them by default. Given, every question reads the whole stream. */
  readonly concerns?: (event: StreamEvent) => boolean;
}

export interface HistoryOptions {
  /** From the oldest event forwards, or from the newest backwards. */
  readonly direction: 'forwards' | 'backwards';
  /** The revision that the page begins after, in that direction; by default it is the first page. */
  readonly after?: number;
  readonly limit: number;
  /** Ends the reading: the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

export interface HistoryPage {
  /** In the direction of reading; fewer than the limit where their data would weigh more than an append may. */
  readonly events: readonly RecordedEvent[];
  /** How many events there are in all. */
  readonly total: number;
  /** Whether there are others after the last of these. */
  readonly more: boolean;
}

/** Reads what happened, a page at a time: no more of it is in memory than a page and a batch of the store's. */
export async function readHistory<State, Events>(
  store: EventStore,
  { aggregate, id, concerns }: Past<State, Events>,
  { direction, after, limit, signal }: HistoryOptions,
): Promise<HistoryPage> {
  const stream = streamName(aggregate.category, id);
  const from = after === undefined ? undefined : after + (direction === 'forwards' ? 1 : -1);
  const events: RecordedEvent[] = [];
  let bytes = 0;
  let more = false;
  // Before the first revision there is nothing, and no revision to ask for.
  if (from !== -1) {
    const options = { direction, ...(from !== undefined && { from }), ...(!concerns && { limit: limit + 1 }) };
    reading: for await (const batch of batchesOf(store, stream, options, signal)) {
      for (const event of batch) {
        if (concerns && !concerns(event)) continue;
        bytes += Buffer.byteLength(JSON.stringify(event.data));
        more = events.length === limit || (events.length > 0 && bytes > maxAppendBytes);
        if (more) break reading;
        events.push(event);
      }
    }
  }
  return { events, total: await count(store, stream, concerns, signal), more };
}

/**
 * The state as it was at an instant, and the revision that it had (−1 before the first event).
 *
 * The order of a stream is certain and its times are a clock's word for it, which may have been wrong: an event had happened
 * by an instant when it, or one that comes after it in the stream, bears a time that is not later. So a clock that was ahead
 * and was set back hides nothing, events of one time show together, and no state is shown that never was.
 *
 * @param signal ends the reading: the promise is then rejected with the signal's reason
 * @throws UnknownEvent
 */
export async function readAsOf<State, Events>(
  store: EventStore,
  { aggregate, id, concerns = () => true }: Past<State, Events>,
  instant: Date,
  signal?: AbortSignal,
): Promise<{ readonly state: State; readonly revision: number }> {
  const entity = new Entity(streamName(aggregate.category, id), aggregate as AnyAggregate);
  const standing = () => ({ state: entity.state as State, revision: entity.revision });
  let then = standing();
  for await (const batch of batchesOf(store, entity.stream, {}, signal)) {
    for (const event of batch) {
      if (concerns(event)) entity.apply(event, event.position);
      // Also an event that concerns something else tells that those before it had happened.
      if (Date.parse(event.metadata.time) <= instant.getTime()) then = standing();
    }
  }
  return then;
}

async function count(
  store: EventStore,
  stream: string,
  concerns: ((event: StreamEvent) => boolean) | undefined,
  signal: AbortSignal | undefined,
): Promise<number> {
  let total = 0;
  if (concerns) {
    for await (const batch of batchesOf(store, stream, {}, signal)) total += batch.filter(concerns).length;
  } else {
    for await (const [last] of batchesOf(store, stream, { direction: 'backwards', limit: 1 }, signal)) {
      total = last!.revision + 1;
    }
  }
  return total;
}

async function* batchesOf(
  store: EventStore,
  stream: string,
  options: ReadStreamOptions,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly RecordedEvent[]> {
  for await (const batch of store.readStream(stream, options)) {
    signal?.throwIfAborted();
    yield batch;
  }
}
