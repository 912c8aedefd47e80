import { AckPolicy, DeliverPolicy, type JetStreamManager } from '@nats-io/jetstream';
import { type Msg, type NatsConnection, nanos, type Subscription } from '@nats-io/transport-node';
import { Connectivity } from './connectivity.js';

/** A message from a stream, with its place there. */
export interface Delivered {
  readonly message: Msg;
  readonly sequence: number;
  /** Counts the deliveries of the consumer. */
  readonly delivery: number;
  /** The sequence of the stream's last message, when this one was delivered. */
  readonly endSequence: number;
}

export interface PullOptions {
  readonly stream: string;
  readonly consumer: string;
  /** How many messages one request asks for. */
  readonly batch: number;
  /** Ends the pull. */
  readonly signal: AbortSignal;
  readonly onEnd?: () => void;
}

const requestBytes = 4 * 1024 * 1024;
const requestExpiresMs = 30_000;
const heartbeatMs = 2_000;
// One heartbeat may be lost or late before the consumer counts as gone: the server says nothing about one that is.
const silenceMs = 2.5 * heartbeatMs;

/**
 * So long are messages left to gather where they come in a crowd, once all that were there have been brought. They then come, and are worked on,
 * a few at a time, and what each of them costs on its own is paid once for all of them: a wake-up of two processes, a transaction.
 */
const gatherMs = 25;
/** So many within so long are a crowd; of somebody who waits for what comes of each of their commands, there are fewer. */
const crowd = { messages: 4, withinMs: 20 };

/**
 * Pulls messages from a JetStream consumer: all that are at hand, or the next one as soon as it is there. One request is
 * open at a time, and the next is made only while less than a batch waits here, so that memory stays bounded (two batches
 * or about 8 MiB). It ends when the consumer is gone or the connection is lost; whoever uses it begins anew with what it
 * knows.
 */
export class Pull {
  readonly #connection: NatsConnection;
  readonly #options: PullOptions;
  readonly #inbox: string;
  readonly #subscription: Subscription;
  readonly #heartbeatWatch: NodeJS.Timeout;
  readonly #listeners = new AbortController();

