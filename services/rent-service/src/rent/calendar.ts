/** The calendar day (`YYYY-MM-DD`) that it is somewhere at an instant. */
export function dayIn(timeZone: string, instant: Date): string {
  let format = dayFormats.get(timeZone);
  if (!format) {
    // Swedish writes dates as ISO 8601 does.
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
    dayFormats.set(timeZone, format);
  }
  return format.format(instant);
}

/** A formatter takes longer to make than a command takes to decide. */
const dayFormats = new Map<string, Intl.DateTimeFormat>();

/** The calendar day so many days after another; a day without a time zone has no summer time to trip over. */
export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** The first instant of a day somewhere; days begin at midnight, but for those whose midnight the clocks leave out. */
export function startOfDay(timeZone: string, day: string): Date {
  // No place on earth is further than 14 hours from UTC, and the clocks there never show an earlier day again.
  let before = Date.parse(`${day}T00:00:00Z`) - 15 * hourMs;
  let from = before + 30 * hourMs;
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2);
    if (dayIn(timeZone, new Date(middle)) < day) before = middle;
    else from = middle;
  }
  return new Date(from);
}

const hourMs = 60 * 60 * 1000;
