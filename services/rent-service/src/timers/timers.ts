import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type AnyDecider,
  type CommandHandler,
  type EventStore,
  type Json,
  type RecordedEvent,
  commandHash,
} from '@shelfmark/event-sourcing';
import type { DueChange, DueIndex } from './due-index.js';

/**
 * Something that is to happen when a time has come. A timer decides nothing: it sends a command, and the stream decides,
 * with its own clock, whether the time has come. An entry goes when an event takes it away; until then the command is sent
 * again every minute, also after a restart.
 */
// `any`, because a handler is contravariant in its data, and those who run timers know nothing of it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export interface Timer<Events = Record<string, any>> {
  /** Its name among the timers; another one, or another `rule`, makes the index anew. */
  readonly kind: string;
  /** What its instants depend on beside the events, such as the library's time zone. */
  readonly rule: string;
  /** What events of the log mean for an entity: due at an instant, or (without one) no more. */
  readonly on: {
    readonly [Type in keyof Events & string]?: (
      data: Events[Type],
      event: RecordedEvent,
    ) => { readonly entity: string; readonly at?: Date } | undefined;
  };
  /** What is sent for an entity whose time has come. Entities that lead to the same command get one. */
  readonly command: (entity: string) => { readonly decider: AnyDecider; readonly type: string; readonly data: Json };
}

export interface TimersOptions {
  readonly timers: readonly Timer[];
  readonly index: DueIndex;
  readonly store: EventStore;
  readonly handler: CommandHandler;
  readonly clock?: () => Date;
  readonly onError: (error: unknown, context: Readonly<Record<string, unknown>>) => void;
}

/** How late a timer may be; days are what matters here. */
const roundMs = 60_000;

const commandsAtOnce = 50;

/** So many events that change nothing may be read twice after a restart. */
const readAgainAtMost = 10_000;

/** Follows the log into the index, and sends what is due. */
export class Timers {
  readonly #options: TimersOptions;
  readonly #clock: () => Date;
  readonly #kinds: ReadonlyMap<string, Timer>;
  readonly #end = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #followed: bigint | undefined;

  constructor(options: TimersOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => new Date());
    this.#kinds = new Map(options.timers.map((timer) => [timer.kind, timer]));
  }

  /** Runs both for as long as the process runs. */
  start(): void {
    this.#running = Promise.all([this.#repeat(() => this.follow()), this.#repeat(() => this.sendDue())]);
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#running;
  }

  /** The position of the last event that was looked at. */
  get followed(): bigint | undefined {
    return this.#followed;
  }

  /** Takes events into the index, from where it ends, until the end. */
  async follow(): Promise<void> {
    const { index, store } = this.#options;
    const head = await store.head();
    const { covered } = index;
    // A log older than the index beside it, as from a copy of the directory: what is covered never happened.
    if (covered !== undefined && (head === undefined || covered > head)) index.clear();
    const after = index.covered;
    this.#followed = after;
    let skipped = 0;
    const events = store.subscribe({ ...(after !== undefined && { after }), signal: this.#end.signal });
    for await (const batch of events) {
      const { position } = batch.at(-1)!;
      const changes = batch.flatMap((event) => this.#changes(event));
      skipped += batch.length;
      // Each write is flushed, which the log next to it has to wait for: events that change nothing are rather read again.
      if (changes.length > 0 || skipped >= readAgainAtMost) {
        await index.apply(changes, position);
        skipped = 0;
      }
      this.#followed = position;
    }
  }

  /** Sends a command for everything that is due by now. What is refused or fails is due again in the next round. */
  async sendDue(): Promise<void> {
    const due = new Map<string, { kind: string; entity: string }>();
    for (const { kind, entity } of this.#options.index.dueBy(this.#clock())) {
      const { type, data } = this.#kinds.get(kind)!.command(entity);
      due.set(commandHash(type, data), { kind, entity });
    }
    const waiting = [...due.values()];
    while (waiting.length > 0 && !this.#end.signal.aborted) {
      await Promise.all(waiting.splice(0, commandsAtOnce).map(({ kind, entity }) => this.#send(kind, entity)));
    }
  }

  async #send(kind: string, entity: string): Promise<void> {
    const { decider, type, data } = this.#kinds.get(kind)!.command(entity);
    const id = randomUUID();
    try {
      const answer = await this.#options.handler.handle(decider, {
        id,
        type,
        data,
        correlationId: id,
        causationId: id,
      });
      if ('rejection' in answer) this.#options.onError(answer.rejection, { kind, entity });
    } catch (error) {
      this.#options.onError(error, { kind, entity });
    }
  }

  #changes(event: RecordedEvent): DueChange[] {
    return [...this.#kinds.values()].flatMap(({ kind, on }) => {
      const change = Object.hasOwn(on, event.type) ? on[event.type]!(event.data, event) : undefined;
      return change ? [{ kind, entity: change.entity, at: change.at }] : [];
    });
  }

  async #repeat(round: () => Promise<void>): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        await round();
      } catch (error) {
        this.#options.onError(error, {});
      }
      await delay(roundMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}

/** What an index is made of: see `DueIndexOptions`. */
export function madeOf(logId: string, timers: readonly Timer[]): string {
  return JSON.stringify({ format: 1, logId, timers: timers.map(({ kind, rule }) => [kind, rule]) });
}
