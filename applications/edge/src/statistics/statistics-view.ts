import { Inject, Injectable } from '@nestjs/common';
import type { BookRow, Statistics, StatisticsOfDay } from '@shelfmark/contracts';
import { bookColumns, bookRepresentation, representBook } from '../books/books-view.js';
import { type HalDocument, linkTo } from '../http/hal.js';
import type { Positions } from '../http/positions.js';
import { type QueryOf, wholeNumber } from '../http/query.js';
import type { Representation } from '../openapi/operation.js';
import { isOverdue } from '../rents/rents-view.js';
import { rents } from '../rents/rents.js';
import { TIME_ZONE, TODAY, type Today } from '../rents/today.js';
import { shown } from '../views/list-query.js';
import { maxCountedRows } from '../views/page.js';
import { SqlValues } from '../views/sql-values.js';
import { ViewReader } from '../views/view-reader.js';
import { calendarDay, dayRange, defaultDays, maxDays } from './day-range.js';

const defaultTop = 10;
const maxTop = 100;

export const statisticsQuery = {
  from: calendarDay(`The first day, in the library's time zone; ${defaultDays - 1} days before the last unless said.`),
  to: calendarDay(`The last day; today unless said. ${maxDays} days at most.`),
  top: wholeNumber(1, maxTop),
};

/** A title with how often it was rented. */
type RentedBook = BookRow & { readonly rents: number };

/** The numbers, with the titles that were rented most. */
export type ShownStatistics = Statistics & { readonly mostRented: readonly RentedBook[] };

type Counts = Pick<Statistics, 'openRents' | 'activeBorrowers'>;

interface Found {
  readonly days: StatisticsOfDay[];
  readonly open: Counts;
  readonly overdueRents: number;
  readonly neverRented: number;
  readonly parkedBooks: number;
  readonly mostRented: readonly RentedBook[];
}

/** The library in numbers. What is many rows to count was counted by the view; what is overdue today, an index knows. */
@Injectable()
export class StatisticsView {
  constructor(
    @Inject(ViewReader) private readonly reader: ViewReader,
    @Inject(TODAY) private readonly today: Today,
    @Inject(TIME_ZONE) private readonly timeZone: string,
  ) {}

  async read(query: QueryOf<typeof statisticsQuery>, positions: Positions): Promise<ShownStatistics> {
    const { from, to } = dayRange(query, this.today());
    const values = new SqlValues();
    const [first, last, zone] = [from, to, this.timeZone].map((value) => values.add(value));
    const days = `
      SELECT day::date::text AS day, coalesce(rents, 0) AS rents, coalesce(renewals, 0) AS renewals
      FROM generate_series(${first}::date, ${last}::date, interval '1 day') AS day LEFT JOIN (
        SELECT (id AT TIME ZONE ${zone})::date AS day, sum(rents)::int AS rents, sum(renewals)::int AS renewals
        FROM statistics.quarter_hour
        WHERE id >= ${first}::date::timestamp AT TIME ZONE ${zone} AND id < (${last}::date + 1)::timestamp AT TIME ZONE ${zone}
        GROUP BY 1
      ) AS counted USING (day)`;
    const open = `
      SELECT coalesce(sum(open), 0)::int AS "openRents", count(*)::int AS "activeBorrowers"
      FROM statistics.borrower WHERE open > 0`;
    // In the order of their index, which alone is looked at then.
    const neverRented = `
      SELECT FROM statistics.title WHERE ${shown} AND rents = 0 ORDER BY title_key, id LIMIT ${maxCountedRows}`;
    const mostRented = `
      SELECT ${bookColumns}, rents FROM (
        SELECT id, rents FROM statistics.title WHERE ${shown} AND rents > 0
        ORDER BY rents DESC, id DESC LIMIT ${values.add(query.top ?? defaultTop)}
      ) AS title JOIN books.book USING (id) WHERE ${shown} ORDER BY rents DESC, id DESC`;
    const select = `
      (SELECT json_agg(counted ORDER BY day) FROM (${days}) AS counted) AS days,
      (SELECT to_json(counted) FROM (${open}) AS counted) AS open,
      (SELECT count(*)::int FROM rents.rent WHERE ${isOverdue(values, this.today)}) AS "overdueRents",
      (SELECT count(*)::int FROM (${neverRented}) AS counted) AS "neverRented",
      (SELECT count(DISTINCT entity)::int FROM statistics.dead_letter) AS "parkedBooks",
      (SELECT coalesce(json_agg(found), '[]') FROM (${mostRented}) AS found) AS "mostRented"`;
    const found = await this.reader.read<Found>(positions, ['statistics', 'rents', 'books'], select, values);
    const { openRents, activeBorrowers } = found.open;
    const sum = (of: 'rents' | 'renewals') => found.days.reduce((total, day) => total + day[of], 0);
    return {
      from,
      to,
      timeZone: this.timeZone,
      rents: sum('rents'),
      renewals: sum('renewals'),
      days: found.days,
      openRents,
      overdueRents: found.overdueRents,
      activeBorrowers,
      neverRented: found.neverRented,
      parkedBooks: found.parkedBooks,
      mostRented: found.mostRented,
    };
  }
}

const rentedBookRepresentation: Representation = {
  ...bookRepresentation,
  name: 'RentedBook',
  adds: {
    ...bookRepresentation.adds,
    rents: { type: 'integer', minimum: 1, description: 'How often a copy went out, since the beginning.' },
  },
};

/** What {@link representStatistics} makes. */
export const statisticsRepresentation: Representation = {
  name: 'Statistics',
  row: 'Statistics',
  embeds: { mostRented: rentedBookRepresentation },
  links: ['self', 'overdueRents', 'openRents', 'neverRented'],
};

/** @param url where it was found */
export function representStatistics(url: string, { mostRented, ...numbers }: ShownStatistics): HalDocument {
  return {
    ...numbers,
    _embedded: { mostRented: mostRented.map((row) => ({ ...representBook(row), rents: row.rents })) },
    _links: {
      self: { href: url },
      openRents: { href: `${rents.path}?state=open` },
      overdueRents: { href: `${rents.path}?state=overdue` },
      neverRented: linkTo('/statistics', 'never-rented'),
    },
  };
}
