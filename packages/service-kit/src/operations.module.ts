import { join } from 'node:path';
import {
  Controller,
  type DynamicModule,
  Inject,
  Module,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type Type,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { GetOperation, OperationFound } from '@shelfmark/contracts';
import { type Accepted, type Command, CommandHandler, type EventStore, type Rejected } from '@shelfmark/event-sourcing';
import type { IncomingRequest } from '@shelfmark/messaging';
import { systemClock } from './clock.js';
import { CommandQueue } from './command-queue.js';
import { EVENT_STORE } from './event-store.module.js';
import { GAUGES, type Gauge } from './metrics.js';
import { HEALTH_CHECKS, type HealthCheck } from './health.js';

/** Carries out the commands of a service: the controller that gets those whose senders wait. */
export interface CarriesOutCommands {
  handle(command: Command): Promise<Accepted | Rejected>;
}

export interface OperationsOptions {
  /** The service's word in subjects, such as `book`. */
  readonly service: string;
  /** Where it keeps what it needs beside the log. */
  readonly directory: string;
  readonly controller: Type<CarriesOutCommands>;
  /** After so many attempts an operation has failed. */
  readonly maxAttempts: number;
}

/** The service's {@link CommandQueue}, for as long as the process runs, and what can be asked and told of it. */
@Module({})
export class OperationsModule implements OnApplicationBootstrap, OnModuleDestroy {
  static forRoot({ service, directory, controller, maxAttempts }: OperationsOptions): DynamicModule {
    return {
      module: OperationsModule,
      controllers: [controllerFor(service)],
      providers: [
        {
          provide: CommandQueue,
          useFactory: (handler: CommandHandler, store: EventStore, modules: ModuleRef) =>
            new CommandQueue({
              handler,
              store,
              clock: systemClock,
              policy: { maxAttempts, firstRetryMs: 1_000, longestRetryMs: 10 * 60_000, attemptMs: 60_000 },
              file: join(directory, 'due', 'operations.json'),
              carryOut: (command) => modules.get(controller, { strict: false }).handle(command),
            }),
          inject: [CommandHandler, EVENT_STORE, ModuleRef],
        },
        {
          provide: HEALTH_CHECKS,
          useFactory: (queue: CommandQueue): HealthCheck[] => [
            { name: 'queue', check: async () => ({ up: true, ...queue.status }) },
          ],
          inject: [CommandQueue],
        },
        {
          provide: GAUGES,
          useFactory: (queue: CommandQueue): Gauge[] => [
            {
              name: 'shelfmark_queued_commands',
              help: 'Commands that were sent without waiting for their answers and are not done, without those that failed.',
              read: () => queue.status.open,
            },
          ],
          inject: [CommandQueue],
        },
      ],
      exports: [CommandQueue],
    };
  }

  constructor(@Inject(CommandQueue) private readonly queue: CommandQueue) {}

  onApplicationBootstrap(): void {
    this.queue.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.queue.stop();
  }
}

/** Its subjects hold the service's word: every service has operations, and nobody but their owner knows of them. */
function controllerFor(service: string): Type<unknown> {
  @Controller()
  class OperationController {
    constructor(@Inject(CommandQueue) private readonly queue: CommandQueue) {}

    @MessagePattern([
      `shelfmark.commands.${service}-operations.RetryOperation`,
      `shelfmark.commands.${service}-operations.DeleteOperation`,
    ])
    change(@Payload() command: IncomingRequest): Promise<Accepted | Rejected> {
      return this.queue.change(command);
    }

    @MessagePattern(`shelfmark.queries.${service}-operations.GetOperation`)
    async find(@Payload() { data }: IncomingRequest): Promise<OperationFound> {
      const operation = await this.queue.find((data as unknown as GetOperation).operationId);
      return operation ? { operation } : {};
    }
  }
  return OperationController;
}
