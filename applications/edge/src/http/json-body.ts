import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.js';

/** No command is larger; imports will have a limit of their own. */
export const bodyLimitBytes = 256 * 1024;

/** Objects and arrays within each other; deeper ones are made to exhaust a reader's stack. */
const maxDepth = 32;

const jsonTypes: ReadonlySet<string> = new Set([
  'application/json',
  'application/merge-patch+json',
  'application/hal+json',
]);

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The value of a request's body; `undefined` for one that is empty.
 * @throws Problem for anything but well-formed JSON in UTF-8, declared as JSON
 */
export function parseJsonBody({ headers }: FastifyRequest, body: Buffer): unknown {
  if (body.length === 0) return undefined;
  if (!isJson(headers['content-type']) || (headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw new Problem('UnsupportedMediaType', {
      detail: `A body is JSON in UTF-8, not compressed: ${[...jsonTypes].join(', ')}.`,
      headers: { 'accept-encoding': 'identity' },
    });
  }
  if (isTooDeep(body)) throw new Problem('MalformedBody', { detail: `The JSON is nested deeper than ${maxDepth}.` });
  let text: string;
  try {
    text = utf8.decode(body);
  } catch {
    throw new Problem('MalformedBody', { detail: 'The body is not UTF-8.' });
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('MalformedBody', { detail: 'The body is not JSON.' });
  }
}

/**
 * Reads on and throws away what a client still sends of a body that was refused, within reason; resolves when that is over.
 */
export function restOfBody(request: IncomingMessage): Promise<void> {
  const patience = { bytes: 32 * 1024 * 1024, timeoutMs: 5_000 };
  return new Promise((resolve) => {
    if (request.complete || request.destroyed) return resolve();
    let bytes = 0;
    const done = (): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', done).off('close', done);
      resolve();
    };
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length;
      if (bytes > patience.bytes) done();
    };
    const timer = setTimeout(done, patience.timeoutMs);
    request.on('data', onData).on('end', done).on('close', done).resume();
  });
}

function isJson(contentType: string | undefined): boolean {
  const [type, ...parameters] = (contentType ?? '').toLowerCase().split(';');
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  return jsonTypes.has(type!.trim()) && (charset === undefined || /^charset="?utf-8"?$/.test(charset));
}

/** Looks at the bytes, before anything recursive does: within UTF-8, these characters are always themselves. */
function isTooDeep(body: Buffer): boolean {
  const [quote, backslash, openBracket, closeBracket, openBrace, closeBrace] = [0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d];
  let depth = 0;
  let inString = false;
  for (let index = 0; index < body.length; index++) {
    const byte = body[index];
    if (inString) {
      if (byte === backslash) index++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === openBracket || byte === openBrace) {
      if (++depth > maxDepth) return true;
    } else if (byte === closeBracket || byte === closeBrace) depth--;
  }
  return false;
}
