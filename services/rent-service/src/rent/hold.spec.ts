import { describe, it } from 'vitest';
import { parseClosedDays } from './closed-days.js';
import {
  bookId,
  borrowerClosed,
  borrowerOpened,
  cancelled,
  closed,
  copiesChanged,
  dueOn,
  ended,
  expired,
  given,
  givenBorrower,
  givenIn,
  holdEnded,
  holdId,
  holdTaken,
  opened,
  otherBookId,
  otherUserId,
  placed,
  ready,
  rentId,
  rented,
  returned,
  source,
  taken,
  thirdUserId,
  userId,
} from './testing/lending.js';

/** The only copy is out to somebody. */
const allOut = [opened(1), rented(0, otherUserId)] as const;
const holdId1 = `${bookId}.1`;

describe('PlaceHold', () => {
  it('puts a person into the queue, on both streams', () => {
    given({ own: allOut, borrower: [borrowerOpened()] })
      .when('PlaceHold', { bookId, userId })
      .then({ own: [placed()], borrower: [holdTaken()] })
      .again()
      .thenRejects('AlreadyOnHold');
  });

  it('counts holds apart from rents', () => {
    given({ own: [opened(1), rented(), returned(), rented(1, otherUserId)], borrower: [borrowerOpened()] })
      .when('PlaceHold', { bookId, userId })
      .then({ own: [placed(0)], borrower: [holdTaken()] });
    given({ own: [...allOut, placed(), cancelled()], borrower: [borrowerOpened(), holdTaken(), holdEnded()] })
      .when('PlaceHold', { bookId, userId })
      .then({ own: [placed(1)], borrower: [holdTaken(holdId1)] });
  });

  it('can be done where the library has no copy at all yet', () => {
    given({ own: [opened(0)], borrower: [borrowerOpened()] })
      .when('PlaceHold', { bookId, userId })
      .then({ own: [placed()], borrower: [holdTaken()] });
  });

  it('refuses where a copy is free, but not where all that are there are set aside', () => {
    given({ own: [opened(2), rented(0, otherUserId)], borrower: [borrowerOpened()] })
      .when('PlaceHold', { bookId, userId })
      .thenRejects('CopyAvailable');
    given({
      own: [...allOut, placed(0, thirdUserId), returned(0, otherUserId), ready(0, thirdUserId)],
      borrower: [borrowerOpened()],
    })
      .when('PlaceHold', { bookId, userId })
      .then({ own: [placed(1)], borrower: [holdTaken(holdId1)] });
  });

  it('refuses who has the book out', () => {
    given({ own: [opened(1), rented()], borrower: [borrowerOpened(), taken()] })
      .when('PlaceHold', { bookId, userId })
      .thenRejects('AlreadyRented');
    given({ own: [opened(2), rented()], borrower: [borrowerOpened(), taken()] })
      .when('PlaceHold', { bookId, userId })
      .thenRejects('AlreadyRented');
  });

  it('refuses who has a copy set aside already, also where others are free', () => {
    given({ own: [opened(0), placed(), copiesChanged(2), ready()], borrower: [borrowerOpened(), holdTaken()] })
      .when('PlaceHold', { bookId, userId })
      .thenRejects('AlreadyOnHold');
  });

  it('takes five holds of a person, whatever their rents, and refuses a sixth', () => {
    const holds = [1, 2, 3, 4].map((number) => holdTaken(`${otherBookId}.${number}`));
    given({ own: allOut, borrower: [borrowerOpened(0), ...holds] })
      .when('PlaceHold', { bookId, userId })
      .then({ own: [placed()], borrower: [holdTaken()] });
    given({ own: allOut, borrower: [borrowerOpened(), ...holds, holdTaken(`${otherBookId}.5`)] })
      .when('PlaceHold', { bookId, userId })
      .thenRejects('HoldLimitReached', 'the limit is 5');
  });

  it('refuses users and books that are not known, or have left', () => {
    given(allOut).when('PlaceHold', { bookId, userId }).thenRejects('UserNotFound');
    given({ own: allOut, borrower: [borrowerOpened(), borrowerClosed] })
      .when('PlaceHold', { bookId, userId })
      .thenRejects('UserNotFound');
    given({ own: [], borrower: [borrowerOpened()] })
      .when('PlaceHold', { bookId, userId })
      .thenRejects('BookNotFound');
    given({ own: [opened(0), closed], borrower: [borrowerOpened()] })
      .when('PlaceHold', { bookId, userId })
      .thenRejects('BookNotFound');
  });
});

