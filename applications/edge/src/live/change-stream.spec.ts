import { expect, it } from 'vitest';
import { ChangeStream } from './change-stream.js';

it('shows a reader who hears of nothing that the connection stands', () => {
  const stream = new ChangeStream([], undefined);
  expect(String(stream.read())).toMatch(/^retry: \d+\n\n/);
  stream.beat();
  expect(String(stream.read())).toBe(':\n\n');
});

it('cuts off a reader who takes nothing, once a little is buffered', () => {
  const stream = new ChangeStream([], undefined);
  stream.read();
  for (let beats = 0; !stream.destroyed; beats++) {
    expect(beats).toBeLessThan(10_000);
    stream.beat();
  }
  expect(stream.readableLength).toBeLessThan(20_000);
});
