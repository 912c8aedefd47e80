import { setTimeout } from 'node:timers/promises';
import { type ConnectionOptions, connect, errors, type NatsConnection } from '@nats-io/transport-node';
import { Connectivity } from './connectivity.js';
import { subjectToken } from './header-value.js';

export interface ConnectOptions {
  /**
   * `nats://user:password@host:port`, or `tls://…`; a user alone is a token. Answers to a user come to `_INBOX.<user>.>`, so that the
   * server can keep others from listening there.
   */
  readonly url: string;
  /** What the server calls the connection. */
  readonly name: string;
  /** Hears of each subject that the server forbids; whoever wanted to use it hears of nothing but a timeout. */
  readonly onForbidden?: (forbidden: Forbidden) => void;
  /** Whether a server that is not there yet is waited for, as long as it takes; true by default. */
  readonly waitForServer?: boolean;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** What the server's permissions do not allow. */
export interface Forbidden {
  readonly operation: 'publish' | 'subscription';
  readonly subject: string;
  /** Whom the server knows the connection as; nobody, where there are no users. */
  readonly user: string | undefined;
}

const reconnectMs = 250;

/**
 * Connects to NATS; a connection that is lost later is made again for ever. While it is lost nothing is kept for later:
 * requests fail at once and publishers wait.
 * @throws InvalidNatsUrl, NatsUnauthorized; without `waitForServer` also NatsUnreachable. None of them shows credentials.
 */
export async function connectToNats(options: ConnectOptions): Promise<NatsConnection> {
  const { server, ...credentials } = parseNatsUrl(options.url);
  const { user } = credentials;
  const inboxPrefix = user === undefined ? undefined : `_INBOX.${subjectToken(user)}`;
  const natsOptions: ConnectionOptions = {
    ...credentials,
    servers: server,
    name: options.name,
    ...(inboxPrefix !== undefined && { inboxPrefix }),
    maxReconnectAttempts: -1,
    reconnectDelayHandler: reconnectDelay(),
    // A server that restarts may refuse us for a moment; after the first connection only time can tell.
    ignoreAuthErrorAbort: true,
    timeout: 5_000,
    // A host that vanished without a word is noticed in half a minute, not in the default six.
    pingInterval: 10_000,
    maxPingOut: 2,
    // Costs a stack trace on every request.
    noAsyncTraces: true,
  };

  for (;;) {
    try {
      const connection = await connect(natsOptions);
      const { onForbidden } = options;
      Connectivity.watch(connection, {
        inboxPrefix,
        onForbidden: ({ operation, subject }) => onForbidden?.({ operation, subject, user }),
      });
      return connection;
    } catch (error) {
      if (error instanceof errors.AuthorizationError) throw new NatsUnauthorized(server, user);
      if (error instanceof errors.InvalidArgumentError) throw error;
      if (options.waitForServer === false) throw new NatsUnreachable(server, { cause: error });
    }
    await setTimeout(reconnectMs, undefined, options.signal && { signal: options.signal });
  }
}

/** More servers than a cluster has. */
const mostServers = 16;

/**
 * How long the client waits between two attempts at a server, as it asks before each. By itself it measures that by the clock: one that was
 * wrong by an hour and is put right would keep it waiting for an hour. So it is told to wait as much less then, until each server was tried.
 */
function reconnectDelay(): () => number {
  let clock = Date.now() - performance.now();
  let setBackMs = 0;
  let untried = 0;
  return () => {
    const before = clock;
    clock = Date.now() - performance.now();
    if (before - clock > reconnectMs) {
      setBackMs = before - clock;
      untried = mostServers;
    }
    // Rather too little than too much: each attempt that this lets through is one of a few.
    if (untried-- > 0) return -setBackMs - reconnectMs;
    return reconnectMs * (1 + Math.random());
  };
}

/** Whether the connection stands at this moment. */
export function isConnected(connection: NatsConnection): boolean {
  return Connectivity.of(connection).connected;
}

function parseNatsUrl(url: string): Pick<ConnectionOptions, 'user' | 'pass' | 'token' | 'tls'> & { server: string } {
  // The error of `new URL` holds the whole input, with the password in it.
  if (!URL.canParse(url)) throw new InvalidNatsUrl();
  const { protocol, username, password, hostname, port, pathname } = new URL(url);
  if ((protocol !== 'nats:' && protocol !== 'tls:') || hostname === '' || pathname.length > 1)
    throw new InvalidNatsUrl();
  const user = decodeURIComponent(username);
  const pass = decodeURIComponent(password);
  return {
    server: `${hostname}:${port === '' ? '4222' : port}`,
    ...(protocol === 'tls:' && { tls: {} }),
    ...(user !== '' && (pass !== '' ? { user, pass } : { token: user })),
  };
}

export class InvalidNatsUrl extends Error {
  override readonly name = 'InvalidNatsUrl';
  constructor() {
    super('the NATS URL has to read nats://user:password@host:port or tls://user:password@host:port');
  }
}

export class NatsUnauthorized extends Error {
  override readonly name = 'NatsUnauthorized';
  constructor(
    readonly server: string,
    readonly user?: string,
  ) {
    super(`the NATS server at ${server} does not accept the credentials${user === undefined ? '' : ` of ${user}`}`);
  }
}

export class NatsUnreachable extends Error {
  override readonly name = 'NatsUnreachable';
  constructor(
    readonly server: string,
    options: { cause: unknown },
  ) {
    super(`no NATS server answers at ${server}`, options);
  }
}
