import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** The first of the ports that are looked at. */
const LOWEST = 10_000;
/** So many ports a process looks at before it comes to where the next process begins. */
const PER_PROCESS = 16;

let tried = 0;

/**
 * A port of 127.0.0.1 on which nobody listens. It is none of those that the kernel gives to connections and to whoever asks for
 * any: one of them could have it before whoever asks here listens, or while a server that was killed is started again. Two
 * processes look at different ones. Whoever gets it must cope all the same with somebody else having been faster: start again
 * with another one.
 * @param except one that is not meant, though nobody listens on it yet
 */
export async function freePort(except?: number): Promise<number> {
  const count = firstOfKernel() - LOWEST;
  for (let looked = 0; looked < count; looked++) {
    const port = LOWEST + ((process.pid * PER_PROCESS + tried++) % count);
    if (port !== except && (await isFree(port))) return port;
  }
  // The kernel gives out all of them, or all are taken.
  const port = await bind(0);
  return port === except ? freePort(except) : port;
}

/** @throws the system's error (EADDRINUSE, EACCES) when nobody may listen there now */
export async function assertFree(port: number): Promise<void> {
  await bind(port);
}

/** Below it are the ports that only those get who ask for them by number. */
function firstOfKernel(): number {
  try {
    return Number(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t')[0]);
  } catch {
    return LOWEST;
  }
}

function isFree(port: number): Promise<boolean> {
  return bind(port).then(
    () => true,
    () => false,
  );
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
