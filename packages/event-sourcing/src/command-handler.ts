import { setTimeout as delay } from 'node:timers/promises';
import { v5 as uuidv5 } from 'uuid';
import {
  type Accepted,
  type Command,
  DeadlineExceeded,
  IdempotencyKeyReused,
  UnknownCommand,
  commandHash,
} from './command.js';
import type { CommandObserver } from './command-observer.js';
import type { Aggregate, AnyAggregate, AnyDecider, Decider, Others, Rejected } from './decider.js';
import { type Decided, type NamedEntity, type NamedStream, decide, otherStreams } from './decision.js';
import { EntityCache } from './entity-cache.js';
import type { Entity } from './entity.js';
import { type EventStore, RevisionConflict, type StreamAppend } from './event-store.js';
import { type EventMetadata, streamName } from './event.js';
import { Mailboxes } from './mailboxes.js';
import { Snapshots } from './snapshots.js';

export interface CommandHandlerOptions {
  readonly store: EventStore;
  /** The time of decisions; the system's clock unless a test has its own. */
  readonly clock?: () => Date;
  /** So many entities are kept in memory. */
  readonly cachedEntities?: number;
  /** So many commands may wait for one entity; the next is refused as `Overloaded`. */
  readonly waitingPerEntity?: number;
  /**
   * Stands for all the code that folds events: as soon as any of it is another one, so is this. Given, long streams are read
   * from snapshots on that the same code has folded; their states have to be what the structured clone algorithm copies.
   */
  readonly codeVersion?: string;
  readonly observer?: CommandObserver;
}

/**
 * Carries out commands on the streams of one service: each entity one command at a time, different entities side by side.
 *
 * In this order: a command that was processed before is answered as the first time; an expected revision that differs is
 * a conflict; the decision is taken; its events are appended at the revisions that it was taken at; the answer follows when
 * they are durable. What another process appended in between is read, and the decision taken again, until the deadline.
 */
export class CommandHandler {
  readonly #store: EventStore;
  readonly #clock: () => Date;
  readonly #cache: EntityCache;
  readonly #snapshots: Snapshots;
  readonly #mailboxes: Mailboxes;
  readonly #observer: CommandObserver | undefined;

  constructor({
    store,
    clock = () => new Date(),
    cachedEntities = 20_000,
    waitingPerEntity = 1_000,
    codeVersion,
    observer,
  }: CommandHandlerOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#cache = new EntityCache(cachedEntities);
    this.#snapshots = new Snapshots(store, codeVersion);
    this.#mailboxes = new Mailboxes(waitingPerEntity);
    this.#observer = observer;
  }

  /** How many commands wait for an entity at this moment. */
  get waiting(): number {
    return this.#mailboxes.waiting;
  }

