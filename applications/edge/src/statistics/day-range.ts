import { Problem } from '../http/problem.js';
import { ParameterFault, type Parameter, specified } from '../http/query.js';

/** Some days, the first and the last included; each as 2026-12-31. */
export interface DayRange {
  readonly from: string;
  readonly to: string;
}

export const maxDays = 366;
export const defaultDays = 30;

const dayMs = 24 * 60 * 60 * 1_000;

/** A day of the library's calendar. */
export function calendarDay(description: string): Parameter<string> {
  const pattern = /^[1-9]\d{3}-\d{2}-\d{2}$/;
  return specified({ type: 'string', format: 'date', pattern: pattern.source, description }, (text) => {
    if (!pattern.test(text) || !isDay(text)) throw new ParameterFault('must be a day, such as 2026-12-31');
    return text;
  });
}

/**
 * The days that are asked for: the latest ones up to the last, where the first is not said.
 * @throws Problem InvalidRange where they are none, or too many
 */
export function dayRange({ from, to }: { readonly from?: string; readonly to?: string }, today: string): DayRange {
  const last = to ?? today;
  const first = from ?? daysBefore(last, defaultDays - 1);
  const days = (Date.parse(last) - Date.parse(first)) / dayMs + 1;
  if (days >= 1 && days <= maxDays) return { from: first, to: last };
  const detail = days < 1 ? `${first} is after ${last}.` : `From ${first} to ${last} are more than ${maxDays} days.`;
  throw new Problem('InvalidRange', { detail });
}

/** Whether the calendar has it. */
function isDay(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(day) - days * dayMs).toISOString().slice(0, 10);
}
