import { once } from 'node:events';
import { type Socket, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type FastifyInstance, fastify } from 'fastify';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type SlowestBody, refuseSlowBodies } from './request-body.js';

const patiently = { wholeMs: 60_000, file: { bytes: 1, everyMs: 60_000 } };

/** A server with a route that takes a file and one that does not; both answer with how many characters came. */
async function serve(slowest: Partial<SlowestBody>): Promise<FastifyInstance> {
  const server = fastify({ requestTimeout: 0 });
  refuseSlowBodies(server, { ...patiently, ...slowest });
  server.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  const handler = (request: { body: unknown }) => `${(request.body as string).length} came`;
  server.post('/file', { config: { takesFile: true }, handler });
  server.post('/other', handler);
  server.post('/slow', { preHandler: () => delay(2_000), handler });
  await server.listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => server.close());
  return server;
}

/** Begins a request whose body has so many bytes. */
async function begin(server: FastifyInstance, path: string, bytes: number, sent = ''): Promise<Socket> {
  const socket = connect((server.server.address() as { port: number }).port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  const head = [`POST ${path} HTTP/1.1`, 'Host: x', 'Content-Type: text/csv', `Content-Length: ${bytes}`, '', sent];
  socket.write(head.join('\r\n'));
  return socket;
}

async function answerOn(socket: Socket): Promise<string> {
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString();
}

describe('a body that comes too slowly is cut off with 408', () => {
  it('when it is not whole in time', async () => {
    const socket = await begin(await serve({ wholeMs: 100 }), '/other', 10);
    socket.write('12345');
    expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 408 [^]*"code":"RequestTimeout"/);
    await once(socket, 'close');
  });

  it('when it is a file of which too little came for a while', async () => {
    const socket = await begin(await serve({ file: { bytes: 6, everyMs: 100 } }), '/file', 10);
    socket.write('12345');
    expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 408 /);
  });
});

it('a file takes longer than any other body may, as long as it keeps coming', async () => {
  const socket = await begin(await serve({ wholeMs: 20, file: { bytes: 1, everyMs: 10_000 } }), '/file', 5);
  for (const character of '12345') {
    socket.write(character);
    await delay(20);
  }
  expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 [^]*5 came$/);
});

it('whoever waits for an answer is not cut off, however long that takes', async () => {
  const socket = await begin(await serve({ wholeMs: 1_000 }), '/slow', 5, '12345');
  expect(await answerOn(socket)).toMatch(/^HTTP\/1\.1 200 /);
});
