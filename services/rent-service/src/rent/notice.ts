import type { NoticeCommands, NoticeEvents, NoticeKind } from '@shelfmark/contracts';
import type { Decider } from '@shelfmark/event-sourcing';
import { addDays, dayIn } from './calendar.js';
import { type Copies, bookOf, copies } from './copies.js';
import type { LendingPolicy } from './lending-policy.js';

/** The notices of one kind about one rent or hold: the last day that they were about. */
export type Notice = { readonly lastDay?: string };

export type NoticeDecider = Decider<Notice, NoticeCommands, NoticeEvents, never, { readonly book: typeof copies }>;

/**
 * A notice is given once for each day that it is about, for its stream knows those that were. It is given only while it is true,
 * which the book's stream tells in the same decision: nobody is reminded of a book that is back.
 */
export function notice(policy: LendingPolicy): NoticeDecider {
  return {
    category: 'Notice',
    initial: {},
    entityId: ({ kind, about }) => `${kind}.${about}`,
    others: { book: copies },
    streams: { GiveNotice: ({ about }) => ({ book: bookOf(about) }) },

    decide: {
      GiveNotice: ({ lastDay }, { kind, about }, { now }, { book }) => {
        const fact = book && factOf(book, kind, about);
        // A day that is renewed is a later one.
        if (!fact || (lastDay !== undefined && lastDay >= fact.day)) return [];
        const { userId, day } = fact;
        const time = timeOf[kind](day, dayIn(policy.timeZone, now));
        if (time === 'early') return [];
        if (time === 'late') return [{ type: 'NoticeMissed', data: { kind, about, day } }];
        return [{ type: 'NoticeGiven', data: { kind, about, userId, bookId: bookOf(about), day } }];
      },
    },

    evolve: {
      NoticeGiven: (_state, { day }) => ({ lastDay: day }),
      NoticeMissed: (_state, { day }) => ({ lastDay: day }),
    },
  };
}

/** What the notice would be about, if it still is so. */
function factOf(
  { rents, holds }: Copies,
  kind: NoticeKind,
  about: string,
): { readonly userId: string; readonly day: string } | undefined {
  if (kind !== 'HoldReady') {
    const rent = rents.get(about);
    return rent && { userId: rent.userId, day: rent.dueOn };
  }
  const hold = holds.get(about);
  return hold?.pickupBy === undefined ? undefined : { userId: hold.userId, day: hold.pickupBy };
}

/** Whether what a notice says of a day is true today. */
const timeOf: Readonly<Record<NoticeKind, (day: string, today: string) => 'early' | 'now' | 'late'>> = {
  HoldReady: (pickupBy, today) => (pickupBy < today ? 'late' : 'now'),
  RentDueTomorrow: (dueOn, today) => {
    const tomorrow = addDays(today, 1);
    if (dueOn > tomorrow) return 'early';
    return dueOn < tomorrow ? 'late' : 'now';
  },
  RentOverdue: (dueOn, today) => (dueOn >= today ? 'early' : 'now'),
};
