import { expect, it } from 'vitest';
import { todayIn } from './today.js';

it("is the day in the library's time zone, whatever day it is elsewhere", () => {
  const now = () => new Date('2026-12-31T23:30:00Z');
  expect(todayIn('UTC', now)()).toBe('2026-12-31');
  expect(todayIn('Europe/Berlin', now)()).toBe('2027-01-01');
  expect(todayIn('America/New_York', now)()).toBe('2026-12-31');
});
