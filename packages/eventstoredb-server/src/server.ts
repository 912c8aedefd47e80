import { Server, ServerCredentials } from '@grpc/grpc-js';
import { InMemoryEventStore, type EventStore } from '@shelfmark/event-sourcing';
import { EmbeddedEventStore } from '@shelfmark/event-store-embedded';
import { basicCredentials } from './basic-credentials.js';
import { EventDatabase, systemRecord } from './event-database.js';
import { gossipService } from './gossip-service.js';
import { defaultMaxAppendBytes } from './limits.js';
import { PersistentSubscriptions } from './persistent-subscriptions.js';
import { persistentSubscriptionsService } from './persistent-subscriptions-service.js';
import { gossipGrpc, persistentGrpc, serverFeaturesGrpc, streamsGrpc, streamsV2Grpc } from './protocol.js';
import { serverFeaturesService } from './server-features-service.js';
import { streamsServiceV2 } from './streams-service-v2.js';
import { streamsService } from './streams-service.js';
import { SystemProjections } from './system-projections.js';

export interface EventStoreDbServerOptions {
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** A free one by default. */
  readonly port?: number;
  /** The directory of the log; without it the log is in memory and gone with the server. */
  readonly data?: string;
  /** A certificate and its key, both PEM; without them, connections are neither encrypted nor asked who they are. */
  readonly tls?: { readonly certificate: Buffer; readonly key: Buffer };
  /** Whom to let in, with TLS; `admin` and `changeit` by default, as in a real server. */
  readonly username?: string;
  readonly password?: string;
  /** Whether events are linked by category, type and stream ($ce-, $et- and $streams); off by default, as in a real server. */
  readonly systemProjections?: boolean;
  /** What the events of one append may weigh together; 1 MiB by default, as in a real server. */
  readonly maxAppendBytes?: number;
}

export interface EventStoreDbServer {
  readonly host: string;
  readonly port: number;
  /** Ends all calls, waits for what is being written, and closes the log. */
  stop(): Promise<void>;
}

/** Requests come in pieces of 3 MiB from some clients, and the limit on an append is told by an answer, not by a reset. */
const maxRequestBytes = 64 * 1024 * 1024;

/**
 * Starts a server of EventStoreDB's protocol, for development and tests.
 * @throws when the address is taken, or the log cannot be opened
 */
export async function startEventStoreDbServer(options: EventStoreDbServerOptions = {}): Promise<EventStoreDbServer> {
  const { host = '127.0.0.1', port = 0, data, tls, username = 'admin', password = 'changeit' } = options;
  const { maxAppendBytes = defaultMaxAppendBytes } = options;
  const store = await openLog(data);
  try {
    const database = new EventDatabase(store);
    if ((await database.head()) === 0n) await writeFirstEvents(database, username);
    const server = new Server({
      'grpc.max_receive_message_length': maxRequestBytes,
      'grpc.max_send_message_length': -1,
      ...(tls === undefined ? {} : { interceptors: [basicCredentials(username, password)] }),
    });
    let bound = port;
    server.addService(streamsGrpc.StreamsService, streamsService(database, maxAppendBytes));
    server.addService(streamsV2Grpc.StreamsServiceService, streamsServiceV2(database, maxAppendBytes));
    const subscriptions = await PersistentSubscriptions.open(database);
    server.addService(
      persistentGrpc.PersistentSubscriptionsService,
      persistentSubscriptionsService(database, subscriptions),
    );
    server.addService(
      gossipGrpc.GossipService,
      gossipService(() => ({ host, port: bound })),
    );
    server.addService(
      serverFeaturesGrpc.ServerFeaturesService,
      serverFeaturesService([
        streamsGrpc.StreamsService,
        streamsV2Grpc.StreamsServiceService,
        persistentGrpc.PersistentSubscriptionsService,
      ]),
    );
    bound = await listen(server, `${host}:${port}`, credentials(tls));
    const projections = options.systemProjections === true ? new SystemProjections(database) : undefined;
    return {
      host,
      port: bound,
      stop: async () => {
        await projections?.stop();
        await subscriptions.stop();
        server.forceShutdown();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function openLog(directory: string | undefined): Promise<EventStore> {
  // What an append may weigh is told by the protocol here; the log need not fit on a bus.
  const limit = { maxAppendBytes: Infinity };
  return directory === undefined ? new InMemoryEventStore(limit) : EmbeddedEventStore.open({ directory, ...limit });
}

/** A log of a real server is never empty: it begins with events of the server's own, of which clients' tests know. */
async function writeFirstEvents(database: EventDatabase, loginName: string): Promise<void> {
  const user = { loginName, fullName: 'Administrator', groups: ['$admins'] };
  const event = systemRecord('$UserCreated', Buffer.from(JSON.stringify(user)));
  await database.append([{ stream: `$user-${loginName}`, expected: 'none', events: [event] }]);
}

function credentials(tls: EventStoreDbServerOptions['tls']): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  return ServerCredentials.createSsl(null, [{ cert_chain: tls.certificate, private_key: tls.key }]);
}

function listen(server: Server, address: string, credentials: ServerCredentials): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}
