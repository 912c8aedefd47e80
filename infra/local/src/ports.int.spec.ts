import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { assertFree, freePort } from './ports.js';

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listenOn(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
}

it('gives ports on which nobody listens, each once, and none that the kernel gives to others', async () => {
  const [lowest, highest] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split('\t').map(Number);
  const ports: number[] = [];
  for (let asked = 0; asked < 20; asked++) {
    const port = await freePort();
    ports.push(port);
    await listenOn(port);
  }
  expect(new Set(ports).size).toBe(20);
  expect(ports.filter((port) => port >= lowest! && port <= highest!)).toEqual([]);
});

it('passes over a port that is taken, and one that is not meant', async () => {
  const first = await freePort();
  await listenOn(first + 1);
  const second = await freePort(first + 2);
  expect([first, first + 1, first + 2]).not.toContain(second);
});

it('tells when somebody listens already', async () => {
  const port = await freePort();
  await assertFree(port);
  await listenOn(port);
  await expect(assertFree(port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});
