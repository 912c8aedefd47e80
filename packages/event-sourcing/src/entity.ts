import type { AnyAggregate } from './decider.js';
import { UnknownEvent } from './command.js';
import type { EventStore } from './event-store.js';
import { type RecordedEvent, type StreamEvent, parseStreamName } from './event.js';
import { ProcessedCommands, type ProcessedCommand, type RememberedCommands } from './processed-commands.js';

/** What folding a stream has come to, up to one of its events. */
export interface Folded {
  readonly state: unknown;
  readonly revision: number;
  readonly position: bigint;
  /** The id of the event at that revision. */
  readonly eventId: string;
  readonly commands: RememberedCommands;
}

/** One stream, folded: its state, how far it was read, and the commands that it has events of. */
export class Entity {
  readonly #processed: ProcessedCommands;
  readonly #id: string;
  #state: unknown;
  #revision: number;
  #position: bigint | undefined;
  #eventId: string | undefined;

  /** @param folded where the stream was folded before by the same code; else it begins before the first event */
  constructor(
    readonly stream: string,
    readonly aggregate: AnyAggregate,
    folded?: Folded,
  ) {
    this.#id = parseStreamName(stream).id;
    this.#state = folded ? folded.state : aggregate.initial;
    this.#revision = folded?.revision ?? -1;
    this.#position = folded?.position;
    this.#eventId = folded?.eventId;
    this.#processed = new ProcessedCommands(folded?.commands);
  }

  /** All that was folded, once there was an event. */
  get folded(): Folded {
    return {
      state: this.#state,
      revision: this.#revision,
      position: this.#position!,
      eventId: this.#eventId!,
      commands: this.#processed.remembered(),
    };
  }

  get state(): unknown {
    return this.#state;
  }

  /** The revision of the last event folded in; −1 without events. */
  get revision(): number {
    return this.#revision;
  }

  /** The position of the last event folded in. */
  get position(): bigint | undefined {
    return this.#position;
  }

  /**
   * Folds in the next event of the stream.
   * @param position its place in the log, or that of a later event of the same append
   */
  apply(event: StreamEvent, position: bigint): void {
    const evolve = Object.hasOwn(this.aggregate.evolve, event.type) ? this.aggregate.evolve[event.type] : undefined;
    if (!evolve) throw new UnknownEvent(this.stream, event.type);
    this.#state = evolve(this.#state, event.data, event);
    this.#revision = event.revision;
    this.#position = position;
    this.#eventId = event.id;
    this.#processed.add(event, position, this.#resultId(event), this.#id);
  }

  /**
   * Reads what the store has beyond what is folded in.
   * @returns whether there was anything
   */
  async catchUp(store: EventStore): Promise<boolean> {
    const before = this.#revision;
    for await (const events of store.readStream(this.stream, { from: before + 1 })) {
      for (const event of events) this.apply(event, event.position);
    }
    return this.#revision > before;
  }

  /** The command, if this stream has events of it; a command older than those in memory is looked for in the store. */
  async findProcessed(commandId: string, store: EventStore): Promise<ProcessedCommand | undefined> {
    const recent = this.#processed.get(commandId);
    if (recent || !this.#processed.mayHoldOlder(commandId)) return recent;
    const events: RecordedEvent[] = [];
    for await (const batch of store.readStream(this.stream)) {
      events.push(...batch.filter(({ metadata }) => metadata.commandId === commandId));
    }
    const last = events.at(-1);
    if (!last) return undefined;
    const id = events.map((event) => this.#resultId(event)).findLast((result) => result !== undefined) ?? this.#id;
    return { hash: last.metadata.commandHash, id, revision: last.revision, position: last.position };
  }

  #resultId(event: StreamEvent): string | undefined {
    return this.aggregate.resultId?.(event);
  }
}
