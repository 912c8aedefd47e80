import type { RecordedEvent } from '@shelfmark/event-sourcing';
import { chooseConsumer, holdsUpOthers, type ConsumerStrategy } from './consumer-strategy.js';
import { caughtUp, StreamTombstoned, systemRecord, type EventDatabase, type Resolved } from './event-database.js';
import { fromLog, linkType } from './event.js';
import { matcher, type EventFilter } from './filter.js';
import { groupCheckpointSuffix, groupPrefix } from './own-streams.js';
import { metadataType, metastreamOf } from './stream-metadata.js';

export interface GroupSettings {
  readonly resolveLinks: boolean;
  readonly extraStatistics: boolean;
  /** How long a consumer may take before an event is given to the next; 0 is for ever. */
  readonly messageTimeoutMs: number;
  /** After so many repetitions an event is parked. */
  readonly maxRetryCount: number;
  readonly checkpointAfterMs: number;
  readonly minCheckpointCount: number;
  readonly maxCheckpointCount: number;
  /** 0 is any number. */
  readonly maxSubscriberCount: number;
  readonly liveBufferSize: number;
  readonly readBatchSize: number;
  readonly historyBufferSize: number;
  readonly consumerStrategy: ConsumerStrategy;
}

/** A group of consumers, as it is kept in the log. */
export interface GroupConfig {
  /** A stream, or `$all`. */
  readonly source: string;
  readonly group: string;
  readonly settings: GroupSettings;
  /** As it was asked for: a revision, or a position of `$all`, in decimal. */
  readonly startFrom: string;
  /** What that came to when it was asked: the group begins after this revision or position. */
  readonly startAfter: string;
  readonly filter?: EventFilter;
}

export type NackAction = 'park' | 'retry' | 'skip' | 'stop';

/** One connection that takes part in a group's work. */
export interface Consumer {
  readonly bufferSize: number;
  readonly connectionName: string;
  readonly username: string;
  readonly from: string;
  send(event: Resolved, retryCount: number): void;
  /** Ends the connection, because the group was changed or the consumer asked for it. */
  drop(): void;
}

export interface ConnectionInfo {
  readonly consumer: Consumer;
  readonly totalItems: number;
  readonly inFlight: number;
  readonly processingMs: readonly number[];
  readonly itemsPerSecond: number;
}

interface Message {
  readonly event: RecordedEvent;
  readonly resolved: Resolved;
  readonly retryCount: number;
  /** Where it stands among the parked, if it was parked and is tried again. */
  readonly parkedRevision: number | undefined;
}

interface InFlight {
  readonly message: Message;
  readonly seat: Seat;
  readonly sentAtMs: number;
  readonly timer: NodeJS.Timeout | undefined;
}

const rememberedTimes = 1000;

/** A consumer's place in the group. */
class Seat {
  readonly processingMs: number[] = [];
  readonly sinceMs = performance.now();
  inFlight = 0;
  totalItems = 0;

  constructor(readonly consumer: Consumer) {}

  get hasRoom(): boolean {
    return this.inFlight < this.consumer.bufferSize;
  }

  done(processingMs: number): void {
    this.inFlight--;
    this.totalItems++;
    this.processingMs.push(processingMs);
    if (this.processingMs.length > rememberedTimes) this.processingMs.shift();
  }
}

/**
 * Gives the events of a stream, or of `$all`, to whoever of a group has room, and each again until somebody acknowledges it.
 *
 * How far the group is lies in the log as a checkpoint: all events up to it are done. A checkpoint may be older than the
 * truth, never newer; after a restart the events in between come again. What is parked is a link in a stream of its own,
 * and is in the log before its event counts as done.
 */
export class PersistentSubscription {
  readonly config: GroupConfig;
  readonly #database: EventDatabase;
  readonly #seats: Seat[] = [];
  readonly #waiting: Message[] = [];
  readonly #inFlight = new Map<string, InFlight>();
  /** Revisions or positions that were read and are not done, in order. */
  readonly #unfinished = new Set<bigint>();
  readonly #parking = new Set<Promise<void>>();
  #reading: Promise<void> | undefined;
  readonly #stopping = new AbortController();
  #roomMade: (() => void) | undefined;
  #turn = 0;