  #buffer: Delivered[] = [];
  #bufferedBytes = 0;
  #requests = 0;
  /** How many messages the open request may still bring; zero while none is open. */
  #awaited = 0;
  #gathering: NodeJS.Timeout | undefined;
  /** When the last messages came, in a ring. */
  readonly #arrivals = new Float64Array(crowd.messages).fill(-Infinity);
  #arrived = 0;
  #lastSignOfLife = performance.now();
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(connection: NatsConnection, options: PullOptions) {
    this.#connection = connection;
    this.#options = options;
    const connectivity = Connectivity.of(connection);
    this.#inbox = connectivity.createInbox();
    this.#subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error ? this.end() : this.#receive(message)),
    });
    this.#heartbeatWatch = setInterval(() => this.#assertAlive(), heartbeatMs);
    for (const signal of [options.signal, connectivity.lost]) {
      signal.addEventListener('abort', () => this.end(), { signal: this.#listeners.signal });
      if (signal.aborted) this.end();
    }
    this.#request();
  }

  /** All messages that are at hand, at least one; `undefined` when no more will come. */
  async next(): Promise<readonly Delivered[] | undefined> {
    while (this.#buffer.length === 0) {
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const messages = this.#buffer;
    this.#buffer = [];
    this.#bufferedBytes = 0;
    this.#request();
    return messages;
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#listeners.abort();
    clearInterval(this.#heartbeatWatch);
    clearTimeout(this.#gathering);
    if (!this.#connection.isClosed()) this.#subscription.unsubscribe();
    this.#wake?.();
    this.#options.onEnd?.();
  }

  #request(): void {
    const { stream, consumer, batch } = this.#options;
    if (this.#ended || this.#awaited > 0 || this.#gathering !== undefined) return;
    if (this.#buffer.length >= batch || this.#bufferedBytes >= requestBytes) return;
    this.#awaited = batch;
    this.#lastSignOfLife = performance.now();
    const request = {
      batch,
      max_bytes: requestBytes,
      // With an expiry this means: all that are at hand, and where there are none the next one. Without it, each message would be
      // brought by itself as soon as it is there, until the request is full.
      no_wait: true,
      expires: nanos(requestExpiresMs),
      idle_heartbeat: nanos(heartbeatMs),
    };
    this.#connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), {
      reply: this.#replySubject(++this.#requests),
    });
  }

  #receive(message: Msg): void {
    if (this.#ended) return;
    this.#lastSignOfLife = performance.now();
    if (message.reply === undefined || message.reply === '') return this.#receiveStatus(message);

    this.#awaited--;
    this.#arrivals[this.#arrived++ % crowd.messages] = this.#lastSignOfLife;
    this.#buffer.push(delivered(message));
    this.#bufferedBytes += message.data.length;
    this.#wake?.();
    this.#request();
  }

  get #isCrowded(): boolean {
    return this.#lastSignOfLife - this.#arrivals[this.#arrived % crowd.messages]! < crowd.withinMs;
  }

  #gather(): void {
    this.#gathering = setTimeout(() => {
      this.#gathering = undefined;
      this.#request();
    }, gatherMs);
  }

  #receiveStatus(message: Msg): void {
    const code = message.headers?.code ?? 0;
    const isForOpenRequest = message.subject === this.#replySubject(this.#requests);
    if (code === statusHeartbeat || !isForOpenRequest) return;
    if (code === statusExpired || code === statusNoMessages) {
      // It may have been refused for the sake of somebody who asked before, and would be again, at once.
      const broughtNothing = this.#awaited === this.#options.batch;
      this.#awaited = 0;
      if (broughtNothing || this.#isCrowded) this.#gather();
      else this.#request();
    } else if (isOutOfBytes(message)) {
      this.#awaited = 0;
      this.#request();
    } else {
      this.end();
    }
  }

  #assertAlive(): void {
    if (this.#awaited > 0 && performance.now() - this.#lastSignOfLife > silenceMs) this.end();
  }

  #replySubject(request: number): string {
    return `${this.#inbox}.${request}`;
  }
}

/** Reads a stream from a sequence on, through a consumer of its own that keeps no account of what was read. */
export async function pullStream(
  connection: NatsConnection,
  jetstream: JetStreamManager,
  stream: string,
  options: { readonly from: number; readonly headersOnly?: boolean; readonly signal: AbortSignal },
): Promise<Pull> {
  const { name } = await jetstream.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: options.from,
    headers_only: options.headersOnly ?? false,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: nanos(5 * 60_000),
  });
  const onEnd = () => {
    // Only tidiness: the server removes a consumer that nobody asks.
    if (Connectivity.of(connection).connected) jetstream.consumers.delete(stream, name).catch(() => undefined);
  };
  return new Pull(connection, { stream, consumer: name, batch: 500, signal: options.signal, onEnd });
}

const statusHeartbeat = 100;
const statusNoMessages = 404;
const statusExpired = 408;
const statusConflict = 409;

/** The next message does not fit into what the request allows any more; one that is alone always fits. */
function isOutOfBytes(message: Msg): boolean {
  return message.headers?.code === statusConflict && message.headers.has('Nats-Pending-Bytes');
}

/** Reads the acknowledgement subject: `$JS.ACK.[domain.account.]stream.consumer.deliveries.sequence.delivery.time.pending[.token]`. */
function delivered(message: Msg): Delivered {
  const tokens = message.reply!.split('.');
  const first = tokens.length > 9 ? 6 : 4;
  const sequence = Number(tokens[first + 1]);
  return {
    message,
    sequence,
    delivery: Number(tokens[first + 2]),
    endSequence: sequence + Number(tokens[first + 4]),
  };
}
