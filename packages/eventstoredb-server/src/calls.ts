import { once } from 'node:events';
import type {
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
  ServerReadableStream,
  ServerWritableStream,
} from '@grpc/grpc-js';
import { statusOf } from './errors.js';

/** A method that takes a message and answers one. */
export function unary<Request, Response>(
  handle: (request: Request) => Promise<Response>,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    handle(call.request).then(
      (response) => callback(null, response),
      (error: unknown) => callback(statusOf(error)),
    );
  };
}

/** A method that takes many messages and answers one. */
export function clientStreaming<Request, Response>(
  handle: (requests: AsyncIterable<Request>) => Promise<Response>,
): handleClientStreamingCall<Request, Response> {
  return (call, callback) => {
    handle(untilItsEnd(call)).then(
      (response) => callback(null, response),
      (error: unknown) => {
        // Whoever has given up before the end is told nothing, and nothing was done.
        if (!call.cancelled) callback(statusOf(error));
      },
    );
  };
}

/**
 * The messages of a call, to its proper end. A call that was given up looks like one that has ended until the next turn of
 * the event loop: half an append would be taken for a whole one.
 */
async function* untilItsEnd<Request, Response>(call: ServerReadableStream<Request, Response>): AsyncGenerator<Request> {
  yield* call as AsyncIterable<Request>;
  await new Promise((resolve) => setImmediate(resolve));
  if (call.cancelled) throw new Error('the client is gone');
}

/** A method that takes a message and answers many. The signal aborts once the client is gone. */
export function serverStreaming<Request, Response>(
  handle: (request: Request, signal: AbortSignal) => AsyncIterable<Response>,
): handleServerStreamingCall<Request, Response> {
  return (call) => {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    call.on('error', () => gone.abort());
    void send(call, handle(call.request, gone.signal), gone.signal);
  };
}

async function send<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  responses: AsyncIterable<Response>,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const response of responses) {
      if (signal.aborted) return;
      await write(call, response, signal);
    }
    call.end();
  } catch (error) {
    if (!signal.aborted) call.emit('error', statusOf(error));
  }
}

/** Writes a message and waits until there is room for the next, or the client is gone. */
export async function write<Response>(
  call: { write(response: Response): boolean } & NodeJS.EventEmitter,
  response: Response,
  signal: AbortSignal,
): Promise<void> {
  if (call.write(response)) return;
  await once(call, 'drain', { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
