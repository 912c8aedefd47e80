import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addDays, dayIn, startOfDay } from './calendar.js';

describe('a library day', () => {
  it('begins at midnight where the library is', () => {
    expect(dayIn('Europe/Berlin', new Date('2024-03-30T23:30:00Z'))).toBe('2024-03-31');
    expect(dayIn('America/New_York', new Date('2024-03-31T03:30:00Z'))).toBe('2024-03-30');
  });

  it('is counted on across summer time, month ends and leap days', () => {
    expect(addDays('2024-03-30', 2)).toBe('2024-04-01');
    expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
    expect(addDays('2023-12-31', 14)).toBe('2024-01-14');
  });

  it('has a first instant, also where the clocks leave out midnight or a whole day', () => {
    const start = (timeZone: string, day: string) => startOfDay(timeZone, day).toISOString();
    expect(start('UTC', '2024-02-29')).toBe('2024-02-29T00:00:00.000Z');
    expect(start('Europe/Berlin', '2024-03-31')).toBe('2024-03-30T23:00:00.000Z');
    expect(start('Europe/Berlin', '2024-04-01')).toBe('2024-03-31T22:00:00.000Z');
    expect(start('Africa/Cairo', '2024-04-26')).toBe('2024-04-25T22:00:00.000Z'); // the clocks went from 24:00 to 1:00
    expect(start('Pacific/Apia', '2011-12-30')).toBe('2011-12-30T10:00:00.000Z'); // the 30th was left out
    expect(start('Pacific/Kiritimati', '2024-01-01')).toBe('2023-12-31T10:00:00.000Z');
  });

  it('begins with its first instant, and the day before ends with the one before it', () => {
    const zones = ['UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Pacific/Auckland', 'Asia/Kathmandu', 'America/Havana'];
    const dates = fc.date({ min: new Date('2015-01-01'), max: new Date('2035-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(fc.constantFrom(...zones), dates, (timeZone, date) => {
        const day = date.toISOString().slice(0, 10);
        const start = startOfDay(timeZone, day);
        expect(dayIn(timeZone, start)).toBe(day);
        expect(dayIn(timeZone, new Date(start.getTime() - 1))).toBe(addDays(day, -1));
      }),
    );
  });
});
