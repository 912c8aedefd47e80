import { join } from 'node:path';
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
  type Provider,
  type Type,
} from '@nestjs/common';
import { CommandHandler, type EventStore } from '@shelfmark/event-sourcing';
import { EVENT_STORE } from '@shelfmark/service-kit';
import { DueIndex } from './due-index.js';
import { type Timer, Timers, madeOf } from './timers.js';

const DATA_DIR = Symbol('DATA_DIR');
const TIMERS = Symbol('TIMERS');

/** Runs the service's timers for as long as the process runs. */
@Injectable()
class TimerRunner implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #logger = new Logger(Timers.name);
  readonly #index: DueIndex;
  readonly #timers: Timers;

  constructor(
    @Inject(DATA_DIR) dataDir: string,
    @Inject(TIMERS) timers: readonly Timer[],
    @Inject(EVENT_STORE) store: EventStore,
    @Inject(CommandHandler) handler: CommandHandler,
  ) {
    this.#index = DueIndex.open({ directory: join(dataDir, 'due-index'), madeOf: madeOf(store.logId, timers) });
    this.#timers = new Timers({
      timers,
      index: this.#index,
      store,
      handler,
      onError: (error, context) => this.#logger.warn({ err: error, ...context }, 'a timer failed and is tried again'),
    });
  }

  onApplicationBootstrap(): void {
    this.#timers.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.#timers.stop();
    await this.#index.close();
  }
}

/**
 * The providers of a service's timers; each is a class with its own dependencies.
 * @param dataDir the service's directory, in which the index gets one of its own
 */
export function timers(dataDir: string, ...classes: readonly Type<Timer>[]): Provider[] {
  return [
    ...classes,
    { provide: TIMERS, useFactory: (...instances: Timer[]) => instances, inject: [...classes] },
    { provide: DATA_DIR, useValue: dataDir },
    TimerRunner,
  ];
}