describe('a hold becomes ready', () => {
  const queue = [...allOut, placed(0, userId), placed(1, thirdUserId)] as const;

  it('with the return, first come first served', () => {
    const back = { own: queue, borrower: [borrowerOpened(), taken()] };
    const then = { own: [returned(0, otherUserId), ready(0)], borrower: [ended()] };
    given(back).when('ReturnRent', { rentId }).then(then).again().then([]);
    given(back).when('ReturnBook', { bookId, userId: otherUserId }).then(then);
  });

  it('with copies that are added, as many as there are', () => {
    given(queue)
      .when('ChangeCopies', { bookId, amount: 2, source: source(1) })
      .then([copiesChanged(2), ready(0)]);
    given(queue)
      .when('OpenBookRent', { bookId, amount: 4, source: source(1) })
      .then([copiesChanged(4), ready(0), ready(1, thirdUserId)]);
  });

  it('not with a return while more are out than there are copies', () => {
    given({
      own: [opened(2), rented(0, otherUserId), rented(1, thirdUserId), copiesChanged(1), placed(0)],
      borrower: [borrowerOpened(), taken()],
    })
      .when('ReturnRent', { rentId })
      .then({ own: [returned(0, otherUserId)], borrower: [ended()] });
  });

  it('to be picked up by a day on which the library is open', () => {
    const calendar = parseClosedDays('sunday, 2024-03-04');
    givenIn(
      'UTC',
      'value' in calendar ? calendar.value : undefined,
    )({ own: queue, borrower: [borrowerOpened(), taken()] })
      .when('ReturnRent', { rentId })
      .then({ own: [returned(0, otherUserId), ready(0, userId, '2024-03-05')], borrower: [ended()] });
  });
});

describe('a hold that is ready', () => {
  const setAside = [...allOut, placed(), returned(0, otherUserId), ready()] as const;
  const pickedUp = { type: 'BookRented', data: { rentId: `${bookId}.1`, userId, dueOn, holdId } } as const;

  it('is picked up by its holder, and ends with that', () => {
    given({ own: setAside, borrower: [borrowerOpened(), holdTaken()] })
      .when('RentBook', { bookId, userId })
      .then({ own: [pickedUp], borrower: [taken(`${bookId}.1`), holdEnded()] })
      .again()
      .thenRejects('AlreadyRented');
  });

  it('is picked up also after its day, as long as it has not expired', () => {
    given({ own: setAside, borrower: [borrowerOpened(), holdTaken()] })
      .at('2024-03-04T00:00:00Z')
      .when('RentBook', { bookId, userId })
      .then({
        own: [{ ...pickedUp, data: { ...pickedUp.data, dueOn: '2024-03-18' } }],
        borrower: [taken(`${bookId}.1`, '2024-03-18'), holdEnded()],
      });
  });

  it('leaves one copy fewer for everybody else', () => {
    given({ own: setAside, borrower: [borrowerOpened()] })
      .when('RentBook', { bookId, userId: thirdUserId })
      .thenRejects('NoCopyAvailable');
  });

  it('is of no use where its copy was taken out of the library since', () => {
    given({ own: [...setAside, copiesChanged(0)], borrower: [borrowerOpened(), holdTaken()] })
      .when('RentBook', { bookId, userId })
      .thenRejects('NoCopyAvailable');
  });

  it('does not come before others in the queue because its holder asks for a rent', () => {
    given({ own: [...allOut, placed()], borrower: [borrowerOpened(), holdTaken()] })
      .when('RentBook', { bookId, userId })
      .thenRejects('NoCopyAvailable');
  });
});

describe('CancelHold', () => {
  it('ends a hold on both streams, once', () => {
    given({ own: [...allOut, placed()], borrower: [borrowerOpened(), holdTaken()] })
      .when('CancelHold', { holdId })
      .then({ own: [cancelled()], borrower: [holdEnded()] })
      .again()
      .then([]);
  });

  it('gives what was set aside to the next', () => {
    const own = [...allOut, placed(), placed(1, thirdUserId), returned(0, otherUserId), ready()] as const;
    given({ own, borrower: [borrowerOpened(), holdTaken()] })
      .when('CancelHold', { holdId })
      .then({ own: [cancelled(0, userId, true), ready(1, thirdUserId)], borrower: [holdEnded()] });
  });

  it('gives a free copy to nobody while one is waiting further down', () => {
    given({ own: [...allOut, placed(), placed(1, thirdUserId)], borrower: [borrowerOpened(), holdTaken()] })
      .when('CancelHold', { holdId })
      .then({ own: [cancelled()], borrower: [holdEnded()] });
  });

  it('has nothing to do once it was picked up or has expired', () => {
    const ends = [expired(), { type: 'BookRented', data: { rentId: `${bookId}.1`, userId, dueOn, holdId } } as const];
    for (const end of ends) {
      given([...allOut, placed(), returned(0, otherUserId), ready(), end])
        .when('CancelHold', { holdId })
        .then([]);
    }
  });

  it('refuses a hold that never was, also where a rent has that number', () => {
    given(allOut).when('CancelHold', { holdId }).thenRejects('HoldNotFound');
  });
});

