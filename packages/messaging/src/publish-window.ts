import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { Connectivity } from './connectivity.js';
import type { OutgoingMessage } from './message.js';

/** Something else than the relay wrote to the stream, or it was cut: its end is not where it should be. */
export class UnexpectedSequence extends Error {
  override readonly name = 'UnexpectedSequence';
  constructor(
    readonly stream: string,
    readonly expected: number,
  ) {
    super(`message ${expected} of ${stream} could not follow the one before it`);
  }
}

/** JetStream did not take a message: it has no room, no leader, or does not answer. */
export class PublishRefused extends Error {
  override readonly name = 'PublishRefused';
  constructor(
    readonly stream: string,
    readonly code: number,
    reason: string,
  ) {
    super(`${stream} takes no messages: ${reason}`);
  }
}

/** How many messages may be under way. */
export const windowMessages = 512;
const maxBytes = 4 * 1024 * 1024;
const silenceMs = 10_000;
const wrongLastSequence = 10071;

/**
 * Publishes messages to a stream one after the other without waiting for each: each says which sequence it has to follow,
 * so the stream takes them in this order and no other, or none from the first that does not fit. A bounded number is under
 * way at a time. After a failure nothing more is sent.
 */
export class PublishWindow {
  readonly #connection: NatsConnection;
  readonly #stream: string;
  readonly #inbox: string;
  readonly #subscription;
  readonly #underWay: { readonly bytes: number; readonly onAck: () => void }[] = [];
  readonly #failed = new AbortController();
  readonly #silence: NodeJS.Timeout;
  #bytes = 0;
  #sequence: number;
  #wake: (() => void) | undefined;

  /** @param lastSequence the sequence of the message that the next one has to follow */
  constructor(connection: NatsConnection, stream: string, lastSequence: number) {
    this.#connection = connection;
    this.#stream = stream;
    this.#sequence = lastSequence;
    this.#inbox = Connectivity.of(connection).createInbox();
    this.#subscription = connection.subscribe(this.#inbox, {
      callback: (error, message) => (error ? this.#fail(error) : this.#acknowledge(message)),
    });
    this.#silence = setTimeout(() => {
      if (this.#underWay.length > 0) this.#fail(new PublishRefused(stream, 0, 'it does not answer'));
    }, silenceMs);
  }

  /** Aborts with the reason when a message was not taken. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** The sequence of the last message that was sent. */
  get sentSequence(): number {
    return this.#sequence;
  }

  /** The sequence of the last message that the stream has taken. */
  get acknowledgedSequence(): number {
    return this.#sequence - this.unacknowledged;
  }

  get unacknowledged(): number {
    return this.#underWay.length;
  }

  get isFull(): boolean {
    return this.#underWay.length >= windowMessages || this.#bytes >= maxBytes;
  }

  /** Waits until one more message may be under way. @throws the failure, if there was one */
  async room(): Promise<void> {
    while (this.isFull) {
      this.#failed.signal.throwIfAborted();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#failed.signal.throwIfAborted();
  }

  /** Sends a message; `onAck` is called, in order, once the stream has taken it. */
  publish({ subject, headers, body }: OutgoingMessage, onAck: () => void): void {
    headers.append('Nats-Expected-Last-Sequence', String(this.#sequence));
    this.#connection.publish(subject, body, { headers, reply: this.#inbox });
    if (this.#underWay.length === 0) this.#silence.refresh();
    this.#underWay.push({ bytes: body.length, onAck });
    this.#bytes += body.length;
    this.#sequence++;
  }

  close(): void {
    clearTimeout(this.#silence);
    if (!this.#connection.isClosed()) this.#subscription.unsubscribe();
    this.#fail(new PublishRefused(this.#stream, 0, 'publishing has ended'));
  }

  #acknowledge(message: Msg): void {
    if (this.#failed.signal.aborted) return;
    const expected = this.acknowledgedSequence + 1;
    if (message.data.length === 0) {
      return this.#fail(new PublishRefused(this.#stream, message.headers?.code ?? 0, 'JetStream is not there'));
    }
    const { stream, seq, error } = message.json<PublishAcknowledgement>();
    if (error?.err_code === wrongLastSequence) return this.#fail(new UnexpectedSequence(this.#stream, expected));
    if (error) return this.#fail(new PublishRefused(this.#stream, error.err_code, error.description));
    if (stream !== this.#stream || seq !== expected) return this.#fail(new UnexpectedSequence(this.#stream, expected));

    const { bytes, onAck } = this.#underWay.shift()!;
    this.#bytes -= bytes;
    this.#silence.refresh();
    onAck();
    this.#wake?.();
  }

  #fail(error: Error): void {
    this.#failed.abort(error);
    this.#wake?.();
  }
}

interface PublishAcknowledgement {
  readonly stream?: string;
  readonly seq?: number;
  readonly error?: { readonly err_code: number; readonly description: string };
}
