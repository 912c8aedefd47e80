import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { fastify } from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { serverOptions } from './server.js';

it('cuts off who does not send the headers of a request, with 408', async () => {
  const options = serverOptions({ trustedProxies: [] });
  expect(options.http).toEqual({ headersTimeout: 15_000, connectionsCheckingInterval: 5_000 });
  const server = fastify({ ...options, http: { headersTimeout: 100, connectionsCheckingInterval: 20 } });
  await server.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => server.close());
  const socket: Socket = connect((server.server.address() as { port: number }).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 [^]*"code":"RequestTimeout"/);
  await once(socket, 'close');
});