describe('ExpireHolds', () => {
  const own = [...allOut, placed(), placed(1, thirdUserId), returned(0, otherUserId), ready()] as const;
  const holders = { [userId]: [borrowerOpened(), holdTaken()] };
  const dayAfter = '2024-03-04T00:00:00Z';

  it('ends what was not picked up in time, and the next one is ready in the same step', () => {
    given({ own, holders })
      .at(dayAfter)
      .when('ExpireHolds', { bookId })
      .then({
        own: [expired(), ready(1, thirdUserId, '2024-03-07')],
        holders: { [userId]: [holdEnded()] },
      })
      .again()
      .then([]);
  });

  it('does nothing through the end of the day', () => {
    given({ own, holders }).at('2024-03-03T23:59:59.999Z').when('ExpireHolds', { bookId }).then([]);
  });

  it('counts days where the library is', () => {
    const then = { own: [expired(), ready(1, thirdUserId, '2024-03-07')], holders: { [userId]: [holdEnded()] } };
    const inAuckland = givenIn('Pacific/Auckland');
    inAuckland({ own, holders }).at('2024-03-03T10:59:59Z').when('ExpireHolds', { bookId }).then([]);
    inAuckland({ own, holders }).at('2024-03-03T11:00:00Z').when('ExpireHolds', { bookId }).then(then);
  });

  it('ends several at once', () => {
    given({
      own: [
        opened(0),
        placed(),
        placed(1, otherUserId),
        placed(2, thirdUserId),
        copiesChanged(2),
        ready(),
        ready(1, otherUserId),
      ],
      holders: { [userId]: [borrowerOpened(), holdTaken()], [otherUserId]: [borrowerOpened(), holdTaken(holdId1)] },
    })
      .at(dayAfter)
      .when('ExpireHolds', { bookId })
      .then({
        own: [expired(), expired(1, otherUserId), ready(2, thirdUserId, '2024-03-07')],
        holders: { [userId]: [holdEnded()], [otherUserId]: [holdEnded(holdId1)] },
      });
  });

  it('comes too late for what was picked up', () => {
    given([...own, { type: 'BookRented', data: { rentId: `${bookId}.1`, userId, dueOn, holdId } }])
      .at(dayAfter)
      .when('ExpireHolds', { bookId })
      .then([]);
  });
});

describe('deletions', () => {
  it('of a book are refused while people wait, or have a copy set aside', () => {
    given([opened(0), placed()])
      .when('CloseBookRent', { bookId })
      .thenRejects('BookHasHolds');
    given([opened(0), placed(), copiesChanged(1), ready()])
      .when('CloseBookRent', { bookId })
      .thenRejects('BookHasHolds');
    given([...allOut, placed()])
      .when('CloseBookRent', { bookId })
      .thenRejects('BookHasOpenRents');
    given([opened(0), placed(), cancelled()])
      .when('CloseBookRent', { bookId })
      .then([closed]);
  });

  it('of a person cancel their holds of all books in the same step, and the next ones are served', () => {
    const otherHoldId = `${otherBookId}.4`;
    const waitsElsewhere = { type: 'HoldPlaced', data: { holdId: otherHoldId, userId } } as const;
    givenBorrower({
      own: [borrowerOpened(), holdTaken(), holdTaken(otherHoldId)],
      books: {
        [bookId]: [...allOut, placed(), placed(1, thirdUserId), returned(0, otherUserId), ready()],
        [otherBookId]: [opened(0), waitsElsewhere],
      },
    })
      .when('CloseBorrower', { userId })
      .then({
        own: [holdEnded(), holdEnded(otherHoldId), borrowerClosed],
        books: {
          [bookId]: [cancelled(0, userId, true), ready(1, thirdUserId)],
          [otherBookId]: [{ type: 'HoldCancelled', data: { holdId: otherHoldId, userId, wasReady: false } }],
        },
      })
      .again()
      .then([]);
  });

  it('of a person who has a book out leave their holds alone', () => {
    givenBorrower([borrowerOpened(), taken(), holdTaken(`${otherBookId}.0`)])
      .when('CloseBorrower', { userId })
      .thenRejects('UserHasOpenRents');
  });
});
