import { describe, expect, it } from 'vitest';
import { acceptedType, representations } from './accept.js';

describe('the form of a representation', () => {
  it.each([
    [undefined, 'application/hal+json'],
    ['', 'application/hal+json'],
    ['*/*', 'application/hal+json'],
    ['text/html,application/xhtml+xml,*/*;q=0.8', 'application/hal+json'],
    ['application/json', 'application/json'],
    ['application/json;q=0.9, application/hal+json;q=0.8', 'application/json'],
    ['APPLICATION/HAL+JSON', 'application/hal+json'],
    ['application/*;q=0.1, application/hal+json;q=0', 'application/json'],
    ['application/problem+json', 'application/hal+json'],
    ['text/html', undefined],
    ['application/json;q=0', undefined],
    ['application/json;q=nonsense', undefined],
    ['*/*;q=0', undefined],
    [',,;;', undefined],
  ])('accepting %s is %s', (accept, expected) => {
    expect(acceptedType(accept, representations)).toBe(expected);
  });
});
