import type { Msg } from '@nats-io/transport-node';

/** Headers by name; a name that stands there more than once has several values. */
export type Headers = Iterable<readonly [string, readonly string[]]>;

const firstLine = 'NATS/1.0\r\n';
const end = '\r\n\r\n';

/**
 * The headers of a message that came in. The client's own reader takes time with the square of their number, which is a third
 * of what reading a mirror costs; so they are read here from their bytes, which lie just before the body's. Where they do not,
 * or where there is a status among them, the client reads them.
 */
export function receivedHeaders(message: Msg): Headers | undefined {
  const block = headerBlock(message);
  if (block === undefined) return message.headers;
  const headers = new Map<string, string[]>();
  for (let from = firstLine.length; from < block.length - 2;) {
    const to = block.indexOf('\r\n', from);
    const colon = block.indexOf(':', from);
    if (colon !== -1 && colon < to) {
      const name = block.slice(from, colon);
      const value = block.slice(colon + 1, to).trim();
      const others = headers.get(name);
      if (others === undefined) headers.set(name, [value]);
      else others.push(value);
    }
    from = to + 2;
  }
  return headers;
}

function headerBlock(message: Msg): string | undefined {
  const { data, subject, reply = '' } = message;
  const length = sizeOf(message) - subject.length - reply.length - data.length;
  if (length < firstLine.length + 2 || data.byteOffset < length) return undefined;
  const block = Buffer.from(data.buffer, data.byteOffset - length, length).toString('utf8');
  return block.startsWith(firstLine) && block.endsWith(end) ? block : undefined;
}

/** The bytes of subject, reply, headers and body. Every message of the client has it, though its interface does not say so. */
function sizeOf(message: Msg & { size?: () => number }): number {
  return message.size?.() ?? 0;
}
