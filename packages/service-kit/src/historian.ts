import { Inject, Injectable } from '@nestjs/common';
import type { GetHistory, GetStateAt, History, HistoryEntry } from '@shelfmark/contracts';
import {
  DeadlineExceeded,
  type EventStore,
  type Past,
  type RecordedEvent,
  readAsOf,
  readHistory,
} from '@shelfmark/event-sourcing';
import type { IncomingRequest } from '@shelfmark/messaging';
import { EVENT_STORE } from './event-store.module.js';

/** So many read at once: a long stream takes a while, and the commands that come meanwhile must not wait for many of them. */
const readersAtOnce = 2;

/** No reading takes longer, however patient the caller is. */
const longestMs = 5_000;

/** Answers the queries about the past of a service's entities, from their streams. */
@Injectable()
export class Historian {
  #reading = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  /**
   * Answers `GetHistory`.
   * @param pastOf what is looked back on, by the query's id
   * @throws DeadlineExceeded
   */
  async history<State, Events>(query: IncomingRequest, pastOf: (id: string) => Past<State, Events>): Promise<History> {
    const { id, ...page } = query.data as unknown as GetHistory;
    const { events, ...rest } = await this.#read(query, (signal) =>
      readHistory(this.store, pastOf(id), { ...page, signal }),
    );
    return { entries: events.map(entryOf), ...rest };
  }

  /**
   * The state at an instant, and the revision that it had then: see `readAsOf`.
   * @param query whose deadline ends the reading
   * @param at an RFC 3339 instant
   * @throws DeadlineExceeded
   */
  async stateAt<State, Events>(
    query: IncomingRequest,
    past: Past<State, Events>,
    at: GetStateAt['at'],
  ): Promise<{ readonly state: State; readonly revision: number }> {
    return this.#read(query, (signal) => readAsOf(this.store, past, new Date(at), signal));
  }

  async #read<Result>(query: IncomingRequest, read: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const late = new AbortController();
    const leftMs = Math.min((query.deadline ?? Infinity) - Date.now(), longestMs);
    const timer = setTimeout(() => late.abort(new DeadlineExceeded(query.id)), leftMs);
    await this.#turn();
    try {
      late.signal.throwIfAborted();
      return await read(late.signal);
    } finally {
      clearTimeout(timer);
      this.#leave();
    }
  }

  async #turn(): Promise<void> {
    if (this.#reading < readersAtOnce) this.#reading++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** The place goes to who waits longest, so that nobody who comes in between can take it. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#reading--;
  }
}

function entryOf({ id, revision, type, data, metadata }: RecordedEvent): HistoryEntry {
  const { time, actor, commandId, correlationId } = metadata;
  return {
    id,
    revision,
    type,
    data: data as HistoryEntry['data'],
    time,
    ...(actor !== undefined && { actor }),
    commandId,
    correlationId,
  };
}
