import { type DynamicModule, Logger, Module, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { consumeMirror } from '@shelfmark/messaging';
import {
  GAUGES,
  HEALTH_CHECKS,
  NATS_CONNECTION,
  NatsModule,
  type Gauge,
  type HealthCheck,
  type NatsConnection,
} from '@shelfmark/service-kit';
import type { FollowMirror } from './follow-mirror.js';
import { Projector, type SourceStatus } from './projector.js';
import type { View } from './view.js';

/** Runs a projector from the start of the application to its end. */
class ProjectorRun implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #stop = new AbortController();
  #ended: Promise<void> = Promise.resolve();

  constructor(readonly projector: Projector) {}

  onApplicationBootstrap(): void {
    // Nobody waits for it here, so what it throws is an unhandled rejection, which ends the process.
    this.#ended = this.projector.run(this.#stop.signal);
  }

  async onModuleDestroy(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

@Module({})
export class AppModule {
  static forView(view: View, settings: { readonly natsUrl: string; readonly databaseUrl: string }): DynamicModule {
    const logger = new Logger(Projector.name);
    return {
      module: AppModule,
      imports: [NatsModule.forRoot({ url: settings.natsUrl, name: `${view.name}-view` })],
      providers: [
        {
          provide: ProjectorRun,
          useFactory: (connection: NatsConnection) => {
            const follow: FollowMirror = (service, checkpoint, signal) =>
              consumeMirror(connection, { service, signal, ...(checkpoint && { checkpoint }) });
            return new ProjectorRun(new Projector(view, settings.databaseUrl, follow, logger));
          },
          inject: [NATS_CONNECTION],
        },
        {
          provide: HEALTH_CHECKS,
          useFactory: ({ projector }: ProjectorRun) => healthChecks(projector),
          inject: [ProjectorRun],
        },
        { provide: GAUGES, useFactory: ({ projector }: ProjectorRun) => gauges(projector), inject: [ProjectorRun] },
      ],
    };
  }
}

/**
 * A standby is as ready as the active process: it is what takes over. One that builds its tables is not, so that a deployment waits for it
 * before it ends the old version, which keeps the view meanwhile.
 */
function healthChecks(projector: Projector): HealthCheck[] {
  const sources = [...projector.status.sources.keys()].map((name): HealthCheck => ({
    name: `mirror:${name}`,
    check: async () => {
      const { position, generation, behind, mirror } = projector.status.sources.get(name)!;
      return { up: mirror !== 'broken', position: position?.toString(), behind, generation, mirror };
    },
  }));
  const view: HealthCheck = {
    name: 'view',
    check: async () => {
      const { state, deadLetters, unhandledEvents } = projector.status;
      const up = state !== 'databaseUnavailable' && state !== 'building';
      return { up, state, deadLetters, unhandledEvents };
    },
  };
  return [view, ...sources];
}

function gauges(projector: Projector): Gauge[] {
  const bySource = (value: (status: SourceStatus) => number | undefined) =>
    [...projector.status.sources].flatMap(([source, status]) => {
      const known = value(status);
      return known === undefined ? [] : [{ labels: { source }, value: known }];
    });
  return [
    {
      name: 'shelfmark_projection_lag_events',
      help: 'Events of the mirror that are not in the view yet.',
      labelNames: ['source'],
      read: () => bySource(({ behind }) => behind),
    },
    {
      name: 'shelfmark_projection_lag_seconds',
      help: 'How long ago the oldest of them happened; while a mirror is read from its beginning, how old the events are.',
      labelNames: ['source'],
      read: () => bySource(({ behindMs }) => behindMs && behindMs / 1_000),
    },
    {
      name: 'shelfmark_projection_active',
      help: 'Whether this process writes the view (1), or stands by or waits for the database (0).',
      read: () => (projector.status.state === 'active' ? 1 : 0),
    },
    {
      name: 'shelfmark_dead_letters',
      help: 'Events that could not be shown: each has parked its entity.',
      read: () => projector.status.deadLetters,
    },
    {
      name: 'shelfmark_unhandled_events',
      help: 'Events since the start that the view has no handler for.',
      read: () => projector.status.unhandledEvents,
    },
  ];
}
