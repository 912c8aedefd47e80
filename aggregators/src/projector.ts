import { setTimeout as sleep } from 'node:timers/promises';
import { SpanKind } from '@opentelemetry/api';
import {
  type MirrorConsumer,
  type MirrorConsumerStatus,
  type MirroredEvent,
  isTraced,
  recordSpan,
} from '@shelfmark/messaging';
import { Counter, Histogram } from 'prom-client';
import { ViewReplaced } from './checkpoint.js';
import type { FollowMirror } from './follow-mirror.js';
import { RebuildUnderWay, replaceView, StillRead, type RebuildNews } from './rebuild.js';
import { SourceWriter } from './source-writer.js';
import type { View } from './view.js';
import { openSchema, rebuildLock, removeLeftovers, schemaLock, schemaVersion } from './view-schema.js';
import { DatabaseUnavailable, lockPollMs, ViewSession } from './view-session.js';

/** Where a projector says what happens to it. */
export interface ProjectorLog {
  log(message: string): void;
  warn(message: string): void;
}

/** How far a view has read one of its sources. */
export interface SourceStatus {
  readonly position: bigint | undefined;
  readonly generation: number | undefined;
  /** How many events the mirror holds beyond; undefined before the mirror was seen. */
  readonly behind: number | undefined;
  /** How long ago that happened which is not in the view yet; 0 where everything is, undefined before the mirror was seen. */
  readonly behindMs: number | undefined;
  /** `waiting`: there is no bus or no mirror. `broken`: the mirror has a gap, and the view waits for its next generation. */
  readonly mirror: MirrorConsumerStatus['state'];
}

export interface ProjectorStatus {
  /**
   * Only the active process of a view writes it; a standby waits for the view's lock. `building`: the tables are an older version's, and
   * this process makes its own beside them. `outdated`: they are a newer version's, which this one must not write.
   */
  readonly state: 'databaseUnavailable' | 'building' | 'outdated' | 'standby' | 'active';
  readonly deadLetters: number;
  readonly unhandledEvents: number;
  readonly sources: ReadonlyMap<string, SourceStatus>;
}

const projectedEvents = new Counter({
  name: 'shelfmark_projected_events_total',
  help: 'Events that were written to the view, those without a handler and those that were put aside too.',
  labelNames: ['source'],
});
const batchSeconds = new Histogram({
  name: 'shelfmark_projection_batch_duration_seconds',
  help: 'How long the transaction of one batch of events took.',
  labelNames: ['source'],
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
});

const verifyMs = 2_000;
const maxRetryDelayMs = 5_000;

/** Keeps one view up to date, as the only process that does so or as one that stands by. */
export class Projector {
  readonly #view: View;
  readonly #databaseUrl: string;
  readonly #follow: FollowMirror;
  readonly #log: ProjectorLog;
  readonly #mirrors = new Map<string, MirrorConsumer>();
  /** By source, what is being written, or was last: what is read after it is younger than its last event. */
  readonly #batches = new Map<string, { readonly events: readonly MirroredEvent[]; isWritten: boolean }>();
  #state: ProjectorStatus['state'] = 'databaseUnavailable';
  #writers: ReadonlyMap<string, SourceWriter> = new Map();

  constructor(view: View, databaseUrl: string, follow: FollowMirror, log: ProjectorLog) {
    this.#view = view;
    this.#databaseUrl = databaseUrl;
    this.#follow = follow;
    this.#log = log;
  }

