import { setMaxListeners } from 'node:events';
import {
  AckPolicy,
  type ConsumerInfo,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
} from '@nats-io/jetstream';
import { nanos, type NatsConnection } from '@nats-io/transport-node';
import { Chain, MirrorGap, type MirrorIdentity } from './chain.js';
import { Connectivity } from './connectivity.js';
import { MalformedMessage } from './malformed-message.js';
import { fromEventMessage, type MirroredEvent } from './message.js';
import { findMirror, type Mirror } from './mirror-stream.js';
import { askForVerification } from './mirror-verification.js';
import { Backoff, pause } from './pause.js';
import { type Delivered, Pull, pullStream } from './pull.js';
import { receivedHeaders } from './received-headers.js';

export interface ReactOptions {
  /** Whose events, such as `book`. */
  readonly mirror: string;
  /** The name under which JetStream keeps how far the reaction is; of the reacting service, such as `rent-service`. */
  readonly durable: string;
  /** By event type. Each may be called again for the same event, and has to take that as done. */
  readonly handlers: Readonly<Record<string, (event: MirroredEvent) => Promise<void>>>;
  /** How many events may be under way, or wait for one of their stream, at once; 256 by default. */
  readonly maxInFlight?: number;
  /** After how long JetStream hands an event out again that nobody has reported on; 30 s by default. */
  readonly ackWaitMs?: number;
  /** Hears of each failure of a handler; it is called again, after a pause that doubles up to 30 s. */
  readonly onError?: (error: unknown, event: MirroredEvent) => void;
  /** Ends the reaction. */
  readonly signal: AbortSignal;
}

export interface ReactionStatus {
  readonly state: 'waiting' | 'reading' | 'broken' | 'stopped';
  readonly generation: number | undefined;
  /** How many events of the mirror are not dealt with yet; `undefined` before the mirror was seen. */
  readonly behind: number | undefined;
  /** How many events a handler has failed on and will see again. Those of the same stream wait behind them. */
  readonly failing: number;
  readonly lastError: Error | undefined;
}

export interface Reaction {
  status(): ReactionStatus;
  /** Resolves when the signal has aborted and no handler runs any more. */
  readonly stopped: Promise<void>;
}

/**
 * Lets handlers react to the events of a mirror, each at least once: an event is acknowledged after its handler resolved,
 * and handled again, for ever, if it failed or the process died. Events of one stream come in their order, one after the
 * other; those of different streams side by side. One process at a time should use a durable: more are safe, but the
 * order within a stream then holds only within each of them.
 *
 * Acknowledgements are explicit, one an event. Acknowledging all up to an event would let one stream that fails hold back
 * the account of all others, and everything would be handled again after a crash; what it would save, an acknowledgement
 * for each event without a handler, is some 60 bytes.
 *
 * The durable goes away with its stream: the next generation of the mirror is handled from its beginning.
 */
export function react(connection: NatsConnection, options: ReactOptions): Reaction {
  const reaction = new DurableReaction(connection, options);
  return { status: () => reaction.status(), stopped: reaction.run() };
}

/** An event that is under way, or waits for one of its stream. */
interface UnderWay {
  /** Where to acknowledge it; a delivery that is repeated has a new one. */
  reply: string | undefined;
}

type FoundMirror = Mirror & { readonly identity: MirrorIdentity };

class DurableReaction {
  readonly #connection: NatsConnection;
  readonly #connectivity: Connectivity;
  readonly #options: ReactOptions;
  readonly #signal: AbortSignal;
  readonly #maxInFlight: number;
  readonly #ackWaitMs: number;
  readonly #backoff = new Backoff(100, 3_000);
  /** The last work of each stream that has any: the next event of the stream comes after it. */
  readonly #lanes = new Map<string, Promise<void>>();
  #inFlight = 0;
  #room: (() => void) | undefined;

  // Of the stream with this creation time; another one counts anew.
  #created: string | undefined;
  #underWay = new Map<number, UnderWay>();
  #nextSequence = 1;
  #chain!: Chain;
  #endSequence: number | undefined;

  #state: ReactionStatus['state'] = 'waiting';
  #generation: number | undefined;
  #failing = 0;
  #lastError: Error | undefined;

