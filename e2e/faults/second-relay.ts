import { setTimeout as delay } from 'node:timers/promises';
import type { EventStore, RecordedEvent } from '@shelfmark/event-sourcing';
import { KurrentDBEventStore } from '@shelfmark/event-store-kurrentdb';
import { Relay, connectToNats } from '@shelfmark/messaging';
import { type Library, until } from './library.js';
import type { LoggedEvent } from './logged-event.js';
import { type Log, type Service, nameOnServer } from './logs.js';

const lookEveryMs = 50;

/**
 * Another process's relay of a service's log, as there is where two share a store. The embedded store has one owner, so there this
 * one reads the log beside it.
 */
export class SecondRelay {
  private constructor(
    private readonly relay: Relay,
    private readonly close: () => Promise<void>,
  ) {}

  static async start(library: Library, service: Service): Promise<SecondRelay> {
    const connection = await connectToNats({ url: library.natsUrlOf(`${service}-service`), name: 'second relay' });
    const { eventStoreUrl: connectionString } = library;
    const store =
      connectionString === undefined
        ? await followedLog(() => library.logOf(service))
        : await KurrentDBEventStore.open({ connectionString, log: nameOnServer(service) });
    const relay = new Relay({ connection, store, service, source: `/shelfmark/${service}-service` });
    relay.start();
    return new SecondRelay(relay, async () => {
      await connection.close();
      await store.close();
    });
  }

  async stop(): Promise<void> {
    await this.relay.stop();
    await this.close();
  }
}

/** As much of a store as a relay asks for. */
async function followedLog(read: () => Promise<Log>): Promise<EventStore> {
  let log!: Log;
  const isRead = () =>
    read().then(
      (found) => ((log = found), true),
      () => false,
    );
  // A service that is restored while this looks has no log for a moment.
  await until(isRead, 30_000, () => 'there is no log');
  const look = async () => {
    log = await read().catch(() => log);
  };
  const after = (position = 0n): RecordedEvent[] => log.events.slice(Number(position)).map(recorded);
  const followed = {
    logId: log.id,
    close: async () => undefined,
    head: async () => (log.events.length === 0 ? undefined : BigInt(log.events.length)),
    async *readLog({ after: position, limit = Infinity }: { after?: bigint; limit?: number } = {}) {
      const events = after(position).slice(0, limit);
      if (events.length > 0) yield events;
    },
    async *subscribe({ after: position = 0n, signal }: { after?: bigint; signal: AbortSignal }) {
      for (let at = position; !signal.aborted;) {
        const events = after(at);
        if (events.length > 0) {
          at = events.at(-1)!.position;
          yield events;
        }
        await delay(lookEveryMs, undefined, { signal }).catch(() => undefined);
        await look();
      }
    },
  };
  return followed as Partial<EventStore> as EventStore;
}

function recorded({ position, ...event }: LoggedEvent): RecordedEvent {
  return { ...event, position: BigInt(position) } as RecordedEvent;
}