  get status(): ProjectorStatus {
    const writers = [...this.#writers.values()];
    return {
      state: this.#state,
      deadLetters: writers.reduce((sum, { deadLetters }) => sum + deadLetters, 0),
      unhandledEvents: writers.reduce((sum, { unhandledEvents }) => sum + unhandledEvents, 0),
      sources: new Map(Object.keys(this.#view.sources).map((name) => [name, this.#sourceStatus(name)])),
    };
  }

  /**
   * Works until the signal aborts; a database that is away is waited for.
   * @throws CheckpointLost, TableGone, or whatever shows a bug: the process must end, and another start looks anew
   */
  async run(signal: AbortSignal): Promise<void> {
    let retryDelayMs = 100;
    while (!signal.aborted) {
      const started = performance.now();
      try {
        await this.#work(signal);
      } catch (error) {
        if (error instanceof ViewReplaced) {
          // Readers wait for what comes next, so this process takes up the other build itself instead of being started again.
          this.#log.log(`view ${this.#view.name} was rebuilt; going on with what took its place`);
          continue;
        }
        if (!(error instanceof DatabaseUnavailable)) throw error;
        this.#log.warn(error.message);
      } finally {
        this.#state = 'databaseUnavailable';
      }
      retryDelayMs = performance.now() - started > maxRetryDelayMs ? 100 : Math.min(retryDelayMs * 2, maxRetryDelayMs);
      await pause(retryDelayMs, signal);
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    const session = await ViewSession.open(this.#databaseUrl, this.#view.name);
    try {
      await this.#takeUp(session, signal);
      if (signal.aborted) return;
      const writers = new Map<string, SourceWriter>();
      for (const name of Object.keys(this.#view.sources)) {
        writers.set(name, await SourceWriter.open(session, this.#view, name));
      }
      this.#writers = writers;
      this.#enter('active');
      await together(signal, [
        ...[...writers].map(
          ([name, writer]) =>
            (stop: AbortSignal) =>
              this.#project(name, writer, stop),
        ),
        (stop) => verify([...writers.values()], stop),
      ]);
    } finally {
      // How far the view is now, only the next active process knows.
      this.#writers = new Map();
      this.#mirrors.clear();
      this.#batches.clear();
      await session.close();
    }
  }

  /**
   * Waits until the view is this process's to write, in tables of its own version. Two versions never write the same tables: what the
   * older one wrote would lack what the newer one shows.
   */
  async #takeUp(session: ViewSession, signal: AbortSignal): Promise<void> {
    const lock = `shelfmark view ${this.#view.name}`;
    while (!signal.aborted) {
      const version = await schemaVersion(this.#view, session);
      if (version === 'older') {
        this.#enter('building');
        await this.#replace(signal);
      } else if (version === 'newer') {
        this.#enter('outdated');
        await pause(lockPollMs, signal);
      } else {
        this.#enter('standby');
        if (!(await session.tryLock(lock))) await pause(lockPollMs, signal);
        else if (await this.#openSchema(session, signal)) return;
        else await session.unlock(lock);
      }
    }
  }

  #enter(state: ProjectorStatus['state']): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#log.log(`view ${this.#view.name} is ${state}`);
  }

  /** Builds the view beside the live one, which whoever has it goes on writing, and swaps the two. */
  async #replace(signal: AbortSignal): Promise<void> {
    const report = (news: RebuildNews) => {
      if (news.kind === 'swapped') this.#log.log(`view ${this.#view.name} was built anew for this version`);
      if (news.kind === 'startingOver') this.#log.warn(`starting over: ${news.reason}`);
    };
    try {
      await replaceView({ view: this.#view, databaseUrl: this.#databaseUrl, follow: this.#follow, report, signal });
    } catch (error) {
      if (signal.aborted) return;
      // Another process of this version may be at it, or somebody still reads what the last swap left.
      if (!(error instanceof RebuildUnderWay || error instanceof StillRead)) throw error;
      this.#log.warn(error.message);
    }
  }

  /** @returns whether the tables are of this version; while it waited for the lock, they may have become another's */
  async #openSchema(session: ViewSession, signal: AbortSignal): Promise<boolean> {
    await session.lock(schemaLock(this.#view), signal);
    if (signal.aborted) return false;
    const version = await openSchema(this.#view, this.#databaseUrl, session);
    await session.unlock(schemaLock(this.#view));
    if (version !== 'own') return false;
    // Whoever rebuilds has this lock; if nobody does, what there is of a rebuild was left by one that was killed.
    if (await session.tryLock(rebuildLock(this.#view))) {
      await removeLeftovers(this.#view, session);
      await session.unlock(rebuildLock(this.#view));
    }
    return true;
  }

  async #project(name: string, writer: SourceWriter, signal: AbortSignal): Promise<void> {
    const mirror = this.#follow(name, writer.checkpoint, signal);
    this.#mirrors.set(name, mirror);
    for await (const delivery of mirror) {
      if (signal.aborted) return;
      switch (delivery.kind) {
        case 'newLog':
          await writer.restart();
          break;
        case 'events':
          await this.#write(name, writer, delivery.events);
          break;
        case 'gap':
          this.#log.warn(`${delivery.gap.message}; waiting for the next`);
          break;
      }
    }
  }

  async #write(name: string, writer: SourceWriter, events: readonly MirroredEvent[]): Promise<void> {
    const batch = { events, isWritten: false };
    this.#batches.set(name, batch);
    const startedAt = Date.now();
    const stop = batchSeconds.startTimer({ source: name });
    await writer.write(events);
    stop();
    batch.isWritten = true;
    projectedEvents.inc({ source: name }, events.length);
    const tables = this.#view.sources[name]!;
    for (const { type, metadata } of events) {
      if (!isTraced(metadata) || !tables.some(({ handlers }) => handlers.has(type))) continue;
      const { traceparent } = metadata;
      const attributes = { 'shelfmark.view': this.#view.name, 'shelfmark.batch_events': events.length };
      recordSpan(`project ${type}`, { traceparent, kind: SpanKind.CONSUMER, startedAt, attributes });
    }
  }

  #sourceStatus(name: string): SourceStatus {
    const checkpoint = this.#writers.get(name)?.checkpoint;
    const mirror = this.#mirrors.get(name)?.status();
    const batch = this.#batches.get(name);
    const unwritten = batch === undefined || batch.isWritten ? 0 : batch.events.length;
    const behind = mirror?.behind === undefined ? undefined : mirror.behind + unwritten;
    const oldest = unwritten > 0 ? batch!.events[0] : batch?.events.at(-1);
    return {
      position: checkpoint?.position,
      generation: checkpoint?.generation,
      behind,
      behindMs: behind === 0 ? 0 : oldest && Math.max(0, Date.now() - Date.parse(oldest.metadata.time)),
      mirror: mirror?.state ?? 'waiting',
    };
  }
}

/** Looks again and again whether the view's tables are still those that this process writes. */
async function verify(writers: readonly SourceWriter[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const writer of writers) await writer.verify();
    await pause(verifyMs, signal);
  }
}

/** Runs the tasks side by side until the signal aborts. When one fails all are stopped, and it fails after they have ended. */
async function together(signal: AbortSignal, tasks: readonly ((stop: AbortSignal) => Promise<void>)[]): Promise<void> {
  const failed = new AbortController();
  const stop = AbortSignal.any([signal, failed.signal]);
  await Promise.allSettled(
    tasks.map(async (task) => {
      try {
        await task(stop);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  // The first failure is the cause; what fails after it, fails because of it.
  if (failed.signal.aborted) throw failed.signal.reason;
}

async function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  await sleep(delayMs, undefined, { signal }).catch(() => undefined);
}
