import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { Chain, MirrorGap, type MirrorIdentity } from './chain.js';
import { Connectivity } from './connectivity.js';
import { MalformedMessage } from './malformed-message.js';
import { fromEventMessage, type MirroredEvent } from './message.js';
import { findMirror, type Mirror } from './mirror-stream.js';
import { askForVerification } from './mirror-verification.js';
import { Backoff } from './pause.js';
import { type Delivered, pullStream } from './pull.js';
import { receivedHeaders } from './received-headers.js';

/** The last event of a mirror that a reader has dealt with. */
export interface Checkpoint {
  readonly logId: string;
  readonly generation: number;
  readonly position: bigint;
  /** Where the event lay in that generation: only a hint, which is proved before it is used. */
  readonly sequence?: number;
}

/** What comes out of a mirror. */
export type MirrorDelivery =
  /** The next events, in the order of the log, without a gap or a repetition. At least one; all that were at hand. */
  | {
      readonly kind: 'events';
      readonly events: readonly MirroredEvent[];
      /** How many events of the mirror come after them. */
      readonly behind: number;
    }
  /** The log is another one than the checkpoint's: forget what came of the old one. Its events follow from the first. */
  | { readonly kind: 'newLog'; readonly logId: string }
  /** The mirror is broken; its relay has been told, and events go on with its next generation. Once for each generation. */
  | { readonly kind: 'gap'; readonly gap: MirrorGap };

export interface ConsumeOptions {
  /** Whose mirror, such as `book`. */
  readonly service: string;
  /** Where to go on; without one, from the log's first event. */
  readonly checkpoint?: Checkpoint;
  /** Ends the iteration, without an error. */
  readonly signal: AbortSignal;
}

export interface MirrorConsumerStatus {
  /** `waiting`: there is no bus or no mirror. `broken`: the mirror has a gap, and its next generation is awaited. */
  readonly state: 'waiting' | 'reading' | 'broken';
  readonly generation: number | undefined;
  /** How many events of the mirror were not delivered yet; `undefined` before the mirror was seen. */
  readonly behind: number | undefined;
  readonly lastError: Error | undefined;
}

/** Reads a mirror in order, for ever; iterate it once. */
export interface MirrorConsumer extends AsyncIterable<MirrorDelivery> {
  status(): MirrorConsumerStatus;
}

/**
 * Reads a service's mirror in the order of its log, from after the checkpoint: through restarts, lost connections, a mirror
 * that is not there yet and one that is made anew while it is read. It asks for more only when what it gave was taken, so
 * memory is bounded.
 *
 * Every message has to follow the one before it (log id, generation, previous position and sequence), so nothing is
 * skipped whatever happens to the stream. The checkpoint's event is looked for at its hinted sequence and has to be there;
 * otherwise the mirror is read from its first message, and delivery begins where previous ≤ checkpoint < position: in the
 * checkpoint's own generation, exactly after it.
 */
export function consumeMirror(connection: NatsConnection, options: ConsumeOptions): MirrorConsumer {
  return new ChainedConsumer(connection, options);
}

type FoundMirror = Mirror & { readonly identity: MirrorIdentity };
type HintedCheckpoint = Checkpoint & { readonly sequence: number };

/** How far the reading of one mirror over one connection has come. */
interface Reading {
  readonly identity: MirrorIdentity;
  readonly hint: HintedCheckpoint | undefined;
  /** `undefined` until the checkpoint's event was seen where the hint said. */
  chain: Chain | undefined;
  /** Whether the place after the checkpoint is reached. */
  isJoined: boolean;
  deliveries: number;
}

/** The checkpoint's event is not where the hint said. */
class HintRefuted extends Error {}

/** A message got lost between the server and here, which is no gap: reading begins anew after the events before it. */
class DeliveryLost extends Error {}

class ChainedConsumer implements MirrorConsumer {
  readonly #connection: NatsConnection;
  readonly #connectivity: Connectivity;
  readonly #service: string;
  readonly #signal: AbortSignal;
  readonly #backoff = new Backoff(100, 3_000);
  #checkpoint: Checkpoint | undefined;
  #jetstream!: JetStreamManager;
  #state: MirrorConsumerStatus['state'] = 'waiting';
  #generation: number | undefined;
  #reachedSequence = 0;
  #endSequence: number | undefined;
  #reportedGap: number | undefined;
  #lastError: Error | undefined;

  constructor(connection: NatsConnection, { service, checkpoint, signal }: ConsumeOptions) {
    this.#connection = connection;
    this.#connectivity = Connectivity.of(connection);
    this.#service = service;
    this.#checkpoint = checkpoint;
    this.#signal = signal;
  }

