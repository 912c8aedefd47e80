import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays } from './calendar.js';
import { type ClosedDays, nextOpenDay, noClosedDays, parseClosedDays } from './closed-days.js';

function closedOn(text: string): ClosedDays {
  const parsed = parseClosedDays(text);
  if ('mistake' in parsed) throw new Error(parsed.mistake);
  return parsed.value;
}

function mistakeIn(text: string): string {
  const parsed = parseClosedDays(text);
  return 'mistake' in parsed ? parsed.mistake : '';
}

describe('closed days', () => {
  it('are weekdays, dates and stretches of days', () => {
    expect(closedOn(' Sunday,monday, 2026-05-01 ,2026-12-24/2027-01-01')).toEqual({
      weekdays: new Set([0, 1]),
      ranges: [
        { from: '2026-05-01', to: '2026-05-01' },
        { from: '2026-12-24', to: '2027-01-01' },
      ],
    });
  });

  it('are refused with every mistake', () => {
    const text = 'sundy, 2026-02-30, 2026-13-01/2027-01-01, 2026-01-02/2026-01-01, 2026-01-01/2127-01-02, , 2026-01-01';
    const mistake = mistakeIn(text);
    for (const part of ['"sundy"', '"2026-02-30"', '"2026-13-01/2027-01-01"', '""']) {
      expect(mistake).toContain(`${part} is no weekday, no date`);
    }
    expect(mistake).toContain('2026-01-02/2026-01-01 ends before it begins');
    expect(mistake).toContain('2026-01-01/2127-01-02 is longer than a year');
    expect(mistake).not.toContain('"2026-01-01"');
  });

  it('leave an open day in the week', () => {
    const week = 'sunday,monday,tuesday,wednesday,thursday,friday,saturday';
    expect(mistakeIn(week)).toMatch(/every day of the week is closed/);
    expect(mistakeIn(week.replace('monday,', ''))).toBe('');
  });
});

describe('the next open day', () => {
  it('is the day itself where the library is open', () => {
    expect(nextOpenDay(noClosedDays, '2024-02-29')).toBe('2024-02-29');
    expect(nextOpenDay(closedOn('sunday'), '2024-03-02')).toBe('2024-03-02');
  });

  it('comes after all that is closed in a row', () => {
    expect(nextOpenDay(closedOn('sunday'), '2024-03-03')).toBe('2024-03-04');
    // A Saturday before a Sunday, and holidays that begin on the Monday and end on another Sunday's eve.
    const closed = closedOn('saturday, sunday, 2024-03-04/2024-03-09');
    expect(nextOpenDay(closed, '2024-03-02')).toBe('2024-03-11');
  });

  it('is open, not before the day, and every day between is closed', () => {
    const weekdays = fc.subarray([0, 1, 2, 3, 4, 5, 6], { maxLength: 6 });
    const day = fc.integer({ min: 0, max: 800 }).map((days) => addDays('2023-06-01', days));
    const ranges = fc.array(
      fc.tuple(day, fc.integer({ min: 0, max: 60 })).map(([from, days]) => ({ from, to: addDays(from, days) })),
      { maxLength: 6 },
    );
    const isClosed = ({ weekdays, ranges }: ClosedDays, each: string) =>
      weekdays.has(new Date(each).getUTCDay()) || ranges.some(({ from, to }) => from <= each && each <= to);
    fc.assert(
      fc.property(weekdays, ranges, day, (closedWeekdays, closedRanges, from) => {
        const closed = { weekdays: new Set(closedWeekdays), ranges: closedRanges };
        let expected = from;
        while (isClosed(closed, expected)) expected = addDays(expected, 1);
        expect(nextOpenDay(closed, from)).toBe(expected);
      }),
    );
  });
});
