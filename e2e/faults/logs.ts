import { Writable } from 'node:stream';
import { exportLog } from '@shelfmark/event-store-embedded';
import { KurrentDBEventStore } from '@shelfmark/event-store-kurrentdb';
import type { LoggedEvent } from './logged-event.js';

export const services = ['user', 'book', 'rent'] as const;
export type Service = (typeof services)[number];

/** Where the library's logs are: in its services, or all on one development server. */
export const storeKinds = ['embedded', 'dev-server'] as const;
export type StoreKind = (typeof storeKinds)[number];

/** A log as it is on the disk at a moment. */
export interface Log {
  readonly id: string;
  readonly events: readonly LoggedEvent[];
}

export type AllLogs = Readonly<Record<Service, Log>>;

/** A service's log, read beside it as `npm run store -- export` does. */
export async function embeddedLog(directory: string): Promise<Log> {
  let text = '';
  const sink = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      text += chunk;
      done();
    },
  });
  await exportLog(directory, sink);
  const [header, ...rest] = text.trimEnd().split('\n');
  const { logId } = JSON.parse(header!) as { logId: string };
  return { id: logId, events: rest.slice(0, -1).map((line) => JSON.parse(line) as LoggedEvent) };
}

/** What a service's log is called on the server. */
export function nameOnServer(service: Service): string {
  return `shelfmark.${service}`;
}

/** An event of a client, as the server has it in its own log: bytes, kept as text. */
interface ServerRecord extends Omit<LoggedEvent, 'data' | 'metadata'> {
  readonly data: string;
  readonly metadata: { readonly customMetadata: string };
}

/**
 * The services' logs, out of the log that lies below the server: what this shares with the store that the services have is
 * nothing but the names.
 */
export async function serverLogs(directory: string): Promise<AllLogs> {
  const records = (await embeddedLog(directory)).events as unknown as readonly ServerRecord[];
  const logOf = (service: Service): Log => {
    const [prefix, record] = [`${nameOnServer(service)}/`, `${nameOnServer(service)}:log`];
    const [identity] = records.filter(({ stream }) => stream === record).slice(-1);
    const events = records
      .filter(({ stream }) => stream.startsWith(prefix))
      .map(({ data, metadata, ...rest }) => ({
        ...rest,
        stream: rest.stream.slice(prefix.length),
        data: JSON.parse(data) as LoggedEvent['data'],
        metadata: JSON.parse(metadata.customMetadata) as LoggedEvent['metadata'],
      }));
    return { id: identity === undefined ? '' : (JSON.parse(identity.data) as { logId: string }).logId, events };
  };
  return { user: logOf('user'), book: logOf('book'), rent: logOf('rent') };
}

/** What the server gives of a log after a position, to whoever reads it as the services do. */
export async function servedAfter(
  connectionString: string,
  service: Service,
  after: string | undefined,
): Promise<readonly Pick<LoggedEvent, 'id' | 'position'>[]> {
  const store = await KurrentDBEventStore.open({ connectionString, log: nameOnServer(service) });
  const events: Pick<LoggedEvent, 'id' | 'position'>[] = [];
  try {
    for await (const batch of store.readLog(after === undefined ? {} : { after: BigInt(after) })) {
      events.push(...batch.map(({ id, position }) => ({ id, position: String(position) })));
    }
  } finally {
    await store.close();
  }
  return events;
}