  #lastRead: bigint;
  #checkpointed: bigint | undefined;
  #doneSinceCheckpoint = 0;
  #checkpointTimer: NodeJS.Timeout | undefined;
  #checkpointing: Promise<void> | undefined;

  /** Parked messages below this one are being tried again, or are done. */
  #replayedUpTo = 0;
  readonly #replaying = new Set<number>();
  #totalItems = 0;
  readonly #sinceMs = performance.now();

  private constructor(database: EventDatabase, config: GroupConfig, checkpoint: bigint | undefined) {
    this.#database = database;
    this.config = config;
    this.#checkpointed = checkpoint;
    this.#lastRead = checkpoint ?? BigInt(config.startAfter);
  }

  static async open(database: EventDatabase, config: GroupConfig): Promise<PersistentSubscription> {
    const last = await database.lastEvent(checkpointStream(config));
    const checkpoint = last === undefined ? undefined : BigInt(fromLog(last).data.toString().replaceAll('"', ''));
    return new PersistentSubscription(database, config, checkpoint);
  }

  get isFull(): boolean {
    const { maxSubscriberCount } = this.config.settings;
    return maxSubscriberCount > 0 && this.#seats.length >= maxSubscriberCount;
  }

  /** Takes a consumer in. */
  join(consumer: Consumer): void {
    this.#seats.push(new Seat(consumer));
    this.#reading ??= this.#read();
    this.#push();
  }

