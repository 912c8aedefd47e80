import { schema } from '@shelfmark/contracts';
import { SchemaValidator } from '@shelfmark/event-sourcing';
import { specification } from '@shelfmark/event-sourcing/testing';
import { describe, it } from 'vitest';
import { lendingPolicy } from './lending-policy.js';
import { notice } from './notice.js';
import {
  bookId,
  cancelled,
  dueOn,
  holdId,
  lost,
  opened,
  otherUserId,
  pickupBy,
  placed,
  ready,
  renewed,
  rented,
  rentId,
  returned,
  userId,
} from './testing/lending.js';

const given = specification(notice(lendingPolicy('UTC')), new SchemaValidator(schema));

const told = (kind: 'HoldReady' | 'RentDueTomorrow' | 'RentOverdue', day: string) =>
  ({
    type: 'NoticeGiven',
    data: { kind, about: kind === 'HoldReady' ? holdId : rentId, userId, bookId, day },
  }) as const;
const missed = (kind: 'HoldReady' | 'RentDueTomorrow', day: string) =>
  ({ type: 'NoticeMissed', data: { kind, about: kind === 'HoldReady' ? holdId : rentId, day } }) as const;

const out = { own: [], book: [opened(1), rented()] };
const dueTomorrow = { kind: 'RentDueTomorrow', about: rentId } as const;
const overdue = { kind: 'RentOverdue', about: rentId } as const;
const holdReady = { kind: 'HoldReady', about: holdId } as const;

describe('a rent that is due tomorrow', () => {
  it('is told of on the day before, once', () => {
    given(out)
      .at('2024-03-13T08:00:00Z')
      .when('GiveNotice', dueTomorrow)
      .then({ own: [told('RentDueTomorrow', dueOn)] })
      .again()
      .then([]);
  });

  it('is not told of earlier', () => {
    given(out).at('2024-03-12T23:59:59Z').when('GiveNotice', dueTomorrow).then([]);
  });

  it('is not told of when it is too late, for then it is not due tomorrow', () => {
    given(out)
      .at('2024-03-14T00:00:00Z')
      .when('GiveNotice', dueTomorrow)
      .then({ own: [missed('RentDueTomorrow', dueOn)] })
      .again()
      .then([]);
  });

  it('is told of anew when it was renewed', () => {
    given({ own: [told('RentDueTomorrow', dueOn)], book: [opened(1), rented(), renewed('2024-03-27')] })
      .at('2024-03-26T08:00:00Z')
      .when('GiveNotice', dueTomorrow)
      .then({ own: [told('RentDueTomorrow', '2024-03-27')] });
  });
});

describe('a rent that is overdue', () => {
  it('is told of from the day after on, once', () => {
    given(out)
      .at('2024-03-15T00:00:00Z')
      .when('GiveNotice', overdue)
      .then({ own: [told('RentOverdue', dueOn)] })
      .again()
      .then([]);
  });

  it('is not told of through the end of its day', () => {
    given(out).at('2024-03-14T23:59:59Z').when('GiveNotice', overdue).then([]);
  });

  it.each([
    ['returned', returned()],
    ['reported lost', lost()],
    ['renewed', renewed('2024-03-28')],
  ])('is not told of once it was %s', (_, event) => {
    given({ own: [], book: [opened(1), rented(), event] })
      .at('2024-03-20T08:00:00Z')
      .when('GiveNotice', overdue)
      .then([]);
  });
});

describe('a copy that is set aside', () => {
  const waiting = [opened(1), rented(0, otherUserId), placed(), returned(0, otherUserId), ready()];

  it('is told of to its holder through the last day for it, once', () => {
    given({ own: [], book: waiting })
      .at(`${pickupBy}T23:59:59Z`)
      .when('GiveNotice', holdReady)
      .then({ own: [told('HoldReady', pickupBy)] })
      .again()
      .then([]);
  });

  it('is not told of afterwards', () => {
    given({ own: [], book: waiting })
      .at('2024-03-04T00:00:00Z')
      .when('GiveNotice', holdReady)
      .then({ own: [missed('HoldReady', pickupBy)] });
  });

  it('is not told of to somebody who waits no longer, or waits still', () => {
    given({ own: [], book: [...waiting, cancelled(0, userId, true)] })
      .when('GiveNotice', holdReady)
      .then([]);
    given({ own: [], book: [opened(1), rented(0, otherUserId), placed()] })
      .when('GiveNotice', holdReady)
      .then([]);
  });
});
