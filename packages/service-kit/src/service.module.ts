import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { schema } from '@shelfmark/contracts';
import { CommandHandler, type EventStore } from '@shelfmark/event-sourcing';
import { RequestClient } from '@shelfmark/messaging';
import { type Config, choice, integer, text, url } from './config.js';
import { codeVersionOf } from './code-version.js';
import { EVENT_STORE, EventStoreModule, eventStore } from './event-store.module.js';
import { DiskModule } from './disk.module.js';
import { Historian } from './historian.js';
import { healthSettings } from './health-settings.js';
import { logLevels } from './logging.js';
import { CommandQueue } from './command-queue.js';
import { GAUGES, type Gauge, REGISTRIES } from './metrics.js';
import { NATS_CONNECTION, type NatsConnection, NatsModule } from './nats.module.js';
import { type CarriesOutCommands, OperationsModule } from './operations.module.js';
import { commandObserver, serviceMetrics } from './observation.js';
import { runProcess } from './process.js';
import { ReactionsModule } from './reactions.module.js';
import { RelayModule } from './relay.module.js';
import { RequestTransport } from './request-transport.js';

/** What every service is told by its environment. */
export const serviceSettings = {
  natsUrl: url('NATS_URL', { protocols: ['nats', 'tls'], secret: true }),
  // On how many servers of a cluster the bus keeps a mirror.
  natsReplicas: integer('NATS_REPLICAS', { min: 1, max: 5, default: 1 }),
  dataDir: text('DATA_DIR'),
  eventStore: eventStore('EVENT_STORE'),
  ...healthSettings,
  logLevel: choice('LOG_LEVEL', logLevels, { default: 'info' }),
  queueAttempts: integer('QUEUE_ATTEMPTS', { min: 1, max: 1_000, default: 12 }),
};

export type ServiceSettings = Config<typeof serviceSettings>;

/** So long does a service wait for another one, where its own caller said nothing of a deadline. */
export const patienceMs = 5_000;

/**
 * What every service has: its event store, its command handler, who answers about its past, a client for other services,
 * the relay of its log, its reactions, and the queue of commands whose senders do not wait.
 */
@Module({})
export class ServiceModule {
  /**
   * @param options.service the service's word in subjects, such as `book`
   * @param options.controller gets the service's commands
   * @param options.code where the service's built code lies: see {@link codeVersionOf}
   */
  static forRoot(options: {
    readonly service: string;
    readonly settings: ServiceSettings;
    readonly controller: Type<CarriesOutCommands>;
    readonly code: string;
  }): DynamicModule {
    const { service, settings, controller, code } = options;
    const name = `${service}-service`;
    return {
      module: ServiceModule,
      global: true,
      imports: [
        EventStoreModule.forRoot({ eventStore: settings.eventStore, directory: settings.dataDir, service }),
        NatsModule.forRoot({ url: settings.natsUrl, name }),
        DiskModule.forRoot({ directory: settings.dataDir }),
        RelayModule.forRoot({ service, replicas: settings.natsReplicas }),
        ReactionsModule.forRoot({ durable: name, replicas: settings.natsReplicas }),
        OperationsModule.forRoot({
          service,
          directory: settings.dataDir,
          controller,
          maxAttempts: settings.queueAttempts,
        }),
      ],
      providers: [
        {
          provide: CommandHandler,
          useFactory: (store: EventStore) =>
            new CommandHandler({ store, codeVersion: codeVersionOf(code), observer: commandObserver }),
          inject: [EVENT_STORE],
        },
        {
          provide: RequestClient,
          useFactory: (connection: NatsConnection) => new RequestClient(connection, { source: `/shelfmark/${name}` }),
          inject: [NATS_CONNECTION],
        },
        Historian,
        { provide: REGISTRIES, useValue: [serviceMetrics] },
        { provide: GAUGES, useFactory: requestGauges, inject: [CommandHandler, RequestClient] },
      ],
      exports: [CommandHandler, Historian, RequestClient],
    };
  }
}

function requestGauges(handler: CommandHandler, client: RequestClient): Gauge[] {
  return [
    {
      name: 'shelfmark_mailbox_waiting_commands',
      help: 'Commands that wait for others on the same entities.',
      read: () => handler.waiting,
    },
    {
      name: 'shelfmark_awaited_requests',
      help: 'Requests to other services whose answers are waited for, by the word in their subjects.',
      labelNames: ['aggregate'],
      read: () => [...client.inFlight].map(([aggregate, value]) => ({ labels: { aggregate }, value })),
    },
  ];
}

/** Runs a service as a process: see {@link runProcess}. */
export function runService(
  service: string,
  module: Type<unknown> | DynamicModule,
  { healthHost, healthPort, logLevel }: ServiceSettings,
): Promise<void> {
  const name = `${service}-service`;
  return runProcess({
    name,
    module,
    listen: { host: healthHost, port: healthPort },
    logLevel,
    microservice: (app) => {
      const queue = app.get(CommandQueue, { strict: false });
      return new RequestTransport({
        connection: app.get(NATS_CONNECTION),
        queue: name,
        schema,
        commandQueue: { service, accept: (command) => queue.accept(command) },
      });
    },
  });
}
