import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { type RunningServer, startNatsServer } from '@shelfmark/local';
import { connectToNats, isConnected } from '../connection.js';
import { until } from './until.js';

/** A NATS server of a test's own, which can be ended and started again with its data or without. */
export class TestBus {
  readonly #dataDir: string;
  readonly #connections: NatsConnection[] = [];
  #server: RunningServer;

  private constructor(dataDir: string, server: RunningServer) {
    this.#dataDir = dataDir;
    this.#server = server;
  }

  static async start(options: { readonly maxPayloadBytes?: number } = {}): Promise<TestBus> {
    const dataDir = await mkdtemp(join(tmpdir(), 'shelfmark-bus-'));
    return new TestBus(dataDir, await startNatsServer({ dataDir, ...options }));
  }

  async connect(name = 'test'): Promise<NatsConnection> {
    const connection = await connectToNats({ url: this.#server.url, name });
    this.#connections.push(connection);
    return connection;
  }

  async jetstream(): Promise<JetStreamManager> {
    return jetstreamManager(await this.connect('looking-in'), { timeout: 30_000 });
  }

  async kill(): Promise<void> {
    await this.#server.kill();
  }

  async startAgain({ wiped = false } = {}): Promise<void> {
    if (wiped) await rm(join(this.#dataDir, 'jetstream'), { recursive: true, force: true });
    this.#server = await startNatsServer({ dataDir: this.#dataDir, port: Number(new URL(this.#server.url).port) });
    // What is sent before they are back is lost, and would only be missed after a timeout.
    await until(() => this.#connections.every((connection) => connection.isClosed() || isConnected(connection)));
  }

  async close(): Promise<void> {
    await Promise.all(this.#connections.map((connection) => connection.close()));
    await this.#server.stop();
    await rm(this.#dataDir, { recursive: true, force: true });
  }
}
