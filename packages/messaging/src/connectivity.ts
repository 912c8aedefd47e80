import { once, setMaxListeners } from 'node:events';
import { createInbox, errors, type NatsConnection } from '@nats-io/transport-node';

/** The connection was lost (it is being made again) or closed. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
  constructor() {
    super('the connection to NATS is lost');
  }
}

export interface ConnectivityOptions {
  /** The first tokens of inboxes; the client's own by default. */
  readonly inboxPrefix: string | undefined;
  readonly onForbidden: (error: InstanceType<typeof errors.PermissionViolationError>) => void;
}

const known = new WeakMap<NatsConnection, Connectivity>();

/**
 * Whether a connection stands. The client itself does not tell: it takes messages while disconnected, and drops or sends
 * them later, as it happens.
 */
export class Connectivity {
  #lost = lossToCome();
  readonly #restored = new EventTarget();

  static of(connection: NatsConnection): Connectivity {
    return (
      known.get(connection) ?? Connectivity.watch(connection, { inboxPrefix: undefined, onForbidden: () => undefined })
    );
  }

  static watch(connection: NatsConnection, options: ConnectivityOptions): Connectivity {
    const connectivity = new Connectivity(connection, options);
    known.set(connection, connectivity);
    void connectivity.#follow();
    return connectivity;
  }

  private constructor(
    private readonly connection: NatsConnection,
    private readonly options: ConnectivityOptions,
  ) {}

  get connected(): boolean {
    return !this.#lost.signal.aborted && !this.connection.isClosed();
  }

  /** Aborts when the connection that stands now is lost; the next one has another signal. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Waits until the connection stands, or the signal aborts. @throws ConnectionLost when it was closed for good */
  async restored(signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.connected) {
      if (this.connection.isClosed()) throw new ConnectionLost();
      await once(this.#restored, 'change', { signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
  }

  /** A subject that nobody else listens on. */
  createInbox(): string {
    return createInbox(this.options.inboxPrefix);
  }

  async #follow(): Promise<void> {
    for await (const status of this.connection.status()) {
      const { type } = status;
      if (type === 'error' && status.error instanceof errors.PermissionViolationError) {
        this.options.onForbidden(status.error);
      }
      if (type === 'disconnect') this.#lost.abort(new ConnectionLost());
      if (type === 'reconnect') {
        this.#lost = lossToCome();
        this.#restored.dispatchEvent(new Event('change'));
      }
    }
    this.#lost.abort(new ConnectionLost());
    this.#restored.dispatchEvent(new Event('change'));
  }
}

/** Whatever uses the connection listens for its loss, however much that is. */
function lossToCome(): AbortController {
  const loss = new AbortController();
  setMaxListeners(0, loss.signal);
  return loss;
}
