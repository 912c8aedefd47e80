/** Token of the IANA time zone in which the library's days begin and end. */
export const TIME_ZONE = Symbol('TIME_ZONE');

/** Token of a {@link Today}. */
export const TODAY = Symbol('TODAY');

/** The day that it is in the library, now or at another instant, as 2026-12-31. */
export type Today = (at?: Date) => string;

export function todayIn(timeZone: string, now: () => Date = () => new Date()): Today {
  // Swedish dates are ISO dates.
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
  return (at = now()) => format.format(at);
}
