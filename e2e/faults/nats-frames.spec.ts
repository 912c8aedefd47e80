import { expect, it } from 'vitest';
import { doubling } from './nats-frames.js';

const stream =
  'CONNECT {"verbose":false}\r\nSUB inbox.* 1\r\nPUB shelfmark.a reply 5\r\nhe\r\no\r\nHPUB shelfmark.b 4 6\r\nh\r\nxbc\r\nPING\r\n';

function sent(isDoubled: (subject: string) => boolean, pieceBytes: number): string {
  const rewrite = doubling(isDoubled);
  const bytes = Buffer.from(stream);
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) frames.push(...rewrite(bytes.subarray(at, at + pieceBytes)));
  return Buffer.concat(frames).toString();
}

it.each([1, 2, 7, 1000])('changes nothing unless it is to double, in pieces of %i bytes', (pieceBytes) => {
  expect(sent(() => false, pieceBytes)).toBe(stream);
});

it.each([1, 2, 7, 1000])('doubles a whole message, in pieces of %i bytes', (pieceBytes) => {
  const message = 'HPUB shelfmark.b 4 6\r\nh\r\nxbc\r\n';
  const doubled = stream.replace(message, message + message);
  expect(sent((subject) => subject === 'shelfmark.b', pieceBytes)).toBe(doubled);
});
