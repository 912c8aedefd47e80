import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { EventStore } from '@shelfmark/event-sourcing';
import { EmbeddedEventStore } from '@shelfmark/event-store-embedded';
import { connectionMistake, KurrentDBEventStore } from '@shelfmark/event-store-kurrentdb';
import { whileAwaiting } from './boot-health.js';
import type { Setting } from './config.js';
import { GAUGES, type Gauge } from './metrics.js';
import { observeFlush } from './observation.js';
import { HEALTH_CHECKS, type HealthCheck } from './health.js';

/** Token of the service's `EventStore`. */
export const EVENT_STORE = Symbol('EVENT_STORE');

const embedded = 'embedded';

/** Where a service's log lies: `embedded`, in its own directory, or the connection string of a KurrentDB server. */
export function eventStore(variable: string): Setting<string> {
  return {
    variable,
    secret: true,
    fallback: embedded,
    parse: (value) => {
      const mistake = value === embedded ? undefined : connectionMistake(value);
      return mistake === undefined
        ? { value }
        : { mistake: `must be embedded or a connection string, and such a string ${mistake}` };
    },
  };
}

export interface EventStoreOptions {
  /** As {@link eventStore} gives it. */
  readonly eventStore: string;
  /** Where an embedded log lies; it is made if it does not exist. */
  readonly directory: string;
  /** The service's word, such as `book`: on a server, its log is `shelfmark.book`. */
  readonly service: string;
}

/**
 * Opens the service's event store for every module, and closes it when nobody is left who could append. The boot waits for a
 * server as long as it takes, and readiness says so meanwhile.
 */
@Module({})
export class EventStoreModule implements OnApplicationShutdown {
  static forRoot(options: EventStoreOptions): DynamicModule {
    const kind = options.eventStore === embedded ? 'embedded' : 'kurrentdb';
    return {
      module: EventStoreModule,
      global: true,
      providers: [
        { provide: EVENT_STORE, useFactory: () => whileAwaiting('store', open(options)) },
        {
          provide: HEALTH_CHECKS,
          useFactory: (store: EventStore): HealthCheck[] => [headCheck(kind, store)],
          inject: [EVENT_STORE],
        },
        {
          provide: GAUGES,
          useFactory: (store: EventStore): Gauge[] => (store instanceof EmbeddedEventStore ? waitingGauges(store) : []),
          inject: [EVENT_STORE],
        },
      ],
      exports: [EVENT_STORE],
    };
  }

  constructor(@Inject(EVENT_STORE) private readonly store: EventStore) {}

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
  }
}

function open({ eventStore, directory, service }: EventStoreOptions): Promise<EventStore> {
  return eventStore === embedded
    ? EmbeddedEventStore.open({ directory, onFlush: observeFlush })
    : KurrentDBEventStore.open({ connectionString: eventStore, log: `shelfmark.${service}` });
}

function waitingGauges(store: EmbeddedEventStore): Gauge[] {
  return [
    {
      name: 'shelfmark_log_waiting_writes',
      help: 'Writes that wait for the next flush of the embedded log.',
      read: () => store.waiting.writes,
    },
    {
      name: 'shelfmark_log_waiting_bytes',
      help: 'What they weigh.',
      read: () => store.waiting.bytes,
    },
  ];
}

function headCheck(kind: string, store: EventStore): HealthCheck {
  return {
    name: 'store',
    check: async () => {
      const head = await store.head();
      return { up: true, kind, logId: store.logId, ...(head !== undefined && { position: String(head) }) };
    },
  };
}
