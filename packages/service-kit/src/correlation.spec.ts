import { describe, expect, it } from 'vitest';
import { correlationId, correlationIdOf, withCorrelation } from './correlation.js';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';

describe('a correlation id', () => {
  it('is the one that the client sent', () => {
    const headers = { 'shelfmark-correlation-id': 'desk-7', traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    expect(correlationIdOf(headers)).toBe('desk-7');
  });

  it('is else the id of the trace', () => {
    expect(correlationIdOf({ traceparent: `00-${trace}-00f067aa0ba902b7-01` })).toBe(trace);
  });

  it('is new where neither is usable', () => {
    const given = ['', 'a b', 'ann@example.org', 'x'.repeat(65), 'a\r\nb'];
    for (const id of given) expect(correlationIdOf({ 'shelfmark-correlation-id': id })).toMatch(/^[0-9a-f-]{36}$/);
    expect(correlationIdOf({ traceparent: `00-${'0'.repeat(32)}-00f067aa0ba902b7-01` })).toMatch(/^[0-9a-f-]{36}$/);
    expect(correlationIdOf({})).not.toBe(correlationIdOf({}));
  });

  it('stays with what it was given to, side by side with others', async () => {
    const seen = await Promise.all(
      ['a', 'b'].map((id) =>
        withCorrelation(id, async () => {
          await new Promise(setImmediate);
          return correlationId();
        }),
      ),
    );
    expect(seen).toEqual(['a', 'b']);
    expect(correlationId()).toBeUndefined();
  });
});
