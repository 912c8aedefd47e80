import { once } from 'node:events';
import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { EventStore } from '@shelfmark/event-sourcing';
import { Election, Relay } from '@shelfmark/messaging';
import { Counter } from 'prom-client';
import { EVENT_STORE } from './event-store.module.js';
import { HEALTH_CHECKS, type HealthCheck } from './health.js';
import { GAUGES, type Gauge } from './metrics.js';
import { serviceMetrics } from './observation.js';
import { NATS_CONNECTION, type NatsConnection } from './nats.module.js';

const RELAY = Symbol('RELAY');
const ELECTION = Symbol('RELAY_ELECTION');

const logger = new Logger('Relay');

const generations = new Counter({
  registers: [serviceMetrics],
  name: 'shelfmark_mirror_generations_total',
  help: 'How often the relay made the mirror anew.',
});

/**
 * Copies the service's log onto the bus for as long as the process runs. Of several processes that share a log, an elected one
 * does.
 */
@Module({})
export class RelayModule implements OnApplicationBootstrap, OnModuleDestroy {
  /**
   * @param options.service the mirror's word in subjects, such as `book`
   * @param options.replicas on how many of the bus's servers the mirror is kept, 1 unless told otherwise
   */
  static forRoot(options: { readonly service: string; readonly replicas?: number }): DynamicModule {
    const { service, replicas = 1 } = options;
    return {
      module: RelayModule,
      providers: [
        {
          provide: RELAY,
          useFactory: (connection: NatsConnection, store: EventStore) =>
            new Relay({
              connection,
              store,
              service,
              replicas,
              source: `/shelfmark/${service}-service`,
              onGeneration: (generation, reason) => {
                generations.inc();
                logger.log('made the mirror anew', { service, generation, reason });
              },
            }),
          inject: [NATS_CONNECTION, EVENT_STORE],
        },
        {
          provide: ELECTION,
          useFactory: (connection: NatsConnection, store: EventStore, relay: Relay) =>
            store.shared ? electionOf(connection, service, replicas, relay) : undefined,
          inject: [NATS_CONNECTION, EVENT_STORE, RELAY],
        },
        {
          provide: HEALTH_CHECKS,
          useFactory: (relay: Relay, election: Election | undefined): HealthCheck[] => [
            relayCheck(service, relay, election),
          ],
          inject: [RELAY, ELECTION],
        },
        { provide: GAUGES, useFactory: relayGauges, inject: [RELAY] },
      ],
    };
  }

  constructor(
    @Inject(RELAY) private readonly relay: Relay,
    @Inject(ELECTION) private readonly election: Election | undefined,
  ) {}

  onApplicationBootstrap(): void {
    (this.election ?? this.relay).start();
  }

  async onModuleDestroy(): Promise<void> {
    await (this.election ?? this.relay).stop();
  }
}

function electionOf(connection: NatsConnection, service: string, replicas: number, relay: Relay): Election {
  return new Election({
    connection,
    office: `relay.${service}`,
    replicas,
    lead: async (signal) => {
      relay.start();
      if (!signal.aborted) await once(signal, 'abort');
      await relay.stop();
    },
  });
}

function relayGauges(relay: Relay): Gauge[] {
  return [
    {
      name: 'shelfmark_relay_lag_events',
      help: 'Events of the log that are not known to be in the mirror (positions, where these are not dense).',
      read: async () => (await relay.status()).behind,
    },
    {
      name: 'shelfmark_relay_lag_seconds',
      help: 'For how long the oldest of them has been in the log.',
      read: async () => (await relay.status()).behindMs / 1_000,
    },
    {
      name: 'shelfmark_relay_unacknowledged_messages',
      help: 'Messages under way to the mirror.',
      read: async () => (await relay.status()).unacknowledged,
    },
  ];
}

function relayCheck(service: string, relay: Relay, election: Election | undefined): HealthCheck {
  return {
    name: `relay:${service}`,
    check: async () => {
      const { state, published, behind, generation, lastError } = await relay.status();
      // One that stands by is as it should be: another process fills the mirror.
      if (state === 'standby' || election?.isLeading === false) {
        const error = election?.lastError;
        return { up: error === undefined, state: 'standby', ...(error && { error: error.name }) };
      }
      return {
        up: state === 'following',
        state,
        ...(published !== undefined && { position: String(published) }),
        behind,
        ...(generation !== undefined && { generation }),
        ...(lastError && { error: lastError.name }),
      };
    },
  };
}
