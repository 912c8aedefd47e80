import { type Server, createServer } from 'node:http';
import { once } from 'node:events';

/** What the boot waits for at the moment, by the names that readiness gives them. A process boots once. */
const awaited = new Set<string>();

/** Names in `/health/ready` what the boot waits for, while it does. */
export async function whileAwaiting<Result>(name: string, result: Promise<Result>): Promise<Result> {
  awaited.add(name);
  try {
    return await result;
  } finally {
    awaited.delete(name);
  }
}

export interface ListenAddress {
  /** Loopback, unless the process is meant to be reached from elsewhere. */
  readonly host: string;
  /** 0 lets the system choose a free one. */
  readonly port: number;
}

/**
 * Answers on a process's address while it boots: alive, not ready, and what it waits for. A boot takes as long as the log
 * takes to open and the broker to come up, and whoever watches must be able to tell that from a process that hangs.
 *
 * @returns the port that it listens on, and how to free it for the application
 */
export async function serveBootHealth({
  host,
  port,
}: ListenAddress): Promise<{ port: number; close(): Promise<void> }> {
  const server: Server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    const down: Record<string, object> = { process: { status: 'down', phase: 'starting' } };
    for (const name of awaited) down[name] = { status: 'down' };
    const [status, body] =
      path === '/health/live'
        ? [200, { status: 'ok', info: {}, error: {}, details: {} }]
        : [503, { status: 'error', info: {}, error: down, details: down }];
    response.writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'retry-after': '1',
      // The port goes to the application soon, and a connection that stays open would keep it.
      connection: 'close',
    });
    response.end(JSON.stringify(body));
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new TypeError('a TCP server has an address');
  return {
    port: address.port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
