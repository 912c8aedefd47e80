import type { RecordedEvent } from '@shelfmark/event-sourcing';
import { expect, test } from 'vitest';
import { chooseConsumer } from './consumer-strategy.js';
import { octetStream, toLog } from './event.js';

function event(stream: string, metadata = '{}'): RecordedEvent {
  const customMetadata = Buffer.from(metadata);
  const record = { id: 'id', type: 't', contentType: octetStream, data: Buffer.alloc(0), customMetadata };
  return { ...toLog(record, new Date(0)), stream, revision: 0, position: 1n };
}

const consumers = ['a', 'b', 'c'].map((name) => ({ name, hasRoom: true }));
const full = consumers.map((consumer, index) => ({ ...consumer, hasRoom: index > 0 }));

test('one by one goes round, past those who have no room', () => {
  const turns = [0, 1, 2, 3].map((turn) => chooseConsumer('RoundRobin', consumers, event('s'), turn)!.name);
  expect(turns).toEqual(['a', 'b', 'c', 'a']);
  expect(chooseConsumer('RoundRobin', full, event('s'), 3)!.name).toBe('b');
});

test('a single one gets all as long as it has room', () => {
  expect([0, 1, 2].map((turn) => chooseConsumer('DispatchToSingle', consumers, event('s'), turn)!.name)).toEqual([
    'a',
    'a',
    'a',
  ]);
  expect(chooseConsumer('DispatchToSingle', full, event('s'), 0)!.name).toBe('b');
});

test('pinned to a stream, events of one stream go to one consumer or wait for it', () => {
  const names = Array.from({ length: 30 }, (_, index) => `stream-${index}`);
  const chosen = names.map((name) => chooseConsumer('Pinned', consumers, event(name), 0)!.name);
  expect(new Set(chosen)).toEqual(new Set(['a', 'b', 'c']));
  expect(names.map((name) => chooseConsumer('Pinned', consumers, event(name), 7)!.name)).toEqual(chosen);
  const waiting = names[chosen.indexOf('a')]!;
  expect(chooseConsumer('Pinned', full, event(waiting), 0)).toBeUndefined();
});

test('pinned by correlation, the correlation id decides, and without one the stream', () => {
  const ofOne = (stream: string) =>
    chooseConsumer('PinnedByCorrelation', consumers, event(stream, '{"$correlationId":"x"}'), 0)!.name;
  expect(new Set(['s1', 's2', 's3', 's4', 's5'].map(ofOne)).size).toBe(1);
  const without = (stream: string, metadata: string) =>
    chooseConsumer('PinnedByCorrelation', consumers, event(stream, metadata), 0)!.name;
  expect(without('s1', 'no JSON')).toBe(without('s1', '{}'));
});

test('with nobody there, everything waits', () => {
  for (const strategy of ['RoundRobin', 'DispatchToSingle', 'Pinned'] as const) {
    expect(chooseConsumer(strategy, [], event('s'), 0)).toBeUndefined();
  }
});