  /** A consumer is gone: what it had is given to others. */
  leave(consumer: Consumer): void {
    const index = this.#seats.findIndex((seat) => seat.consumer === consumer);
    if (index < 0) return;
    const [seat] = this.#seats.splice(index, 1);
    const lost = [...this.#inFlight.values()].filter((inFlight) => inFlight.seat === seat);
    for (const { message, timer } of lost) {
      clearTimeout(timer);
      this.#inFlight.delete(message.event.id);
    }
    this.#waiting.unshift(...lost.map(({ message }) => message));
    this.#push();
  }

  ack(ids: readonly string[]): void {
    for (const id of ids) {
      const message = this.#take(id);
      if (message !== undefined) this.#finish(message);
    }
    this.#push();
  }

  nack(consumer: Consumer, ids: readonly string[], action: NackAction, reason: string): void {
    for (const id of ids) {
      const message = this.#take(id);
      if (message === undefined) continue;
      switch (action) {
        case 'park':
          this.#park(message, reason);
          break;
        case 'skip':
          this.#finish(message);
          break;
        case 'retry':
          this.#retry(message, reason);
          break;
        case 'stop':
          this.#waiting.unshift(message);
          break;
      }
    }
    if (action === 'stop') {
      this.leave(consumer);
      consumer.drop();
    }
    this.#push();
  }

  /** Tries parked messages again, those below a place among them. */
  async replayParked(stopAt: number | undefined): Promise<void> {
    const events: RecordedEvent[] = [];
    for await (const batch of this.#database.readVisible(parkedStream(this.config), this.#replayedUpTo)) {
      events.push(...batch.filter(({ revision }) => stopAt === undefined || revision < stopAt));
    }
    for (const link of events) {
      this.#replayedUpTo = Math.max(this.#replayedUpTo, link.revision + 1);
      this.#replaying.add(link.revision);
      const { event } = await this.#database.resolve(link);
      // Its stream was deleted in the meantime.
      if (event === undefined) this.#replayed(link.revision);
      else this.#waiting.push(await this.#message(event, link.revision));
    }
    this.#push();
  }

  async parkedCount(): Promise<number> {
    let count = 0;
    for await (const batch of this.#database.readVisible(parkedStream(this.config), 0)) count += batch.length;
    return count;
  }

  /** Lets go of all consumers and writes down how far the group is. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#roomMade?.();
    for (const { consumer } of this.#seats.splice(0)) consumer.drop();
    for (const { timer } of this.#inFlight.values()) clearTimeout(timer);
    clearTimeout(this.#checkpointTimer);
    await this.#reading;
    await Promise.all(this.#parking);
    await this.#writeCheckpoint();
  }

  get statistics() {
    const seconds = (performance.now() - this.#sinceMs) / 1000;
    return {
      itemsPerSecond: Math.round(this.#totalItems / Math.max(seconds, 1)),
      totalItems: this.#totalItems,
      lastCheckpointed: this.#checkpointed,
      lastKnown: this.#reading === undefined ? undefined : this.#lastRead,
      waiting: this.#waiting.length,
      retrying: this.#waiting.filter(({ retryCount }) => retryCount > 0).length,
      inFlight: this.#inFlight.size,
      unfinished: this.#unfinished.size,
    };
  }

  get connections(): readonly ConnectionInfo[] {
    return this.#seats.map(({ consumer, totalItems, inFlight, processingMs, sinceMs }) => ({
      consumer,
      totalItems,
      inFlight,
      processingMs,
      itemsPerSecond: totalItems / Math.max((performance.now() - sinceMs) / 1000, 1),
    }));
  }

  async #read(): Promise<void> {
    const { source, filter } = this.config;
    const signal = this.#stopping.signal;
    const ofAll = source === '$all';
    const isChosen = matcher(filter);
    const batches = ofAll
      ? this.#database.subscribeToAll(this.#lastRead, signal)
      : this.#database.subscribeToStream(source, Number(this.#lastRead), signal);
    try {
      for await (const batch of batches) {
        if (batch === caughtUp) continue;
        for (const event of batch) {
          if (signal.aborted) return;
          const place = ofAll ? event.position : BigInt(event.revision);
          // A group's own events in `$all` would keep it busy for ever.
          if (!ofAll || (isChosen(event) && !isOfGroups(event.stream))) {
            await this.#room();
            const message = await this.#message(event, undefined);
            this.#unfinished.add(place);
            this.#waiting.push(message);
          }
          this.#lastRead = place;
          this.#push();
        }
      }
    } catch (error) {
      // The stream is no more; what was read of it is still given out.
      if (error instanceof StreamTombstoned) return;
      if (!signal.aborted) console.error(`The group ${this.config.group} of ${source} reads no more.`, error);
    }
  }

  async #message(event: RecordedEvent, parkedRevision: number | undefined): Promise<Message> {
    const resolved = this.config.settings.resolveLinks
      ? await this.#database.resolve(event)
      : { event, link: undefined };
    return { event, resolved, retryCount: 0, parkedRevision };
  }

  /** Waits until the buffer has room, so that memory is bounded however far behind the group is. */
  async #room(): Promise<void> {
    while (this.#waiting.length >= Math.max(1, this.config.settings.historyBufferSize)) {
      if (this.#stopping.signal.aborted) return;
      await new Promise<void>((resolve) => (this.#roomMade = resolve));
    }
  }

  /** Gives out what can be given out. */
  #push(): void {
    const { consumerStrategy } = this.config.settings;
    const consumers = this.#seats;
    for (let index = 0; index < this.#waiting.length && consumers.length > 0;) {
      const message = this.#waiting[index]!;
      const { event } = message;
      // Consumers acknowledge by id, so an id is out only once.
      const isOut = this.#inFlight.has(event.id);
      const seat = isOut ? undefined : chooseConsumer(consumerStrategy, consumers, event, this.#turn);
      if (seat !== undefined) {
        this.#waiting.splice(index, 1);
        this.#turn = consumers.indexOf(seat) + 1;
        this.#send(seat, message);
      } else if (!isOut && holdsUpOthers(consumerStrategy)) {
        break;
      } else {
        index++;
      }
    }
    this.#roomMade?.();
  }

  #send(seat: Seat, message: Message): void {
    const { messageTimeoutMs } = this.config.settings;
    const { id } = message.event;
    const timer =
      messageTimeoutMs === 0
        ? undefined
        : setTimeout(() => {
            this.#take(id);
            this.#retry(message, 'nobody acknowledged it in time');
            this.#push();
          }, messageTimeoutMs);
    seat.inFlight++;
    this.#inFlight.set(id, { message, seat, sentAtMs: performance.now(), timer });
    seat.consumer.send(message.resolved, message.retryCount);
  }

  #take(id: string): Message | undefined {
    const inFlight = this.#inFlight.get(id);
    if (inFlight === undefined) return undefined;
    clearTimeout(inFlight.timer);
    this.#inFlight.delete(id);
    inFlight.seat.done(performance.now() - inFlight.sentAtMs);
    return inFlight.message;
  }

  #retry(message: Message, reason: string): void {
    const retryCount = message.retryCount + 1;
    if (retryCount > this.config.settings.maxRetryCount) this.#park(message, reason);
    else this.#waiting.unshift({ ...message, retryCount });
  }

  #park(message: Message, reason: string): void {
    const { event } = message;
    const data = event.type === linkType ? fromLog(event).data : Buffer.from(`${event.revision}@${event.stream}`);
    const link = {
      ...systemRecord(linkType, data),
      customMetadata: Buffer.from(JSON.stringify({ added: new Date().toISOString(), reason })),
    };
    const parking = this.#database
      .append([{ stream: parkedStream(this.config), expected: 'any', events: [link] }])
      .then(() => this.#finish(message))
      .catch((error: unknown) => {
        // It is not parked, so it is not done either.
        console.error(`An event of the group ${this.config.group} could not be parked.`, error);
        this.#waiting.unshift(message);
      });
    this.#parking.add(parking);
    void parking.then(() => this.#parking.delete(parking));
  }

  #finish({ event, parkedRevision }: Message): void {
    this.#totalItems++;
    if (parkedRevision !== undefined) {
      this.#replayed(parkedRevision);
      return;
    }
    this.#unfinished.delete(this.config.source === '$all' ? event.position : BigInt(event.revision));
    this.#doneSinceCheckpoint++;
    const { checkpointAfterMs, maxCheckpointCount, minCheckpointCount } = this.config.settings;
    if (this.#doneSinceCheckpoint >= maxCheckpointCount) {
      void this.#writeCheckpoint();
    } else if (this.#doneSinceCheckpoint >= minCheckpointCount) {
      this.#checkpointTimer ??= setTimeout(() => void this.#writeCheckpoint(), checkpointAfterMs).unref();
    }
  }

  /** One write at a time; what is done meanwhile is in the next. */
  async #writeCheckpoint(): Promise<void> {
    clearTimeout(this.#checkpointTimer);
    this.#checkpointTimer = undefined;
    while (this.#checkpointing !== undefined) await this.#checkpointing;
    const [firstUnfinished] = this.#unfinished;
    const place = firstUnfinished === undefined ? this.#lastRead : firstUnfinished - 1n;
    if (place <= (this.#checkpointed ?? BigInt(this.config.startAfter))) return;
    this.#doneSinceCheckpoint = 0;
    const event = systemRecord('$SubscriptionCheckpoint', Buffer.from(JSON.stringify(String(place))));
    this.#checkpointing = this.#database
      .append([{ stream: checkpointStream(this.config), expected: 'any', events: [event] }])
      .then(() => void (this.#checkpointed = place))
      .catch((error: unknown) => console.error(`The group ${this.config.group} has no new checkpoint.`, error))
      .then(() => (this.#checkpointing = undefined));
    await this.#checkpointing;
  }

  /** Parked messages are let go of once all that are tried again are done. */
  #replayed(parkedRevision: number): void {
    this.#replaying.delete(parkedRevision);
    if (this.#replaying.size > 0) return;
    const metadata = systemRecord(metadataType, Buffer.from(JSON.stringify({ $tb: this.#replayedUpTo })));
    const stream = metastreamOf(parkedStream(this.config));
    const truncating = this.#database
      .append([{ stream, expected: 'any', events: [metadata] }])
      .then(() => undefined)
      .catch((error: unknown) => console.error(`The group ${this.config.group} keeps what it had parked.`, error));
    this.#parking.add(truncating);
    void truncating.then(() => this.#parking.delete(truncating));
  }
}

export function checkpointStream({ source, group }: GroupConfig): string {
  return `${groupPrefix}${source}::${group}${groupCheckpointSuffix}`;
}

export function parkedStream({ source, group }: GroupConfig): string {
  return `${groupPrefix}${source}::${group}-parked`;
}

function isOfGroups(stream: string): boolean {
  return stream.startsWith(groupPrefix) || stream.startsWith(metastreamOf(groupPrefix));
}
