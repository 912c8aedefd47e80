import type { BookEvents, BookRentEvents } from '@shelfmark/contracts';
import { parseStreamName, type Projection, type RecordedEvent } from '@shelfmark/event-sourcing';
import { titleKey } from '../../sort-key.js';
import type { Borrower, QuarterHour, Title } from './entities.js';

export const titlesOwnedByBook = ['titleKey', 'createdAt', 'deletedAt'] as const;

export const titlesFromBook: Projection<BookEvents, Pick<Title, (typeof titlesOwnedByBook)[number]>> = {
  BookCreated: ({ title }, event) => ({
    key: parseStreamName(event.stream).id,
    set: { titleKey: titleKey(title), createdAt: event.metadata.time },
  }),
  BookUpdated: ({ title }, event) =>
    title === undefined ? [] : { key: parseStreamName(event.stream).id, set: { titleKey: titleKey(title) } },
  BookDeleted: (_data, event) => ({
    key: parseStreamName(event.stream).id,
    set: { deletedAt: event.metadata.time },
  }),
};

export const titlesOwnedByRent = ['rents'] as const;

export const titlesFromRent: Projection<BookRentEvents, Pick<Title, (typeof titlesOwnedByRent)[number]>> = {
  BookRented: (_data, event) => ({ key: parseStreamName(event.stream).id, add: { rents: 1 } }),
};

export const quartersOwnedByRent = ['rents', 'renewals'] as const;

export const quartersFromRent: Projection<BookRentEvents, Pick<QuarterHour, (typeof quartersOwnedByRent)[number]>> = {
  BookRented: (_data, event) => ({ key: quarterOf(event), add: { rents: 1 } }),
  RentRenewed: (_data, event) => ({ key: quarterOf(event), add: { renewals: 1 } }),
};

export const borrowersOwnedByRent = ['open'] as const;

export const borrowersFromRent: Projection<BookRentEvents, Pick<Borrower, (typeof borrowersOwnedByRent)[number]>> = {
  BookRented: ({ userId }) => ({ key: userId, add: { open: 1 } }),
  BookReturned: ({ userId }) => ({ key: userId, add: { open: -1 } }),
  RentReopened: ({ userId }) => ({ key: userId, add: { open: 1 } }),
  // A copy that is found was counted out when it was lost.
  CopyLost: ({ userId }) => ({ key: userId, add: { open: -1 } }),
};

const quarterMs = 15 * 60 * 1_000;

function quarterOf({ metadata }: RecordedEvent): string {
  return new Date(Math.floor(Date.parse(metadata.time) / quarterMs) * quarterMs).toISOString();
}
