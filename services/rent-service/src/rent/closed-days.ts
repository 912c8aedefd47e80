import { addDays } from './calendar.js';

/** When the library is closed: the same days every week, and whole stretches of days. */
export interface ClosedDays {
  /** As `Date` numbers them: 0 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Both days inclusive. */
  readonly ranges: readonly { readonly from: string; readonly to: string }[];
}

export const noClosedDays: ClosedDays = { weekdays: new Set(), ranges: [] };

const weekdayNames = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** A longer stretch is a slip of the keyboard, and every book would be due after it. */
const longestRangeDays = 366;

/**
 * Reads closed days as the environment has them, separated by commas: weekdays by their English names, single dates, and
 * stretches of days as ISO 8601 writes them, such as `sunday, 2026-05-01, 2026-12-24/2027-01-01`.
 * @returns them, or every mistake, as the end of a sentence that begins with the variable's name
 */
export function parseClosedDays(text: string): { readonly value: ClosedDays } | { readonly mistake: string } {
  const weekdays = new Set<number>();
  const ranges: { from: string; to: string }[] = [];
  const mistakes: string[] = [];
  for (const part of text.split(',').map((each) => each.trim().toLowerCase())) {
    const weekday = weekdayNames.indexOf(part);
    if (weekday >= 0) {
      weekdays.add(weekday);
      continue;
    }
    const [from = '', to = from, ...rest] = part.split('/');
    if (rest.length > 0 || !isDate(from) || !isDate(to)) {
      mistakes.push(`${JSON.stringify(part)} is no weekday, no date and no two dates with a slash between`);
    } else if (to < from) {
      mistakes.push(`${part} ends before it begins`);
    } else if (to > addDays(from, longestRangeDays)) {
      mistakes.push(`${part} is longer than a year`);
    } else {
      ranges.push({ from, to });
    }
  }
  if (weekdays.size === weekdayNames.length) mistakes.push('every day of the week is closed');
  return mistakes.length === 0
    ? { value: { weekdays, ranges } }
    : { mistake: `must be days on which the library is closed: ${mistakes.join('; ')}` };
}

/** The day itself, or the first one after it on which the library is open. */
export function nextOpenDay({ weekdays, ranges }: ClosedDays, day: string): string {
  let open = day;
  for (;;) {
    const range = ranges.find(({ from, to }) => from <= open && open <= to);
    if (range) open = addDays(range.to, 1);
    else if (weekdays.has(new Date(`${open}T00:00:00Z`).getUTCDay())) open = addDays(open, 1);
    else return open;
  }
}

/** Whether the calendar has such a day; years have four digits. */
function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && addDays(text, 0) === text;
}
