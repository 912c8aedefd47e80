import { describe, expect, it } from 'vitest';
import { prefersAsync } from './respond-async.js';

describe('a client', () => {
  it.each([
    'respond-async',
    'Respond-Async',
    'respond-async, wait=10',
    'return=minimal,respond-async',
    'handling=lenient; strict="a,b" , respond-async ;foo',
    'note="say \\"hi\\", then", respond-async',
  ])('that prefers %s does not wait', (prefer) => {
    expect(prefersAsync(prefer)).toBe(true);
  });

  it.each([undefined, '', 'wait=10', 'respond-asynchronously', 'note="respond-async"', 'note="a, respond-async, b"'])(
    'that prefers %s does',
    (prefer) => {
      expect(prefersAsync(prefer)).toBe(false);
    },
  );
});
