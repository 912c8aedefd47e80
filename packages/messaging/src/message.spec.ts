import { headers } from '@nats-io/transport-node';
import type { RecordedEvent } from '@shelfmark/event-sourcing';
import { describe, expect, it } from 'vitest';
import { MalformedMessage } from './malformed-message.js';
import { fromEventMessage, toEventMessage } from './message.js';
import { fromRequestMessage, type OutgoingCommand, toRequestMessage } from './request.js';

const event: RecordedEvent = {
  id: '0b6f1d0e-6a0f-5d3c-9f60-0f4f1c1f0a11',
  type: 'BookCreated',
  stream: 'Book-Ä 1',
  revision: 3,
  position: 18446744073709551615n,
  data: { title: 'Käse\n"und" Brot', amount: 2 },
  metadata: {
    commandId: 'c3a1d8b0-0000-7000-8000-000000000001',
    commandHash: 'aGFzaA',
    correlationId: 'correlation',
    causationId: 'cause',
    time: '2026-01-02T03:04:05.678Z',
    schemaVersion: 2,
    actor: 'auth0|müller\r\nce-id: 1',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  },
};
const link = {
  service: 'book',
  source: '/shelfmark/book-service',
  logId: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  generation: 1_700_000_000_000,
  previousPosition: 7n,
};

describe('an event message', () => {
  it('holds the whole event and its link', () => {
    const message = toEventMessage(event, link);
    expect(message.subject).toBe('shelfmark.events.book.BookCreated');
    const { logId, generation, previousPosition } = link;
    expect(fromEventMessage({ headers: message.headers, data: message.body }, 42)).toEqual({
      ...event,
      logId,
      generation,
      previousPosition,
      sequence: 42,
    });
  });

  it('holds what is optional only where it is there', () => {
    const { actor: _actor, traceparent: _traceparent, ...metadata } = event.metadata;
    const first = { ...event, metadata };
    const message = toEventMessage(first, { ...link, previousPosition: undefined });
    const mirrored = fromEventMessage({ headers: message.headers, data: message.body }, 1);
    expect(mirrored.previousPosition).toBeUndefined();
    expect(mirrored.metadata).toStrictEqual(metadata);
  });

  it.each([
    ['ce-id', undefined],
    ['ce-specversion', '0.3'],
    ['ce-position', '-1'],
    ['ce-position', '1e3'],
    ['ce-revision', '1.5'],
    ['ce-generation', '99999999999999999999'],
    ['ce-logid', undefined],
    ['ce-correlationid', '%E0%A4%A'],
  ])('with %s of %s is malformed, and the error names the header', (name, value) => {
    const { headers: encoded, body } = toEventMessage(event, link);
    if (value === undefined) encoded.delete(name);
    else encoded.set(name, value);
    const parse = () => fromEventMessage({ headers: encoded, data: body }, 1);
    expect(parse).toThrow(expect.objectContaining({ name: 'MalformedMessage', field: name }));
  });
});

describe('a request message', () => {
  const command: OutgoingCommand = {
    id: '019053c0-0000-7000-8000-000000000001',
    type: 'CreateBook',
    data: { title: 'Käse' },
    correlationId: 'correlation',
    causationId: 'cause',
    actor: 'müller',
    expectedRevision: 0,
    deadline: 1_900_000_000_000,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  const encode = () => {
    const { subject, headers, body } = toRequestMessage('commands', 'book', command, '/shelfmark/edge');
    return { subject, headers, data: body };
  };

  it('holds the whole command', () => {
    const message = encode();
    expect(message.subject).toBe('shelfmark.commands.book.CreateBook');
    expect(fromRequestMessage(message)).toMatchObject({ ...command, source: '/shelfmark/edge' });
  });

  it.each([
    ['ce-id', 'not-a-uuid'],
    ['ce-id', ''],
    ['ce-time', 'yesterday'],
    ['ce-type', 'DeleteBook'],
    ['ce-expectedrevision', '-1'],
    ['shelfmark-deadline', 'soon'],
    ['ce-actor', 'x'.repeat(2_000)],
  ])('with %s of %j is malformed, and the error names the header', (name, value) => {
    const message = encode();
    message.headers.set(name, value);
    expect(() => fromRequestMessage(message)).toThrow(
      expect.objectContaining({ name: 'MalformedMessage', field: name }),
    );
  });

  it('without headers is malformed', () => {
    expect(() => fromRequestMessage({ subject: 'a.B', data: Buffer.from('{}') })).toThrow(MalformedMessage);
    expect(() => fromRequestMessage({ subject: 'a.B', headers: headers(), data: Buffer.from('{}') })).toThrow(
      MalformedMessage,
    );
  });

  it('that says a header twice is malformed', () => {
    const message = encode();
    message.headers.append('ce-actor', 'somebody-else');
    expect(() => fromRequestMessage(message)).toThrow(expect.objectContaining({ field: 'ce-actor' }));
  });

  it.each([
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['not JSON', Buffer.from('{"a":')],
    ['empty', Buffer.alloc(0)],
    ['nested deeper than 32', Buffer.from('['.repeat(33) + ']'.repeat(33))],
  ])('whose body is %s is malformed', (_what, data) => {
    expect(() => fromRequestMessage({ ...encode(), data })).toThrow(expect.objectContaining({ field: 'body' }));
  });

  it('may nest 32 deep, and brackets in its strings do not count', () => {
    const nested = '['.repeat(31) + `"${'['.repeat(100)}\\"{"` + ']'.repeat(31);
    expect(fromRequestMessage({ ...encode(), data: Buffer.from(`[${nested}]`) }).data).toEqual(
      JSON.parse(`[${nested}]`),
    );
  });
});
