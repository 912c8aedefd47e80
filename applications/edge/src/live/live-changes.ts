import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { NATS_CONNECTION, type NatsConnection } from '@shelfmark/service-kit';
import type { FastifyInstance } from 'fastify';
import { Problem } from '../http/problem.js';
import { ViewDatabase } from '../views/view-database.js';
import { ViewProgress } from '../views/view-progress.js';
import type { EntityView } from '../views/view.js';
import { ChangeStream } from './change-stream.js';
import type { Places } from './event-id.js';
import { Feed } from './feed.js';
import { toldViewNames, toldViews } from './told.js';

const beatMs = 15_000;
export const maxReaders = 500;

/** Tells of the views' changes. The mirrors are read once for all readers, and only while there are any. */
@Injectable()
export class LiveChanges implements OnModuleDestroy {
  readonly #readers = new Set<ChangeStream>();
  #following: { readonly feeds: readonly Feed[]; readonly stop: AbortController } | undefined;
  #beat: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
    @Inject(ViewDatabase) private readonly database: ViewDatabase,
    @Inject(ViewProgress) private readonly progress: ViewProgress,
    @Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost,
  ) {
    // Before the server waits for the answers that are under way: these would have no end.
    httpAdapter.getInstance<FastifyInstance>().addHook('preClose', (done) => {
      this.#close();
      done();
    });
  }

  /**
   * @param since how far the reader was told before; `undefined` for a new one, who hears of what comes from now on
   * @throws Problem Overloaded where there are too many readers
   */
  open(views: readonly EntityView[], since: Places | undefined): ChangeStream {
    if (this.#isClosed || this.#readers.size >= maxReaders) {
      throw new Problem('Overloaded', { detail: 'Too many listen already.', retryAfterMs: beatMs });
    }
    const { feeds } = (this.#following ??= this.#follow());
    const reader = new ChangeStream(
      feeds.filter(({ view }) => views.includes(view)),
      since,
    );
    this.#readers.add(reader);
    reader.once('close', () => this.#remove(reader));
    return reader;
  }

  get readers(): number {
    return this.#readers.size;
  }

  onModuleDestroy(): void {
    this.#close();
  }

  #remove(reader: ChangeStream): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#following?.stop.abort();
    this.#following = undefined;
    clearInterval(this.#beat);
  }

  #follow(): { feeds: readonly Feed[]; stop: AbortController } {
    const stop = new AbortController();
    const { connection, database, progress } = this;
    const wake = (): void => this.#readers.forEach((reader) => reader.wake());
    const feeds = toldViewNames.flatMap((view) =>
      Object.keys(toldViews[view].sources).map(
        (source) => new Feed(view, source, { connection, database, progress }, wake),
      ),
    );
    // Nobody waits for them here, so what one throws is an unhandled rejection, which ends the process.
    for (const feed of feeds) void feed.run(stop.signal);
    this.#beat = setInterval(() => this.#readers.forEach((reader) => reader.beat()), beatMs);
    return { feeds, stop };
  }

  #close(): void {
    this.#isClosed = true;
    for (const reader of this.#readers) reader.end();
    this.#following?.stop.abort();
  }
}
