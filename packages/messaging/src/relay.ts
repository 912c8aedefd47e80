import { type JetStreamManager, JetStreamApiError, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { type Attributes, SpanKind } from '@opentelemetry/api';
import { type EventStore, type RecordedEvent, maxAppendBytes } from '@shelfmark/event-sourcing';
import type { MirrorIdentity } from './chain.js';
import { Connectivity } from './connectivity.js';
import { MalformedMessage } from './malformed-message.js';
import { type ChainLink, chainLinkOf, toEventMessage } from './message.js';
import { createMirror, findMirror, type Mirror, mirrorStreamName, verifySubject } from './mirror-stream.js';
import { type Verification, type Walk, walkMirror } from './mirror-verification.js';
import { Backoff, pause } from './pause.js';
import { PublishWindow, UnexpectedSequence, windowMessages } from './publish-window.js';
import { isAnswerable } from './request-server.js';
import { isTraced, recordSpan } from './tracing.js';
import { endOfTurn } from './turn.js';

export interface RelayOptions {
  readonly connection: NatsConnection;
  readonly store: EventStore;
  /** The service's word in subjects, such as `book`; its mirror is the stream `BOOK`. */
  readonly service: string;
  /** CloudEvents `source` of the events: a URI reference. */
  readonly source: string;
  /** How many servers of a NATS cluster keep the mirror; 1 by default. */
  readonly replicas?: number;
  /** Hears of each new generation, and why it was made. */
  readonly onGeneration?: (generation: number, reason: string) => void;
}

export interface RelayStatus {
  /**
   * `connecting`: the bus is away. `joining`: the mirror is being proved, or made. `following`: the mirror follows the log.
   * `standby`: another relay fills it.
   */
  readonly state: 'stopped' | 'connecting' | 'joining' | 'following' | 'standby';
  /** The position of the last event that is known to be in the mirror. */
  readonly published: bigint | undefined;
  /** The position of the log's last event. */
  readonly head: bigint | undefined;
  /** How far the mirror is behind the log in positions: in events, where positions are dense. */
  readonly behind: number;
  /** For how long the oldest event that is not known to be in the mirror has been in the log; 0 where there is none. */
  readonly behindMs: number;
  /** How many messages the mirror has not acknowledged yet. */
  readonly unacknowledged: number;
  readonly generation: number | undefined;
  /** Why the relay is not publishing, if something is wrong. */
  readonly lastError: Error | undefined;
}

/** The server would refuse a message that the log may hold, and the mirror would stand still at it for ever. */
export class PayloadLimitTooLow extends Error {
  override readonly name = 'PayloadLimitTooLow';
  constructor(
    readonly maxPayloadBytes: number,
    readonly requiredBytes: number,
  ) {
    super(`the NATS server's max_payload is ${maxPayloadBytes} bytes; mirrors need at least ${requiredBytes}`);
  }
}

/** Somebody changed the mirror while it was being filled. */
class MirrorChanged extends Error {
  override readonly name = 'MirrorChanged';
}

/** An append's events, and what their headers may weigh. */
const requiredPayloadBytes = maxAppendBytes + 128 * 1024;
const watchMs = 2_000;
const standbyMs = 1_000;
/** How often the mirror's end has to stand still, behind the log, before a relay in standby takes over. */
const standstills = 2;
/** Who asks again within this time, about the same stream, gets the same answer: a walk is work. */
const verificationHoldsMs = 5_000;
/** A generation that lasted for less was made in vain, and the next one waits longer. */
const lastingGenerationMs = 60_000;

/** Where the mirror stands: what comes next follows this. */
interface Join {
  readonly mirror: Mirror & { readonly identity: MirrorIdentity };
  readonly position: bigint | undefined;
}

/**
 * Copies a service's log onto the bus, in order, for as long as it runs. It keeps no checkpoint: the last message of the
 * mirror is the checkpoint, and it is proved before anything is published. A mirror that cannot be proved to be the
 * beginning of the log is made anew as the next generation. Whatever goes wrong, it proves again and goes on.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #connectivity: Connectivity;
  readonly #backoff = new Backoff(100, 5_000);
  readonly #generationBackoff = new Backoff(500, 30_000);
  #state: RelayStatus['state'] = 'stopped';
  #published: bigint | undefined;
  #generation: number | undefined;
  #generationMadeAt = -Infinity;
  #lastError: Error | undefined;

  #jetstream!: JetStreamManager;
  #running: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #session: AbortController | undefined;
  #window: PublishWindow | undefined;
  /** Whether somebody else wrote into the mirror while this relay filled it. */
  #isContended = false;
  /** The creation time of a stream whose chain was walked and found broken. */
  #condemned: string | undefined;
  readonly #spanAttributes: Attributes;
  #verification: { readonly created: string; readonly result: Promise<Walk> } | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#spanAttributes = {
      'messaging.system': 'nats',
      'messaging.destination.name': mirrorStreamName(options.service),
    };
    this.#connectivity = Connectivity.of(options.connection);
  }

  /** Begins; returns at once. @throws PayloadLimitTooLow when the server could not carry what the log may hold */
  start(): void {
    if (this.#running) return;
    this.#assertPayloadLimit();
    const stop = new AbortController();
    this.#running = { stop, done: this.#run(stop.signal) };
  }

  /** Ends; what was not published yet will be when a relay runs again. */
  async stop(): Promise<void> {
    this.#running?.stop.abort();
    await this.#running?.done;
    this.#running = undefined;
  }

  async status(): Promise<RelayStatus> {
    const head = await this.#options.store.head();
    const published = this.#published;
    const behind = head === undefined ? 0 : Math.max(0, Number(head - (published ?? 0n)));
    const oldest = behind === 0 ? undefined : await this.#readEventAfter(published);
    return {
      state: this.#state,
      published,
      head,
      behind,
      behindMs: oldest === undefined ? 0 : Math.max(0, Date.now() - Date.parse(oldest.metadata.time)),
      unacknowledged: this.#window?.unacknowledged ?? 0,
      generation: this.#generation,
      lastError: this.#lastError,
    };
  }

  async #run(stop: AbortSignal): Promise<void> {
    const { connection } = this.#options;
    this.#jetstream = await jetstreamManager(connection, { checkAPI: false });
    const verifications = this.#serveVerification(stop);
    while (!stop.aborted) {
      try {
        this.#state = 'connecting';
        await this.#connectivity.restored(stop);
        if (!stop.aborted) await this.#follow(stop);
      } catch (error) {
        if (stop.aborted) break;
        if (connection.isClosed()) {
          this.#lastError = error as Error;
          break;
        }
        if (error instanceof UnexpectedSequence) {
          this.#isContended = true;
        } else {
          this.#lastError = error as Error;
          await this.#backoff.pause(stop);
        }
      }
    }
    if (!connection.isClosed()) verifications.unsubscribe();
    this.#state = 'stopped';
  }

  /** Proves the join and publishes what follows it, until something goes wrong, which it throws. */
  async #follow(stop: AbortSignal): Promise<void> {
    const session = new AbortController();
    this.#session = session;
    for (const signal of [stop, this.#connectivity.lost]) {
      signal.addEventListener('abort', () => session.abort(signal.reason), { signal: session.signal });
      if (signal.aborted) session.abort(signal.reason);
    }
    try {
      this.#assertPayloadLimit();
      this.#state = 'joining';
      const join = await this.#join(session.signal);
      session.signal.throwIfAborted();
      this.#published = join.position;
      this.#generation = join.mirror.identity.generation;
      this.#lastError = undefined;
      if (this.#isContended) {
        // The mirror is proved, so it was no stranger who wrote, but a relay.
        this.#isContended = false;
        await this.#standBy(session.signal);
      } else {
        this.#state = 'following';
        await this.#publish(join, session);
      }
    } finally {
      session.abort();
    }
  }

  async #publish({ mirror, position }: Join, session: AbortController): Promise<void> {
    const { connection, store, service, source } = this.#options;
    const { logId, generation } = mirror.identity;
    const window = new PublishWindow(connection, mirror.stream, mirror.lastSequence);
    this.#window = window;
    window.failed.addEventListener('abort', () => session.abort(window.failed.reason), { signal: session.signal });
    session.signal.addEventListener('abort', () => window.close());
    void this.#watch(mirror, window, session);
    try {
      let previousPosition = position;
      const after = position === undefined ? {} : { after: position };
      for await (const events of store.subscribe({ ...after, signal: session.signal })) {
        // The answers to the commands that these events came of go out then, and the events with them.
        await endOfTurn();
        for (const event of events) {
          const message = toEventMessage(event, { service, source, logId, generation, previousPosition });
          // Only where it must: the client sends what it has at every turn of the event loop, and one message a turn is slow.
          if (window.isFull || window.failed.aborted) await window.room();
          const sentAt = Date.now();
          window.publish(message, () => {
            this.#published = event.position;
            this.#backoff.reset();
            this.#trace(event, sentAt);
          });
          previousPosition = event.position;
        }
      }
      session.signal.throwIfAborted();
      throw new Error('the subscription to the log ended');
    } finally {
      session.abort();
      this.#window = undefined;
    }
  }

  #trace({ type, metadata }: RecordedEvent, startedAt: number): void {
    if (!isTraced(metadata)) return;
    const { traceparent } = metadata;
    recordSpan(`relay ${type}`, { traceparent, kind: SpanKind.PRODUCER, startedAt, attributes: this.#spanAttributes });
  }

  /**
   * Looks, now and then, whether the stream is still the one that is being filled, and holds what it should: in a log
   * without new events nothing else would tell.
   */
  async #watch(mirror: Mirror, window: PublishWindow, session: AbortController): Promise<void> {
    try {
      for (;;) {
        await pause(watchMs, session.signal);
        if (session.signal.aborted) return;
        const atLeast = window.acknowledgedSequence;
        const now = await findMirror(this.#jetstream, this.#options.service);
        if (now === undefined) throw new MirrorChanged(`${mirror.stream} was deleted`);
        if (now.created !== mirror.created) throw new MirrorChanged(`${mirror.stream} was made anew by somebody else`);
        if (now.unsafeSetting !== undefined) throw new MirrorChanged(`a setting of ${mirror.stream} was changed`);
        if (now.messages !== now.lastSequence) throw new MirrorChanged(`${mirror.stream} has holes`);
        if (now.lastSequence < atLeast) throw new MirrorChanged(`${mirror.stream} was cut`);
        const { sentSequence } = window;
        if (now.lastSequence > sentSequence) throw new UnexpectedSequence(mirror.stream, sentSequence + 1);
      }
    } catch (error) {
      session.abort(error);
    }
  }

  /** Finds where to go on: at the end of the mirror if that is proved to be the beginning of the log, else in a new one. */
  async #join(session: AbortSignal): Promise<Join> {
    const { service, store } = this.#options;
    const mirror = await findMirror(this.#jetstream, service);
    if (mirror === undefined) return this.#makeGeneration('there was none');
    const { identity } = mirror;
    if (identity === undefined) return this.#remake(mirror, 'the stream was not made by a relay', session);
    if (identity.logId !== store.logId) return this.#remake(mirror, `it mirrors the log ${identity.logId}`, session);
    const proved = await this.#prove({ ...mirror, identity }, session);
    return typeof proved === 'string' ? this.#remake(mirror, proved, session) : proved;
  }

  /** @returns why the mirror is not the beginning of the log, or where to go on */
  async #prove(mirror: Mirror & { readonly identity: MirrorIdentity }, session: AbortSignal): Promise<Join | string> {
    const { lastSequence } = mirror;
    if (mirror.created === this.#condemned) return 'its chain is broken';
    if (mirror.unsafeSetting !== undefined) return `its setting ${mirror.unsafeSetting} is not safe`;
    if (mirror.messages !== lastSequence) return `it holds ${mirror.messages} of ${lastSequence} messages`;
    if (lastSequence === 0) return { mirror, position: undefined };
    if (mirror.firstSequence !== 1) return `it begins at ${mirror.firstSequence}`;

    const first = await this.#readLink(mirror, 1);
    if (typeof first === 'string') return first;
    if (first.previousPosition !== undefined) return `its first message follows position ${first.previousPosition}`;
    // Had somebody else written into the stream while a window was under way, what came after it in the window would have
    // found the sequence it expected, and only the chain would tell.
    const from = Math.max(1, lastSequence - 2 * windowMessages + 1);
    const walk = await walkMirror(this.#options.connection, this.#jetstream, mirror, { from, signal: session });
    if ('fault' in walk) return walk.fault;
    const { id, position, previousPosition } = walk.last!;
    const event = await this.#readEventAfter(previousPosition);
    const isOfLog = event?.id === id && event.position === position;
    if (!isOfLog) return `its last event is not the log's at position ${position}`;
    return { mirror, position };
  }

  async #readLink(mirror: Mirror, sequence: number): Promise<ChainLink | string> {
    try {
      const message = await this.#jetstream.streams.getMessage(mirror.stream, { seq: sequence });
      if (message === null) return `message ${sequence} is missing`;
      return chainLinkOf({ headers: message.header }, sequence);
    } catch (error) {
      if (error instanceof MalformedMessage) return `message ${sequence}: ${error.message}`;
      if (error instanceof JetStreamApiError && error.status === 404) return `message ${sequence} is missing`;
      throw error;
    }
  }

  async #readEventAfter(position: bigint | undefined) {
    const after = position === undefined ? {} : { after: position };
    for await (const [event] of this.#options.store.readLog({ ...after, limit: 1 })) return event;
    return undefined;
  }

  async #remake(mirror: Mirror, reason: string, session: AbortSignal): Promise<Join> {
    // Two relays of different logs under one service's name would otherwise unmake each other's work without rest.
    if (performance.now() - this.#generationMadeAt < lastingGenerationMs) await this.#generationBackoff.pause(session);
    else this.#generationBackoff.reset();
    session.throwIfAborted();

    const now = await findMirror(this.#jetstream, this.#options.service);
    // Judged was one stream; another may have taken its place meanwhile.
    if (now !== undefined && now.created !== mirror.created) throw new MirrorChanged(`${mirror.stream} was made anew`);
    if (now !== undefined) await this.#jetstream.streams.delete(mirror.stream);
    return this.#makeGeneration(reason, mirror.identity?.generation);
  }

  /** @param previous the generation before, if it is known: with the bus's data it may have been lost */
  async #makeGeneration(reason: string, previous = 0): Promise<Join> {
    const { service, store, replicas = 1, onGeneration } = this.#options;
    const generation = Math.max(previous + 1, (this.#generation ?? 0) + 1, Date.now());
    await createMirror(this.#jetstream, service, { logId: store.logId, generation }, replicas);
    this.#isContended = false;
    this.#generation = generation;
    this.#generationMadeAt = performance.now();
    onGeneration?.(generation, reason);
    const mirror = await findMirror(this.#jetstream, service);
    if (mirror?.identity?.generation !== generation) {
      throw new MirrorChanged(`${mirrorStreamName(service)} vanished when it was just made`);
    }
    return { mirror: { ...mirror, identity: mirror.identity }, position: undefined };
  }

  /**
   * Another relay fills the mirror. This one looks on, and takes over when the mirror stands still behind the log or is gone.
   * Should that be too early, the expected sequence makes one of the two fail.
   */
  async #standBy(session: AbortSignal): Promise<void> {
    this.#state = 'standby';
    const { service, store } = this.#options;
    let lastSequence = -1;
    let stoodStill = 0;
    for (;;) {
      session.throwIfAborted();
      const mirror = await findMirror(this.#jetstream, service);
      if (mirror === undefined || mirror.identity?.generation !== this.#generation) return;
      stoodStill = mirror.lastSequence === lastSequence ? stoodStill + 1 : 0;
      lastSequence = mirror.lastSequence;
      const last = lastSequence === 0 ? undefined : await this.#readLink(mirror, lastSequence);
      if (typeof last === 'string') return;
      this.#published = last?.position;
      const isBehind = (await store.head()) !== last?.position;
      if (isBehind && stoodStill >= standstills) return;
      await pause(standbyMs * (0.75 + Math.random() / 2), session);
    }
  }

  #serveVerification(stop: AbortSignal): Subscription {
    const { connection, service } = this.#options;
    return connection.subscribe(verifySubject(service), {
      queue: `relay-${service}`,
      callback: (error, message) => {
        if (error !== null) return;
        const { lost } = this.#connectivity;
        void this.#verify(stop).then((verification) => {
          const canAnswer = isAnswerable(message.reply) && !lost.aborted && !connection.isDraining();
          if (canAnswer) message.respond(JSON.stringify(verification));
        });
      },
    });
  }

  /** Walks the chain, and condemns the mirror if it is broken. */
  async #verify(stop: AbortSignal): Promise<Verification> {
    const { connection, service } = this.#options;
    try {
      const mirror = await findMirror(this.#jetstream, service);
      if (mirror?.identity === undefined) return { intact: false };
      const { created, identity } = mirror;
      const { generation } = identity;
      if (this.#verification?.created !== created) {
        const result = walkMirror(connection, this.#jetstream, { ...mirror, identity }, { from: 1, signal: stop });
        const verification = { created, result };
        this.#verification = verification;
        const forget = () => {
          if (this.#verification === verification) this.#verification = undefined;
        };
        result.then(() => void pause(verificationHoldsMs, stop).then(forget), forget);
      }
      const walk = await this.#verification.result;
      if ('last' in walk) return { generation, intact: true };
      this.#condemned = created;
      this.#session?.abort(new MirrorChanged(walk.fault));
      return { generation, intact: false };
    } catch {
      // The bus or the stream went away: there is nothing to say about it.
      return { intact: false };
    }
  }

  #assertPayloadLimit(): void {
    const limit = this.#options.connection.info?.max_payload;
    if (limit !== undefined && limit < requiredPayloadBytes) throw new PayloadLimitTooLow(limit, requiredPayloadBytes);
  }
}
