import fc from 'fast-check';
import type { RecordedEvent } from '@shelfmark/event-sourcing';
import { expect, test } from 'vitest';
import { fromLog, isTombstone, toLog, tombstone, type ProposedRecord } from './event.js';

const now = new Date('2026-01-31T12:00:00.123Z');

/** As the log gives it back: through JSON. */
function recorded(event: object): RecordedEvent {
  return JSON.parse(JSON.stringify({ ...event, stream: 's', revision: 3 })) as RecordedEvent;
}

const bytes = fc.oneof(
  fc.uint8Array(),
  fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
);

test('what a client proposes comes back byte by byte, whatever the bytes are', () => {
  fc.assert(
    fc.property(bytes, bytes, fc.string({ minLength: 1 }), (data, customMetadata, type) => {
      const record: ProposedRecord = { id: 'id', type, contentType: 'application/json', data, customMetadata };
      const back = fromLog({ ...recorded(toLog(record, now)), position: 7n });
      expect(Buffer.from(back.data).equals(Buffer.from(data))).toBe(true);
      expect(Buffer.from(back.customMetadata).equals(Buffer.from(customMetadata))).toBe(true);
      expect(back).toMatchObject({ id: 'id', type, contentType: 'application/json', revision: 3n, position: 7n });
      expect(back.created).toEqual(now);
    }),
  );
});

test('a byte order mark stays', () => {
  const data = Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]);
  const record = { id: 'id', type: 't', contentType: 'application/json', data, customMetadata: Buffer.alloc(0) };
  expect(fromLog({ ...recorded(toLog(record, now)), position: 1n }).data).toEqual(data);
});

test('a tombstone is known as one, and an event of a client of that type is none', () => {
  const end = recorded(tombstone('id', now));
  expect(isTombstone(end)).toBe(true);
  expect(fromLog({ ...end, position: 1n }).revision).toBe(2n ** 63n - 1n);
  const data = Buffer.alloc(0);
  const alike = { id: 'id', type: '$streamDeleted', contentType: '', data, customMetadata: data };
  expect(isTombstone(recorded(toLog(alike, now)))).toBe(false);
});
