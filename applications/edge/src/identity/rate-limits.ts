import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { isConnected } from '@shelfmark/messaging';
import { NATS_CONNECTION, type NatsConnection } from '@shelfmark/service-kit';

/** Token of how many requests a second one principal may send. */
export const RATE_LIMIT_PER_SECOND = Symbol('RATE_LIMIT_PER_SECOND');

/** Who was quiet may send what this time allows at once. */
const burstMs = 5_000;
const tellEveryMs = 250;
/** Whoever is beyond is forgotten, the one who came first before the others. */
const maxSenders = 100_000;
/** What is told in one message. */
const maxTold = 1_000;

/** How replicas tell each other what was sent to them. */
const subject = 'shelfmark.edge.rates';

interface Told {
  /** The replica, which hears itself too. */
  readonly from: string;
  /** How many requests each sender has sent to it since it last told. */
  readonly sent: Readonly<Record<string, number>>;
}

/**
 * How many requests a sender may send, whichever replica they go to. Each replica decides by itself (by the generic cell rate
 * algorithm, ITU-T I.371), and tells the others a few times a second what was sent to it: nobody is asked, nothing is stored, and
 * while the bus is away each counts alone.
 */
@Injectable()
export class RateLimits implements OnApplicationBootstrap, OnModuleDestroy {
  readonly #replica = randomUUID();
  readonly #everyMs: number;
  /**
   * By sender, when their requests will have been worked off, were there one every so often; who is not here has sent nothing of late. By
   * `performance.now()`: when a wrong clock is put right, nobody must have to wait for as long as it was wrong.
   */
  readonly #workedOffAt = new Map<string, number>();
  #untold = new Map<string, number>();
  #stop = (): void => undefined;

  constructor(
    @Inject(RATE_LIMIT_PER_SECOND) perSecond: number,
    @Inject(NATS_CONNECTION) private readonly connection: NatsConnection,
  ) {
    this.#everyMs = 1000 / perSecond;
  }

  onApplicationBootstrap(): void {
    const subscription = this.connection.subscribe(subject, {
      callback: (error, message) => {
        if (!error) this.#hear(message.string());
      },
    });
    const timer = setInterval(() => this.#tell(), tellEveryMs).unref();
    this.#stop = () => {
      clearInterval(timer);
      subscription.unsubscribe();
    };
  }

  onModuleDestroy(): void {
    this.#stop();
  }

  /** Counts a request of a sender. @returns 0 where it may go on, else after how many milliseconds it might */
  send(sender: string): number {
    const now = performance.now();
    const workedOffAt = this.#after(sender, 1, now);
    const excessMs = workedOffAt - now - burstMs;
    if (excessMs > 0) return Math.ceil(excessMs);
    this.#set(sender, workedOffAt);
    this.#untold.set(sender, (this.#untold.get(sender) ?? 0) + 1);
    return 0;
  }

  /** Whether a sender's next request would be one too many. */
  isExhausted(sender: string): boolean {
    const now = performance.now();
    return this.#after(sender, 1, now) - now > burstMs;
  }

  #after(sender: string, requests: number, now: number): number {
    return Math.max(now, this.#workedOffAt.get(sender) ?? now) + requests * this.#everyMs;
  }

  #set(sender: string, workedOffAt: number): void {
    const [first] = this.#workedOffAt.keys();
    if (this.#workedOffAt.size >= maxSenders && !this.#workedOffAt.has(sender)) this.#workedOffAt.delete(first!);
    this.#workedOffAt.set(sender, workedOffAt);
  }

  #tell(): void {
    const now = performance.now();
    for (const [sender, workedOffAt] of this.#workedOffAt) if (workedOffAt <= now) this.#workedOffAt.delete(sender);
    const untold = [...this.#untold];
    this.#untold = new Map();
    // The client would keep it for later, when it says nothing any more.
    if (!isConnected(this.connection)) return;
    for (let start = 0; start < untold.length; start += maxTold) {
      const told: Told = { from: this.#replica, sent: Object.fromEntries(untold.slice(start, start + maxTold)) };
      this.connection.publish(subject, JSON.stringify(told));
    }
  }

  #hear(text: string): void {
    const told = parsed(text);
    if (!told || told.from === this.#replica) return;
    const now = performance.now();
    for (const [sender, requests] of Object.entries(told.sent)) {
      if (!Number.isSafeInteger(requests) || requests < 1) continue;
      // However much was sent elsewhere, nobody waits longer than for two bursts.
      this.#set(sender, Math.min(this.#after(sender, requests, now), now + 2 * burstMs));
    }
  }
}

/** What an edge of another version may say in another way is passed over. */
function parsed(text: string): Told | undefined {
  try {
    const { from, sent } = JSON.parse(text) as Partial<Told>;
    return typeof from === 'string' && typeof sent === 'object' && sent !== null ? { from, sent } : undefined;
  } catch {
    return undefined;
  }
}
