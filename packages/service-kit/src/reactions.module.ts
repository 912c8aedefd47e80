import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  Optional,
  type Provider,
  type Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { EventStore } from '@shelfmark/event-sourcing';
import { Election, type MirroredEvent, type ReactionStatus, inSpan, react } from '@shelfmark/messaging';
import { SpanKind } from '@opentelemetry/api';
import { withCorrelation } from './correlation.js';
import { EVENT_STORE } from './event-store.module.js';
import { GAUGES, type Gauge } from './metrics.js';
import { NATS_CONNECTION, type NatsConnection } from './nats.module.js';

/**
 * What a service does about events of one mirror, its own or another service's. The keys of `handlers` are the event types
 * that it cares for. An event is handled until its handler resolves, so more than once at times: handlers are idempotent.
 */
// `any`, because a handler is contravariant in its data, and those who run reactions know nothing of it.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export interface Reaction<Events = Record<string, any>> {
  /** The service whose mirror it is, by its word in subjects, such as `book`. */
  readonly mirror: string;
  readonly handlers: {
    readonly [Type in keyof Events]: (data: Events[Type], event: MirroredEvent) => Promise<void>;
  };
}

const REACTIONS = Symbol('REACTIONS');
const DURABLE = Symbol('DURABLE');
const REPLICAS = Symbol('REPLICAS');

/** The providers of a module's reactions; each is a class with its own dependencies. */
export function reactions(...classes: readonly Type<Reaction>[]): Provider[] {
  return [
    ...classes,
    { provide: REACTIONS, useFactory: (...instances: Reaction[]) => instances, inject: [...classes] },
  ];
}

/**
 * Runs every module's {@link reactions} for as long as the process runs. Of several processes of a service an elected one does,
 * so that what happened to one entity is reacted to in its order.
 */
@Module({})
export class ReactionsModule implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #end = new AbortController();
  readonly #logger = new Logger(ReactionsModule.name);
  #election: Election | undefined;
  #running: Promise<void> | undefined;
  #statuses: ReadonlyMap<string, () => ReactionStatus> = new Map();

  /**
   * @param options.durable under this name, and the reaction's own, the bus remembers what was handled
   * @param options.replicas on how many of the bus's servers it is kept who is elected, 1 unless told otherwise
   */
  static forRoot(options: { readonly durable: string; readonly replicas?: number }): DynamicModule {
    return {
      module: ReactionsModule,
      providers: [
        { provide: DURABLE, useValue: options.durable },
        { provide: REPLICAS, useValue: options.replicas ?? 1 },
        // Without one of its own, looking for everybody's would fail in a process that has no other.
        { provide: REACTIONS, useValue: [] },
        {
          provide: GAUGES,
          useFactory: (reactions: ReactionsModule) => reactionGauges(() => reactions.statuses),
          inject: [ReactionsModule],
        },
      ],
    };
  }

  constructor(
    @Inject(ModuleRef) private readonly modules: ModuleRef,
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    @Inject(DURABLE) private readonly durable: string,
    @Inject(REPLICAS) private readonly replicas: number,
    /** A process without a log, which only passes on what others decide, has none. */
    @Optional() @Inject(EVENT_STORE) private readonly store?: EventStore,
  ) {}

  /** How far each reaction is that this process runs, by the name of its class. */
  get statuses(): ReadonlyMap<string, ReactionStatus> {
    return new Map([...this.#statuses].map(([name, status]) => [name, status()]));
  }

  onApplicationBootstrap(): void {
    const all: readonly Reaction[] = this.modules
      .get<unknown, Reaction[][]>(REACTIONS, { strict: false, each: true })
      .flat(2);
    if (all.length === 0) return;
    if (this.store?.shared) {
      const { connection, replicas } = this;
      this.#election = new Election({
        connection,
        office: `reactions.${this.durable}`,
        replicas,
        lead: (signal) => this.#react(all, signal),
      });
      this.#election.start();
    } else {
      this.#running = this.#react(all, this.#end.signal);
    }
  }

  async onModuleDestroy(): Promise<void> {
    this.#end.abort();
    await this.#election?.stop();
    await this.#running;
  }

  async #react(all: readonly Reaction[], signal: AbortSignal): Promise<void> {
    const running = all.map((reaction) => {
      const { name } = reaction.constructor;
      const running = react(this.connection, {
        mirror: reaction.mirror,
        durable: `${this.durable}_${name}`,
        handlers: Object.fromEntries(
          Object.entries(reaction.handlers).map(([type, handle]) => [
            type,
            (event: MirroredEvent) => traced(name, event, (own) => handle(own.data, own)),
          ]),
        ),
        onError: (error, { type, stream, position }) => {
          this.#logger.warn(
            { err: error, type, stream, position: String(position) },
            'a reaction failed and is tried again',
          );
        },
        signal,
      });
      return [name, running] as const;
    });
    this.#statuses = new Map(running.map(([name, reaction]) => [name, () => reaction.status()]));
    await Promise.all(running.map(([, { stopped }]) => stopped));
    this.#statuses = new Map();
  }
}

/** Handles an event as a part of the trace in which it came about. */
function traced(
  reaction: string,
  event: MirroredEvent,
  handle: (event: MirroredEvent) => Promise<void>,
): Promise<void> {
  const { type, metadata } = event;
  const { correlationId, traceparent } = metadata;
  return inSpan(`${reaction} ${type}`, { traceparent, kind: SpanKind.CONSUMER }, (own) =>
    withCorrelation(
      correlationId,
      () => handle(own === undefined ? event : { ...event, metadata: { ...metadata, traceparent: own } }),
      own,
    ),
  );
}

function reactionGauges(statuses: () => ReadonlyMap<string, ReactionStatus>): Gauge[] {
  const labelNames = ['reaction'];
  const samples = (value: (status: ReactionStatus) => number | undefined) =>
    [...statuses()].flatMap(([reaction, status]) => {
      const known = value(status);
      return known === undefined ? [] : [{ labels: { reaction }, value: known }];
    });
  return [
    {
      name: 'shelfmark_reaction_lag_events',
      help: 'Events of the mirror that the reaction has not dealt with.',
      labelNames,
      read: () => samples(({ behind }) => behind),
    },
    {
      name: 'shelfmark_reaction_failing_events',
      help: 'Events that the reaction has failed on and tries again.',
      labelNames,
      read: () => samples(({ failing }) => failing),
    },
  ];
}
