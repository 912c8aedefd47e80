import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import pg from 'pg';
import { Problem } from '../http/problem.js';
import type { Positions } from '../http/positions.js';
import type { View } from './view.js';
import { DATABASE_URL, ViewDatabase, connectionConfig } from './view-database.js';

/** Views are also looked at so often, since a notification can be lost with its connection. */
const lookEveryMs = 100;
const reconnectAfterMs = 1_000;
/** Reads that wait for a view at the same time. */
export const maxSleeping = 1_000;

/** What a commit to a view notifies, with `book@900` as the payload. */
const channels: Record<View, string> = {
  books: 'shelfmark_books',
  users: 'shelfmark_users',
  rents: 'shelfmark_rents',
  queue: 'shelfmark_queue',
  holds: 'shelfmark_holds',
  statistics: 'shelfmark_statistics',
};

/** One reader's interest in some views getting to some positions. */
export interface Watch {
  readonly views: readonly View[];
  readonly positions: Positions;
  /** Whether one of the positions was heard of since the reader last asked. */
  heard: boolean;
  /** There while the reader sleeps. */
  wake?: () => void;
}

/**
 * Hears how far the views are. It only wakes readers: whether a view has got far enough, a reader sees in what it reads.
 */
@Injectable()
export class ViewProgress implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #watches = new Set<Watch>();
  readonly #logger = new Logger('ViewProgress');
  #listener: pg.Client | undefined;
  #reconnect: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;
  #sleeping = 0;
  #closed = false;

  constructor(
    @Inject(DATABASE_URL) private readonly url: string,
    @Inject(ViewDatabase) private readonly database: ViewDatabase,
  ) {}

  /** How many reads wait for their own writes to show. */
  get sleeping(): number {
    return this.#sleeping;
  }

  onApplicationBootstrap(): void {
    void this.#listen();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#reconnect);
    clearInterval(this.#looking);
    await this.#listener?.end().catch(() => undefined);
  }

  /** Listens from now on, so that nothing is missed that happens during the read that follows. */
  watch(views: readonly View[], positions: Positions): Watch {
    const watch: Watch = { views, positions, heard: false };
    this.#watches.add(watch);
    return watch;
  }

  unwatch(watch: Watch): void {
    this.#watches.delete(watch);
  }

  /**
   * Sleeps until one of the watched positions is heard of.
   * @param deadline by `performance.now()`, which a clock that is set does not move
   * @returns whether one was, or else the time is over
   * @throws Problem ViewBehind where too many sleep already
   */
  async heard(watch: Watch, deadline: number): Promise<boolean> {
    if (!watch.heard && performance.now() < deadline) await this.#sleep(watch, deadline);
    const { heard } = watch;
    watch.heard = false;
    return heard;
  }

  async #sleep(watch: Watch, deadline: number): Promise<void> {
    if (this.#sleeping >= maxSleeping) throw new Problem('ViewBehind', { detail: 'Too many reads wait already.' });
    this.#sleeping++;
    this.#looking ??= setInterval(() => void this.#look(), lookEveryMs);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, deadline - performance.now());
      watch.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    delete watch.wake;
    if (--this.#sleeping > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  /** Once for all who sleep, whatever their number. */
  async #look(): Promise<void> {
    const views = new Set([...this.#watches].filter(({ wake }) => wake).flatMap((watch) => watch.views));
    await Promise.all([...views].map((view) => this.#lookAt(view)));
  }

  async #lookAt(view: View): Promise<void> {
    try {
      const rows = await this.database.query<{ source: string; position: string | null }>(
        `SELECT source, position::text FROM ${view}.checkpoint`,
      );
      for (const { source, position } of rows) if (position !== null) this.#hear(view, source, BigInt(position));
    } catch {
      // The readers find out by themselves, and answer.
    }
  }

  #hear(view: View, source: string, position: bigint): void {
    for (const watch of this.#watches) {
      const wanted = watch.positions.get(source);
      if (wanted === undefined || position < wanted || !watch.views.includes(view)) continue;
      watch.heard = true;
      watch.wake?.();
    }
  }

  async #listen(): Promise<void> {
    const listener = new pg.Client(connectionConfig(this.url));
    this.#listener = listener;
    // One broken connection says so more than once.
    let lost = false;
    const again = (error?: Error): void => {
      if (lost || this.#closed) return;
      lost = true;
      this.#logger.warn('not listening to the views', { error: error?.name });
      listener.end().catch(() => undefined);
      this.#reconnect = setTimeout(() => void this.#listen(), reconnectAfterMs);
    };
    listener.on('error', again).on('end', () => again());
    listener.on('notification', ({ channel, payload }) => {
      const view = (Object.keys(channels) as View[]).find((name) => channels[name] === channel);
      const [, source, position] = /^([a-z]+)@(\d{1,19})$/.exec(payload ?? '') ?? [];
      if (view && source && position) this.#hear(view, source, BigInt(position));
    });
    try {
      await listener.connect();
      for (const channel of Object.values(channels)) await listener.query(`LISTEN ${channel}`);
    } catch (error) {
      again(error as Error);
    }
  }
}