  status(): MirrorConsumerStatus {
    return {
      state: this.#state,
      generation: this.#generation,
      behind: this.#endSequence === undefined ? undefined : Math.max(0, this.#endSequence - this.#reachedSequence),
      lastError: this.#lastError,
    };
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<MirrorDelivery, void, undefined> {
    this.#jetstream = await jetstreamManager(this.#connection, { checkAPI: false });
    while (!this.#signal.aborted) {
      let mirror: FoundMirror | undefined;
      try {
        mirror = await this.#find();
        if (mirror !== undefined) {
          if (this.#checkpoint !== undefined && this.#checkpoint.logId !== mirror.identity.logId) {
            this.#checkpoint = undefined;
            yield { kind: 'newLog', logId: mirror.identity.logId };
          }
          yield* this.#read(mirror);
        }
      } catch (error) {
        if (this.#signal.aborted) return;
        if (this.#connection.isClosed()) throw error;
        if (error instanceof HintRefuted) {
          this.#checkpoint = withoutHint(this.#checkpoint);
          continue;
        }
        this.#lastError = error as Error;
        if (error instanceof MirrorGap && mirror !== undefined && (await this.#isStill(mirror))) {
          this.#state = 'broken';
          if (this.#reportedGap !== error.generation) yield { kind: 'gap', gap: error };
          this.#reportedGap = error.generation;
          await askForVerification(this.#connection, this.#service, this.#signal);
          // Whatever the relay says: what is read next is read from the first message, and proves itself or does not.
          this.#checkpoint = withoutHint(this.#checkpoint);
        }
      }
      await this.#backoff.pause(this.#signal);
    }
  }

  /** Waits for the connection. @returns `undefined` while there is no mirror */
  async #find(): Promise<FoundMirror | undefined> {
    if (!this.#connectivity.connected) this.#state = 'waiting';
    await this.#connectivity.restored(this.#signal);
    if (this.#signal.aborted) return undefined;
    const mirror = await findMirror(this.#jetstream, this.#service);
    if (mirror?.identity === undefined) {
      this.#state = 'waiting';
      return undefined;
    }
    return { ...mirror, identity: mirror.identity };
  }

  /** A mirror that was made anew between two looks at it is no broken one. */
  async #isStill(mirror: Mirror): Promise<boolean> {
    try {
      return (await findMirror(this.#jetstream, this.#service))?.created === mirror.created;
    } catch {
      return false;
    }
  }

  /** Delivers a mirror's events until it is gone, or the connection is. @throws MirrorGap, HintRefuted, DeliveryLost */
  async *#read(mirror: FoundMirror): AsyncGenerator<MirrorDelivery, void, undefined> {
    const { identity, stream } = mirror;
    const hint = this.#hintFor(mirror);
    const reading: Reading = {
      identity,
      hint,
      chain: hint === undefined ? Chain.from(identity, 1) : undefined,
      isJoined: this.#checkpoint === undefined,
      deliveries: 0,
    };
    this.#reachedSequence = hint?.sequence ?? 0;
    this.#endSequence = mirror.lastSequence;
    this.#generation = identity.generation;

    const from = hint?.sequence ?? 1;
    const pull = await pullStream(this.#connection, this.#jetstream, stream, { from, signal: this.#signal });
    try {
      if (this.#reportedGap !== identity.generation) this.#isReading();
      for (;;) {
        const batch = await pull.next();
        if (batch === undefined) return;
        this.#endSequence = batch.at(-1)!.endSequence;
        const { events, end } = this.#take(batch, reading);
        const last = events.at(-1);
        if (last !== undefined) {
          const { logId, generation, position, sequence } = last;
          this.#checkpoint = { logId, generation, position, sequence };
          this.#isReading();
          yield { kind: 'events', events, behind: this.#endSequence - sequence };
        }
        if (end !== undefined) throw end;
      }
    } finally {
      pull.end();
    }
  }

  /** The events of a batch that are to be delivered, and why there can be no more, if so. */
  #take(batch: readonly Delivered[], reading: Reading): { events: MirroredEvent[]; end: Error | undefined } {
    const events: MirroredEvent[] = [];
    try {
      for (const delivered of batch) {
        if (delivered.delivery !== ++reading.deliveries) throw new DeliveryLost();
        const event = this.#parse(delivered, reading);
        if (reading.chain === undefined) {
          if (!isCheckpointed(event, reading.hint!)) throw new HintRefuted();
          reading.chain = Chain.after(reading.identity, event);
          reading.isJoined = true;
        } else {
          const fault = reading.chain.follow(event);
          if (fault !== undefined) throw this.#gap(reading, fault);
          if (reading.isJoined || event.position > this.#checkpoint!.position) {
            this.#assertJoin(event, reading);
            reading.isJoined = true;
            events.push(event);
          }
        }
        this.#reachedSequence = delivered.sequence;
      }
      return { events, end: undefined };
    } catch (error) {
      return { events, end: error as Error };
    }
  }

  /** In the checkpoint's own generation its event is there, so the first one after it has to follow it exactly. */
  #assertJoin(event: MirroredEvent, reading: Reading): void {
    const checkpoint = this.#checkpoint;
    if (reading.isJoined || checkpoint?.generation !== reading.identity.generation) return;
    if (event.previousPosition === checkpoint.position) return;
    throw this.#gap(reading, `it has no event at position ${checkpoint.position}`);
  }

  #parse({ message, sequence }: Delivered, reading: Reading): MirroredEvent {
    try {
      return fromEventMessage({ headers: receivedHeaders(message), data: message.data }, sequence);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      throw this.#gap(reading, `message ${sequence}: ${error.message}`);
    }
  }

  #gap({ identity }: Reading, reason: string): MirrorGap {
    return new MirrorGap(this.#service, identity.generation, reason);
  }

  #isReading(): void {
    this.#state = 'reading';
    this.#lastError = undefined;
    this.#backoff.reset();
  }

  #hintFor(mirror: FoundMirror): HintedCheckpoint | undefined {
    const checkpoint = this.#checkpoint;
    if (checkpoint?.sequence === undefined || checkpoint.generation !== mirror.identity.generation) return undefined;
    // A mirror that was cut is shorter than it was, for a while.
    if (checkpoint.sequence > mirror.lastSequence) return undefined;
    return { ...checkpoint, sequence: checkpoint.sequence };
  }
}

function isCheckpointed(event: MirroredEvent, checkpoint: HintedCheckpoint): boolean {
  return (
    event.logId === checkpoint.logId &&
    event.generation === checkpoint.generation &&
    event.sequence === checkpoint.sequence &&
    event.position === checkpoint.position
  );
}

function withoutHint(checkpoint: Checkpoint | undefined): Checkpoint | undefined {
  if (checkpoint === undefined) return undefined;
  const { logId, generation, position } = checkpoint;
  return { logId, generation, position };
}