  constructor(connection: NatsConnection, options: ReactOptions) {
    this.#connection = connection;
    this.#connectivity = Connectivity.of(connection);
    this.#options = options;
    this.#signal = AbortSignal.any([options.signal]);
    // Each event that waits to be tried again listens for the end.
    setMaxListeners(0, this.#signal);
    this.#maxInFlight = options.maxInFlight ?? 256;
    this.#ackWaitMs = options.ackWaitMs ?? 30_000;
  }

  status(): ReactionStatus {
    const notRead = this.#endSequence === undefined ? undefined : this.#endSequence - this.#nextSequence + 1;
    return {
      state: this.#state,
      generation: this.#generation,
      behind: notRead === undefined ? undefined : notRead + this.#underWay.size,
      failing: this.#failing,
      lastError: this.#lastError,
    };
  }

  async run(): Promise<void> {
    const signal = this.#signal;
    const { mirror: service } = this.#options;
    const jetstream = await jetstreamManager(this.#connection, { checkAPI: false });
    const heartbeat = setInterval(() => this.#reportWork(), this.#ackWaitMs / 3);
    while (!signal.aborted) {
      try {
        if (!this.#connectivity.connected) this.#state = 'waiting';
        await this.#connectivity.restored(signal);
        if (signal.aborted) break;
        const mirror = await findMirror(jetstream, service);
        if (mirror?.identity !== undefined) await this.#follow(jetstream, { ...mirror, identity: mirror.identity });
        else this.#state = 'waiting';
      } catch (error) {
        if (signal.aborted || this.#connection.isClosed()) break;
        this.#lastError = error as Error;
        if (error instanceof MirrorGap) {
          this.#state = 'broken';
          await askForVerification(this.#connection, service, signal);
        }
      }
      await this.#backoff.pause(signal);
    }
    clearInterval(heartbeat);
    await Promise.all(this.#lanes.values());
    this.#state = 'stopped';
  }

  /** Handles a mirror's events until it is gone, or the connection is. */
  async #follow(jetstream: JetStreamManager, mirror: FoundMirror): Promise<void> {
    const durable = await this.#ensureDurable(jetstream, mirror.stream);
    const acknowledged = durable.ack_floor.stream_seq;
    const handedOut = durable.delivered.stream_seq;
    if (mirror.created !== this.#created) {
      this.#created = mirror.created;
      // What is still under way was of the stream before: it must not be acknowledged in this one.
      this.#underWay = new Map();
      this.#nextSequence = acknowledged + 1;
      this.#chain = Chain.from(mirror.identity, acknowledged + 1);
    }
    this.#generation = mirror.identity.generation;
    this.#endSequence = mirror.lastSequence;

    // JetStream hands out new events before it repeats those that it handed out to somebody who is gone. So these are read
    // first: their order with what follows is kept, and they need not wait to be repeated.
    if (handedOut >= this.#nextSequence && !(await this.#readAgain(jetstream, mirror, handedOut))) return;
    await this.#readDurable(mirror);
  }

  /** Makes the durable. One that is there, and was made with other settings by a process of another version, gets these. */
  async #ensureDurable(jetstream: JetStreamManager, stream: string): Promise<ConsumerInfo> {
    const settings = {
      durable_name: this.#options.durable,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(this.#ackWaitMs),
      max_deliver: -1,
      // Enough for all that may be under way or wait in a pull, twice: once known here, once to be repeated.
      max_ack_pending: 4 * this.#maxInFlight,
    };
    try {
      return await jetstream.consumers.add(stream, settings);
    } catch (error) {
      // NATS 2.9 changes the settings by itself; those after it want to be told.
      if (!(error instanceof JetStreamApiError && error.code === consumerAlreadyExists)) throw error;
      return jetstream.consumers.update(stream, settings.durable_name, settings);
    }
  }

  /** Takes the events from the next one up to a sequence. @returns whether it got there */
  async #readAgain(jetstream: JetStreamManager, mirror: FoundMirror, upTo: number): Promise<boolean> {
    const signal = this.#signal;
    const from = this.#nextSequence;
    const pull = await pullStream(this.#connection, jetstream, mirror.stream, { from, signal });
    try {
      while (this.#nextSequence <= upTo) {
        const batch = await pull.next();
        if (batch === undefined) return false;
        for (const delivered of batch) {
          if (delivered.sequence > upTo) break;
          if (this.#isFull) await this.#roomToTake();
          if (signal.aborted) return false;
          this.#take(delivered, mirror, undefined);
        }
      }
      return true;
    } finally {
      pull.end();
    }
  }

  async #readDurable(mirror: FoundMirror): Promise<void> {
    const signal = this.#signal;
    const { durable } = this.#options;
    const pull = new Pull(this.#connection, {
      stream: mirror.stream,
      consumer: durable,
      batch: this.#maxInFlight,
      signal,
    });
    try {
      this.#state = 'reading';
      for (;;) {
        const batch = await pull.next();
        if (batch === undefined) return;
        for (const delivered of batch) {
          const { message, sequence, endSequence } = delivered;
          // One that is repeated tells how many there are after the last one that was handed out, and not after itself.
          if (sequence < this.#nextSequence) this.#acceptRepetition(sequence, message.reply!);
          // One before it was handed out and did not come here: begin anew, and read it again.
          else if (sequence > this.#nextSequence) return;
          else {
            this.#endSequence = endSequence;
            // Waited for only where it must: the client sends acknowledgements together that fall into one turn of the event loop.
            if (this.#isFull) await this.#roomToTake();
            if (signal.aborted) return;
            this.#take(delivered, mirror, message.reply);
          }
        }
        this.#lastError = undefined;
        this.#backoff.reset();
      }
    } finally {
      pull.end();
    }
  }

  /** Takes the next event of the mirror. @throws MirrorGap when it is not the next one */
  #take({ message, sequence }: Delivered, mirror: FoundMirror, reply: string | undefined): void {
    const event = this.#parse(message, sequence, mirror);
    const fault = this.#chain.follow(event);
    if (fault !== undefined) throw new MirrorGap(this.#options.mirror, mirror.identity.generation, fault);

    const handler = Object.hasOwn(this.#options.handlers, event.type) ? this.#options.handlers[event.type] : undefined;
    if (handler === undefined) {
      if (reply !== undefined) this.#publish(reply, acknowledgement);
    } else {
      this.#enqueue(event, handler, reply);
    }
    this.#nextSequence = sequence + 1;
  }

  get #isFull(): boolean {
    return this.#inFlight >= this.#maxInFlight;
  }

  /** Waits until one more event may be under way, or the reaction is stopped. */
  async #roomToTake(): Promise<void> {
    const signal = this.#signal;
    const wake = () => this.#room?.();
    signal.addEventListener('abort', wake);
    while (this.#isFull && !signal.aborted) await new Promise<void>((resolve) => (this.#room = resolve));
    signal.removeEventListener('abort', wake);
  }

  #parse(message: Delivered['message'], sequence: number, { identity }: FoundMirror): MirroredEvent {
    try {
      return fromEventMessage({ headers: receivedHeaders(message), data: message.data }, sequence);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      throw new MirrorGap(this.#options.mirror, identity.generation, `message ${sequence}: ${error.message}`);
    }
  }

  /** An event that was handed out before: it is under way here, or done. */
  #acceptRepetition(sequence: number, reply: string): void {
    const known = this.#underWay.get(sequence);
    if (known !== undefined) known.reply = reply;
    else this.#publish(reply, acknowledgement);
  }

  #enqueue(event: MirroredEvent, handler: (event: MirroredEvent) => Promise<void>, reply: string | undefined): void {
    const { sequence, stream } = event;
    const underWay = this.#underWay;
    const entry: UnderWay = { reply };
    underWay.set(sequence, entry);
    this.#inFlight++;

    const work = (this.#lanes.get(stream) ?? Promise.resolve()).then(async () => {
      const isDone = await this.#handle(event, handler);
      this.#inFlight--;
      if (this.#lanes.get(stream) === work) this.#lanes.delete(stream);
      underWay.delete(sequence);
      const isOfThisStream = underWay === this.#underWay;
      if (isDone && isOfThisStream && entry.reply !== undefined) this.#publish(entry.reply, acknowledgement);
      this.#room?.();
    });
    this.#lanes.set(stream, work);
  }

  /** @returns whether the handler resolved; if not, the reaction was stopped */
  async #handle(event: MirroredEvent, handler: (event: MirroredEvent) => Promise<void>): Promise<boolean> {
    const signal = this.#signal;
    const { onError } = this.#options;
    let retryMs = 100;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await handler(event);
        if (attempt > 1) this.#failing--;
        return true;
      } catch (error) {
        if (attempt === 1) this.#failing++;
        onError?.(error, event);
      }
      await pause(retryMs, signal);
      retryMs = Math.min(retryMs * 2, 30_000);
    }
    return false;
  }

  /** Tells JetStream that what is under way still is, so that it is not handed out again. */
  #reportWork(): void {
    for (const { reply } of this.#underWay.values()) if (reply !== undefined) this.#publish(reply, inProgress);
  }

  /** What gets lost here only has to be repeated. */
  #publish(reply: string, payload: string): void {
    if (this.#connectivity.connected && !this.#connection.isDraining()) this.#connection.publish(reply, payload);
  }
}

const consumerAlreadyExists = 10148;
const acknowledgement = '+ACK';
const inProgress = '+WPI';
