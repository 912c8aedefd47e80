import { describe, expect, it } from 'vitest';
import { calendarDay, dayRange } from './day-range.js';

const today = '2026-03-01';

describe('a range of days', () => {
  it('is the latest thirty days, unless it is said otherwise', () => {
    expect(dayRange({}, today)).toEqual({ from: '2026-01-31', to: today });
    expect(dayRange({ to: '2024-03-01' }, today)).toEqual({ from: '2024-02-01', to: '2024-03-01' });
    expect(dayRange({ from: '2026-02-28' }, today)).toEqual({ from: '2026-02-28', to: today });
  });

  it('has one day at least, and at most as many as a leap year', () => {
    expect(dayRange({ from: today, to: today }, today)).toEqual({ from: today, to: today });
    expect(dayRange({ from: '2024-01-01', to: '2024-12-31' }, today)).toMatchObject({ from: '2024-01-01' });
    for (const range of [
      { from: '2026-03-02', to: '2026-03-01' },
      { from: '2026-03-02' },
      { from: '2024-01-01', to: '2025-01-01' },
    ]) {
      expect(() => dayRange(range, today)).toThrow(expect.objectContaining({ code: 'InvalidRange', status: 422 }));
    }
  });

  it.each(['2026-02-29', '2026-13-01', '2026-1-1', '0000-01-01', '20260101', '2026-01-01T00:00:00Z', 'today'])(
    'does not begin at %s',
    (text) => {
      expect(() => calendarDay('A day.')(text)).toThrow('must be a day');
    },
  );
});