  /**
   * @returns where the command left its entity, or why it is refused; durable in either case
   * @throws UnknownCommand, DeadlineExceeded, Overloaded, IdempotencyKeyReused, RevisionConflict: nothing was done
   * @throws what `EventStore.append` throws
   */
  async handle<State, Commands, Events, Code extends string, O extends Others>(
    decider: Decider<State, Commands, Events, Code, O>,
    command: Command,
  ): Promise<Accepted | Rejected<Code>> {
    if (!Object.hasOwn(decider.decide, command.type)) throw new UnknownCommand(decider.category, command.type);
    const handle = (observed: Command) => this.#handle(decider, observed);
    return (await (this.#observer?.command(command, handle) ?? handle(command))) as Accepted | Rejected<Code>;
  }

  /**
   * The state of an entity as its durable events give it, and where the last of them lies (revision −1 and no position
   * without events). Waits for no command.
   */
  async read<State, Events>(
    aggregate: Aggregate<State, Events>,
    id: string,
  ): Promise<Accepted & { readonly state: State }> {
    const stream = streamName(aggregate.category, id);
    const cached = this.#store.shared ? undefined : this.#cache.get(stream);
    const entity = cached ?? (await this.#snapshots.load(stream, aggregate as AnyAggregate));
    return { ...standing(entity, id), state: entity.state as State };
  }

  async #handle(decider: AnyDecider, command: Command): Promise<Accepted | Rejected> {
    const id = decider.entityId(command.data);
    const own = streamName(decider.category, id);
    let streams = [own];
    for (;;) {
      const release = await this.#hold(streams);
      try {
        assertInTime(command, this.#clock());
        const entity = await this.#entity(own, decider);
        const named = otherStreams(decider, command, entity);
        // Mailboxes are taken in one order, so a stream that only the state names takes letting go of all of them first.
        if (named.some(({ stream }) => !streams.includes(stream))) {
          streams = [...new Set([own, ...named.map(({ stream }) => stream)])];
          continue;
        }
        const others = await this.#others(named);
        const result = await this.#decideAndAppend(decider, command, id, entity, others);
        if (result) return result;
      } finally {
        release();
      }
      // Another process was faster. Somebody else's turn comes first, and two processes do not go on in step.
      await delay(Math.random() * 20);
    }
  }

  /** @returns nothing when a stream had moved meanwhile: what was appended is read by then, and the decision is due again */
  async #decideAndAppend(
    decider: AnyDecider,
    command: Command,
    id: string,
    entity: Entity,
    others: readonly NamedEntity[],
  ): Promise<Accepted | Rejected | undefined> {
    const entities = [entity, ...others.map((other) => other.entity)];
    const hash = commandHash(command.type, command.data);

    for (const candidate of entities) {
      const processed = await candidate.findProcessed(command.id, this.#store);
      if (!processed) continue;
      if (processed.hash !== hash) throw new IdempotencyKeyReused(command.id);
      return {
        id: candidate === entity ? processed.id : id,
        revision: processed.revision,
        position: processed.position,
      };
    }

    if (command.expectedRevision !== undefined && command.expectedRevision !== entity.revision) {
      if (await this.#moved(entities)) return undefined;
      throw new RevisionConflict(
        entity.stream,
        command.expectedRevision,
        entity.revision < 0 ? undefined : entity.revision,
      );
    }

    const now = this.#clock();
    const decision = decide(decider, command, now, entity, others);
    if ('rejection' in decision || decision.length === 0) {
      if (await this.#moved(entities)) return undefined;
      if ('rejection' in decision) return decision;
      return standing(entity, id);
    }

    const metadata = metadataOf(command, hash, now);
    const appends = proposals(decision, command, metadata);
    try {
      const append = () => this.#store.append(appends);
      const appended = await (this.#observer?.append(command, eventsIn(appends), append) ?? append());
      decision.forEach(({ entity: target }, index) => {
        const { revision, position } = appended[index]!;
        const { events, stream } = appends[index]!;
        events.forEach((event, place) => {
          target.apply({ ...event, stream, revision: revision - (events.length - 1 - place) }, position);
        });
      });
    } catch (error) {
      if (!(error instanceof RevisionConflict)) {
        // What is in the store now is not known: the next command reads it.
        for (const { stream } of entities) this.#cache.delete(stream);
        throw error;
      }
      await Promise.all(entities.map((stale) => stale.catchUp(this.#store)));
      return undefined;
    }
    for (const { entity: target } of decision) this.#snapshots.keep(target);
    const processed = (await entity.findProcessed(command.id, this.#store))!;
    return { id: processed.id, revision: processed.revision, position: processed.position };
  }

  async #hold(streams: readonly string[]): Promise<() => void> {
    const askedAt = performance.now();
    const release = await this.#mailboxes.hold(streams);
    this.#observer?.waited(performance.now() - askedAt);
    return release;
  }

  /** Whether another process appended to one of the streams; what it appended is folded in then. */
  async #moved(entities: readonly Entity[]): Promise<boolean> {
    if (!this.#store.shared) return false;
    const moved = await Promise.all(entities.map((entity) => entity.catchUp(this.#store)));
    return moved.includes(true);
  }

  async #others(named: readonly NamedStream[]): Promise<readonly NamedEntity[]> {
    return Promise.all(named.map(async (one) => ({ ...one, entity: await this.#entity(one.stream, one.aggregate) })));
  }

  /** The entity of a stream whose mailbox is held. */
  async #entity(stream: string, aggregate: AnyAggregate): Promise<Entity> {
    const cached = this.#cache.get(stream);
    this.#observer?.entity(cached !== undefined);
    if (cached) return cached;
    const entity = await this.#snapshots.load(stream, aggregate);
    this.#cache.set(entity);
    return entity;
  }
}

function standing({ revision, position }: Entity, id: string): Accepted {
  return { id, revision, ...(position !== undefined && { position }) };
}

function assertInTime(command: Command, now: Date): void {
  if (command.deadline !== undefined && now.getTime() > command.deadline) throw new DeadlineExceeded(command.id);
}

/** Ids derive from the command's, so that a store recognises an append that is repeated after a lost answer. */
function proposals(decided: readonly Decided[], command: Command, metadata: EventMetadata): readonly StreamAppend[] {
  let index = 0;
  return decided.map(({ entity, events }) => ({
    stream: entity.stream,
    expected: entity.revision < 0 ? 'none' : entity.revision,
    events: events.map(({ type, data }) => ({ id: uuidv5(String(index++), command.id), type, data, metadata })),
  }));
}

function eventsIn(appends: readonly StreamAppend[]): number {
  return appends.reduce((sum, { events }) => sum + events.length, 0);
}

function metadataOf(command: Command, hash: string, now: Date): EventMetadata {
  return {
    commandId: command.id,
    commandHash: hash,
    correlationId: command.correlationId,
    causationId: command.id,
    time: now.toISOString(),
    schemaVersion: 1,
    ...(command.actor !== undefined && { actor: command.actor }),
    ...(command.traceparent !== undefined && { traceparent: command.traceparent }),
  };
}
