import { setAside, statesOf } from './entities.js';
import { type LoggedEvent, byStream, categoryOf, idOf } from './logged-event.js';
import type { Logs } from './rules.js';

/** A row of a view, as far as it is compared: by column. */
export type Row = Readonly<Record<string, string | number | boolean | null>>;

export interface ViewTable {
  readonly view: string;
  /** Selects the compared columns of all rows, `id` among them. */
  readonly select: string;
  /** The rows that the logs come to. */
  readonly fold: (logs: Logs) => ReadonlyMap<string, Row>;
}

/** Every view's rows, and a fold of the logs that knows nothing of the projections. */
export const viewTables: readonly ViewTable[] = [
  {
    view: 'books',
    select: `SELECT id::text, revision, title, amount, in_use, deleted_at IS NOT NULL AS deleted
             FROM books.book WHERE created_at IS NOT NULL`,
    fold: ({ book, rent }) => {
      const rents = byStream(rent);
      return rowsOf(book, 'Book', (events, id) => {
        const { fields, status } = statesOf(events).at(-1)!;
        const state = statesOf(rents.get(`BookRent-${id}`) ?? []).at(-1)!;
        const { title, amount } = fields as { title: string; amount: number };
        return {
          id,
          revision: events.at(-1)!.revision,
          title,
          amount,
          in_use: state.open.size + state.lost.size + setAside(state),
          deleted: status === 'deleted',
        };
      });
    },
  },
  {
    view: 'users',
    select: `SELECT id::text, revision, name, email, rent_limit, deleted_at IS NOT NULL AS deleted FROM users.person`,
    fold: ({ user }) =>
      rowsOf(user, 'User', (events, id) => {
        const { fields, status } = statesOf(events).at(-1)!;
        const deleted = status === 'deleted';
        const { name, email, rentLimit } = fields as { name: string; email: string; rentLimit: number };
        return {
          id,
          revision: events.at(-1)!.revision,
          name: deleted ? null : name,
          email: deleted ? null : email,
          rent_limit: rentLimit,
          deleted,
        };
      }),
  },
  {
    view: 'rents',
    select: `SELECT id, book_id::text, user_id::text, state, due_on::text, renewals FROM rents.rent`,
    fold: ({ rent }) => {
      const rows = new Map<string, Row>();
      for (const { type, stream, data } of rent) {
        const { rentId: id, userId: user_id, dueOn: due_on } = data as Record<string, string>;
        const known = rows.get(id!)!;
        switch (type) {
          case 'BookRented':
            rows.set(id!, {
              id: id!,
              book_id: idOf(stream),
              user_id: user_id!,
              state: 'open',
              due_on: due_on!,
              renewals: 0,
            });
            break;
          case 'RentRenewed':
            rows.set(id!, { ...known, due_on: due_on!, renewals: Number(known['renewals']) + 1 });
            break;
          case 'RentReopened':
            rows.set(id!, { ...known, state: 'open', due_on: due_on! });
            break;
          case 'CopyLost':
            rows.set(id!, { ...known, state: 'lost' });
            break;
          case 'BookReturned':
          case 'CopyFound':
            rows.set(id!, { ...known, state: 'returned' });
        }
      }
      return rows;
    },
  },
  {
    view: 'holds',
    select: `SELECT id, book_id::text, user_id::text, state FROM holds.hold`,
    fold: ({ rent }) => {
      const states: Readonly<Record<string, string>> = {
        HoldPlaced: 'waiting',
        HoldReady: 'ready',
        HoldCancelled: 'cancelled',
        HoldExpired: 'expired',
        BookRented: 'pickedUp',
      };
      const rows = new Map<string, Row>();
      for (const { type, stream, data } of rent) {
        const state = states[type];
        const { holdId: id, userId: user_id } = data as Record<string, string>;
        if (state === undefined || id === undefined) continue;
        rows.set(
          id,
          rows.has(id) ? { ...rows.get(id), state } : { id, book_id: idOf(stream), user_id: user_id!, state },
        );
      }
      return rows;
    },
  },
  {
    view: 'statistics',
    select: `SELECT id::text, rents, created_at IS NOT NULL AS created, deleted_at IS NOT NULL AS deleted FROM statistics.title`,
    fold: ({ book, rent }) => {
      const books = byStream(book);
      const rents = byStream(rent);
      const ids = new Set([...books.keys(), ...rents.keys()].filter(isOfBook).map(idOf));
      return new Map(
        [...ids].flatMap((id): [string, Row][] => {
          const events = books.get(`Book-${id}`) ?? [];
          const rented = (rents.get(`BookRent-${id}`) ?? []).filter(({ type }) => type === 'BookRented').length;
          if (events.length === 0 && rented === 0) return [];
          const deleted = events.at(-1)?.type === 'BookDeleted';
          return [[id, { id, rents: rented, created: events.length > 0, deleted }]];
        }),
      );
    },
  },
];

function rowsOf(
  log: readonly LoggedEvent[],
  category: string,
  row: (events: readonly LoggedEvent[], id: string) => Row,
): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>();
  for (const [stream, events] of byStream(log)) {
    if (categoryOf(stream) === category) rows.set(idOf(stream), row(events, idOf(stream)));
  }
  return rows;
}

/** What a view shows differently from what the logs come to. */
export function checkRows(view: string, expected: ReadonlyMap<string, Row>, found: readonly Row[]): string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const row of found) {
    const id = String(row['id']);
    seen.add(id);
    const due = expected.get(id);
    if (!due) {
      faults.push(`view ${view} has a row ${id} that no log knows`);
      continue;
    }
    for (const column of Object.keys(due)) {
      if (row[column] === due[column]) continue;
      faults.push(`view ${view}, row ${id}: ${column} is ${String(row[column])}, not ${String(due[column])}`);
    }
  }
  for (const id of expected.keys()) if (!seen.has(id)) faults.push(`view ${view} lacks the row ${id}`);
  return faults;
}

function isOfBook(stream: string): boolean {
  return ['Book', 'BookRent'].includes(categoryOf(stream));
}
