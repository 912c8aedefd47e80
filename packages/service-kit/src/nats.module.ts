import { type BeforeApplicationShutdown, type DynamicModule, Inject, Logger, Module } from '@nestjs/common';
import { connectToNats, type Forbidden, isConnected } from '@shelfmark/messaging';
import { whileAwaiting } from './boot-health.js';
import { HEALTH_CHECKS, type HealthCheck } from './health.js';

export type NatsConnection = Awaited<ReturnType<typeof connectToNats>>;

/** Token of the process's one {@link NatsConnection}. */
export const NATS_CONNECTION = Symbol('NATS_CONNECTION');

/**
 * Connects to NATS for every module. The boot waits for the broker as long as it takes, and readiness says so meanwhile;
 * a connection that is lost later is made again for ever.
 */
@Module({})
export class NatsModule implements BeforeApplicationShutdown {
  /** @param options.name what the broker calls the connection, such as `book-service` */
  static forRoot(options: { readonly url: string; readonly name: string }): DynamicModule {
    return {
      module: NatsModule,
      global: true,
      providers: [
        {
          provide: NATS_CONNECTION,
          useFactory: () => whileAwaiting('nats', connectToNats({ ...options, onForbidden })),
        },
        {
          provide: HEALTH_CHECKS,
          useFactory: (connection: NatsConnection): HealthCheck[] => [roundTripCheck(connection)],
          inject: [NATS_CONNECTION],
        },
      ],
      exports: [NATS_CONNECTION],
    };
  }

  constructor(@Inject(NATS_CONNECTION) private readonly connection: NatsConnection) {}

  async beforeApplicationShutdown(): Promise<void> {
    // Without a server there is nobody to drain to, and draining would wait for one.
    await (isConnected(this.connection) ? this.connection.drain() : this.connection.close());
  }
}

/** What a process is not let do looks like an outage to it, so whoever reads its log must see what it is. */
function onForbidden({ operation, subject, user }: Forbidden): void {
  const what = operation === 'publish' ? 'publish to' : 'subscribe to';
  const message = `the NATS server does not let ${user ?? 'us'} ${what} ${subject}: its configuration is not that of this version, or this is a mistake`;
  new Logger(NatsModule.name).error(message, { operation, subject, user });
}

function roundTripCheck(connection: NatsConnection): HealthCheck {
  return {
    name: 'nats',
    check: async () => {
      await connection.rtt();
      return { up: true };
    },
  };
}
