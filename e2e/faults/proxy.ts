import { once } from 'node:events';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** What may become of bytes on their way to the server; it sees all of a connection, in order. */
export type Rewrite = (chunk: Buffer) => Buffer[];

interface Connection {
  readonly client: Socket;
  readonly server: Socket;
  /** Until when nothing passes, neither bytes nor an end. */
  healed: Promise<void> | undefined;
}

/** Stands between processes and a server, and is the network that fails. */
export class Proxy {
  readonly #connections = new Set<Connection>();
  readonly #listener: Server;
  #isOpen = true;
  #heal = new AbortController();
  /** How long each piece of data is held up. */
  delayMs: () => number = () => 0;

  private constructor(
    readonly targetPort: number,
    private readonly makeRewrite: () => Rewrite,
  ) {
    this.#listener = createServer((client) => this.#accept(client));
  }

  static async open(targetPort: number, makeRewrite: () => Rewrite = () => (chunk) => [chunk]): Promise<Proxy> {
    const proxy = new Proxy(targetPort, makeRewrite);
    proxy.#listener.listen(0, '127.0.0.1');
    await once(proxy.#listener, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#listener.address() as { port: number }).port;
  }

  /** Ends connections that stand, and until {@link heal} lets nobody connect anew, if `isWhole`. */
  cut(isChosen: () => boolean, isWhole: boolean): void {
    for (const { client, server } of this.#connections) {
      if (!isWhole && !isChosen()) continue;
      client.resetAndDestroy();
      server.destroy();
    }
    if (isWhole) this.#isOpen = false;
  }

  /** Until {@link heal}, nothing passes on the connections that stand: neither side hears that the other is gone. */
  stall(isChosen: () => boolean): void {
    const { signal } = this.#heal;
    const healed = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    for (const connection of this.#connections) if (isChosen()) connection.healed = healed;
  }

  heal(): void {
    this.#isOpen = true;
    this.delayMs = () => 0;
    this.#heal.abort();
    this.#heal = new AbortController();
  }

  close(): void {
    this.#listener.close();
    for (const { client, server } of this.#connections) {
      client.destroy();
      server.destroy();
    }
  }

  #accept(client: Socket): void {
    if (!this.#isOpen) return void client.resetAndDestroy();
    const server = connect({ host: '127.0.0.1', port: this.targetPort, noDelay: true });
    client.setNoDelay();
    const connection: Connection = { client, server, healed: undefined };
    this.#connections.add(connection);
    const end = () => {
      this.#connections.delete(connection);
      client.destroy();
      server.destroy();
    };
    void this.#pass(connection, client, server, this.makeRewrite()).finally(end);
    void this.#pass(connection, server, client, (chunk) => [chunk]).finally(end);
  }

  async #pass(connection: Connection, from: Socket, to: Socket, rewrite: Rewrite): Promise<void> {
    to.on('error', () => undefined);
    try {
      for await (const chunk of from as AsyncIterable<Buffer>) {
        const delayMs = this.delayMs();
        if (delayMs > 0) await delay(delayMs);
        await connection.healed;
        for (const bytes of rewrite(chunk)) if (!to.write(bytes)) await once(to, 'drain');
      }
    } catch {
      // A connection that breaks, breaks for both.
    }
  }
}
