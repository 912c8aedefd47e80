import { createServer } from 'node:net';

/** Asks the kernel. Whoever gets it must cope with somebody else having been faster: start again with another one. */
export async function freePort(except?: number): Promise<number> {
  const port = await bind(0);
  return port === except ? freePort(except) : port;
}

/** @throws the system's error (EADDRINUSE, EACCES) when nobody may listen there now */
export async function assertFree(port: number): Promise<void> {
  await bind(port);
}

function bind(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
