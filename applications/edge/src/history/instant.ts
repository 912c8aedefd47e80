import { type Parameter, ParameterFault, specified } from '../http/query.js';

/** RFC 3339, but for leap seconds, which no clock of ours shows. A plus in a query that is not percent-encoded is a space. */
const rfc3339 =
  /^((?!0000)\d{4})-(\d\d)-(\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[-+ ]([01]\d|2[0-3]):[0-5]\d)$/i;

/** An instant that has been, now included. */
export function pastInstant(now: () => number = Date.now): Parameter<Date> {
  return specified(
    { type: 'string', format: 'date-time', description: 'An instant that is not in the future.' },
    (text) => {
      const [, year, month, day] = rfc3339.exec(text) ?? [];
      const instant = new Date(text.replace(' ', '+'));
      // Date takes the 30th of February for the 2nd of March.
      if (Number.isNaN(instant.getTime()) || !(Number(day) <= daysIn(Number(year), Number(month)))) {
        throw new ParameterFault('must be an RFC 3339 instant, such as 2026-12-31T23:59:59Z');
      }
      if (instant.getTime() > now()) throw new ParameterFault('must not be in the future');
      return instant;
    },
  );
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
