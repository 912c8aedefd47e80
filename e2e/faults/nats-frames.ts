import type { Rewrite } from './proxy.js';

const lineEnd = Buffer.from('\r\n');

/**
 * Cuts what a NATS client sends into the protocol's messages, and sends some of those that are published twice, as a client does
 * that repeats what it cannot know to have arrived.
 * @param isDoubled asked for each message that is published, with its subject
 */
export function doubling(isDoubled: (subject: string) => boolean): Rewrite {
  let pending = Buffer.alloc(0);
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    const frames: Buffer[] = [];
    for (;;) {
      const end = pending.indexOf(lineEnd);
      if (end < 0) return frames;
      const [operation = '', subject = '', ...sizes] = pending.toString('latin1', 0, end).split(/[ \t]+/);
      const publishes = /^H?PUB$/i.test(operation);
      const length = end + lineEnd.length + (publishes ? Number(sizes.at(-1)) + lineEnd.length : 0);
      if (pending.length < length) return frames;
      const frame = pending.subarray(0, length);
      pending = pending.subarray(length);
      frames.push(frame);
      if (publishes && isDoubled(subject)) frames.push(frame);
    }
  };
}
