import { describe, it } from 'vitest';
import { parseClosedDays } from './closed-days.js';
import {
  bookId,
  borrowerClosed,
  borrowerOpened,
  closed,
  copiesChanged,
  dueOn,
  ended,
  extended,
  found,
  given,
  givenBorrower,
  givenIn,
  holdTaken,
  lost,
  opened,
  otherBookId,
  otherUserId,
  placed,
  ready,
  renewed,
  rentId,
  rented,
  returned,
  source,
  taken,
  thirdUserId,
  userId,
} from './testing/lending.js';

describe('RentBook', () => {
  it('lends a free copy for 14 days, on both streams', () => {
    given({ own: [opened(1)], borrower: [borrowerOpened()] })
      .when('RentBook', { bookId, userId })
      .then({ own: [rented()], borrower: [taken()] });
  });

  it('counts days in the time zone of the library', () => {
    givenIn('Pacific/Auckland')({ own: [opened(1)], borrower: [borrowerOpened()] })
      .at('2024-02-29T12:00:00Z')
      .when('RentBook', { bookId, userId })
      .then({
        own: [{ type: 'BookRented', data: { rentId, userId, dueOn: '2024-03-15' } }],
        borrower: [taken(rentId, '2024-03-15')],
      });
  });

  it('lends a returned book again at once, also to the same person, under the next number', () => {
    given({ own: [opened(1), rented(), returned()], borrower: [borrowerOpened(), taken(), ended()] })
      .when('RentBook', { bookId, userId })
      .then({ own: [rented(1)], borrower: [taken(`${bookId}.1`)] });
  });

  it('refuses a user who is not known, or has left', () => {
    given([opened(1)])
      .when('RentBook', { bookId, userId })
      .thenRejects('UserNotFound');
    given({ own: [opened(1)], borrower: [borrowerOpened(), borrowerClosed] })
      .when('RentBook', { bookId, userId })
      .thenRejects('UserNotFound');
  });

  it('refuses a book that is not known, or has left', () => {
    given({ own: [], borrower: [borrowerOpened()] })
      .when('RentBook', { bookId, userId })
      .thenRejects('BookNotFound');
    given({ own: [opened(1), closed], borrower: [borrowerOpened()] })
      .when('RentBook', { bookId, userId })
      .thenRejects('BookNotFound');
  });

  it('refuses a second copy of the same book', () => {
    given({ own: [opened(2), rented()], borrower: [borrowerOpened(), taken()] })
      .when('RentBook', { bookId, userId })
      .thenRejects('AlreadyRented');
  });

  it('refuses a borrower with two overdue rents; due through the end of the day is not overdue', () => {
    const out = [taken(`${otherBookId}.0`, '2024-02-28'), taken(`${otherBookId}.1`, '2024-02-28')];
    given({ own: [opened(1)], borrower: [borrowerOpened(), ...out] })
      .when('RentBook', { bookId, userId })
      .thenRejects('BorrowerOverdue');
    given({ own: [opened(1)], borrower: [borrowerOpened(), out[0]!, taken(`${otherBookId}.1`, '2024-02-29')] })
      .when('RentBook', { bookId, userId })
      .then({ own: [rented()], borrower: [taken()] });
  });

  it('lends up to the limit and refuses beyond it', () => {
    given({ own: [opened(1)], borrower: [borrowerOpened(2), taken(`${otherBookId}.0`)] })
      .when('RentBook', { bookId, userId })
      .then({ own: [rented()], borrower: [taken()] });
    given({ own: [opened(1)], borrower: [borrowerOpened(1), taken(`${otherBookId}.0`)] })
      .when('RentBook', { bookId, userId })
      .thenRejects('RentLimitReached');
  });

  it('does not count returned rents towards the limit', () => {
    given({ own: [opened(1)], borrower: [borrowerOpened(1), taken(`${otherBookId}.0`), ended(`${otherBookId}.0`)] })
      .when('RentBook', { bookId, userId })
      .then({ own: [rented()], borrower: [taken()] });
  });

  it('refuses when no copy is free, also when the amount was lowered below what is out', () => {
    given({ own: [opened(1), rented(0, otherUserId)], borrower: [borrowerOpened()] })
      .when('RentBook', { bookId, userId })
      .thenRejects('NoCopyAvailable');
    given({ own: [opened(1), rented(0, otherUserId), copiesChanged(0)], borrower: [borrowerOpened()] })
      .when('RentBook', { bookId, userId })
      .thenRejects('NoCopyAvailable');
  });

  it('answers with the first of several reasons', () => {
    given({
      own: [opened(1), rented()],
      borrower: [borrowerOpened(1), taken(rentId, '2024-01-01'), taken('x.1', '2024-01-01')],
    })
      .when('RentBook', { bookId, userId })
      .thenRejects('AlreadyRented');
  });
});

describe('TakeOverRent', () => {
  const takeOver = { bookId, userId, dueOn: '2024-02-01', rentedOn: '2024-01-15' };
  const takenOver = {
    type: 'BookRented',
    data: { rentId, userId, dueOn: '2024-02-01', rentedOn: '2024-01-15' },
  } as const;

  it('records a rent of before, also one that is overdue or beyond the limit', () => {
    given({ own: [opened(1)], borrower: [borrowerOpened(0)] })
      .when('TakeOverRent', takeOver)
      .then({ own: [takenOver], borrower: [taken(rentId, '2024-02-01')] })
      .again()
      .thenRejects('AlreadyRented');
  });

  it('refuses what cannot be: no such person, no such book, no copy left', () => {
    given({ own: [opened(1)], borrower: [] })
      .when('TakeOverRent', takeOver)
      .thenRejects('UserNotFound');
    given({ own: [], borrower: [borrowerOpened()] })
      .when('TakeOverRent', takeOver)
      .thenRejects('BookNotFound');
    given({ own: [opened(1), rented(0, otherUserId)], borrower: [borrowerOpened()] })
      .when('TakeOverRent', takeOver)
      .thenRejects('NoCopyAvailable');
  });
});

describe('ReturnRent', () => {
  it('takes the copy back on both streams; the second time it is done already', () => {
    given({ own: [opened(1), rented()], borrower: [borrowerOpened(), taken()] })
      .when('ReturnRent', { rentId })
      .then({ own: [returned()], borrower: [ended()] })
      .again()
      .then([]);
  });

  it('refuses a rent that never was', () => {
    given([opened(1)])
      .when('ReturnRent', { rentId })
      .thenRejects('RentNotFound');
  });

  it('has nothing to do for a rent that ended before the book was deleted', () => {
    given([opened(1), rented(), returned(), closed])
      .when('ReturnRent', { rentId })
      .then([]);
  });
});

describe('ReturnBook', () => {
  it('takes back what the borrower has out', () => {
    given({ own: [opened(1), rented()], borrower: [borrowerOpened(), taken()] })
      .when('ReturnBook', { bookId, userId })
      .then({ own: [returned()], borrower: [ended()] });
  });

  it('refuses when they do not have it', () => {
    given([opened(2), rented(0, otherUserId)])
      .when('ReturnBook', { bookId, userId })
      .thenRejects('RentNotFound');
  });
});

describe('ReopenRent', () => {
  const wasReturned = {
    own: [opened(1), rented(), returned()],
    borrower: [borrowerOpened(), taken(), ended()],
  } as const;
  const reopened = { type: 'RentReopened', data: { rentId, userId, dueOn } } as const;

  it('undoes a return: open as it was, once', () => {
    given(wasReturned)
      .when('ReopenRent', { rentId })
      .then({ own: [reopened], borrower: [taken()] })
      .again()
      .then([]);
  });

  it('can still be done a day later, but no more after it', () => {
    given(wasReturned)
      .at('2024-03-01T12:00:00.000Z')
      .when('ReopenRent', { rentId })
      .then({ own: [reopened], borrower: [taken()] });
    given(wasReturned).at('2024-03-01T12:00:00.001Z').when('ReopenRent', { rentId }).thenRejects('RentNotReopenable');
  });

  it('refuses once the copy is lent again', () => {
    given({ ...wasReturned, own: [...wasReturned.own, rented(1, otherUserId)] })
      .when('ReopenRent', { rentId })
      .thenRejects('RentNotReopenable', /copy/);
  });

  it('refuses a borrower who is at the limit by now', () => {
    given({ ...wasReturned, borrower: [borrowerOpened(1), taken(`${otherBookId}.0`)] })
      .when('ReopenRent', { rentId })
      .thenRejects('RentNotReopenable', /limit/);
  });

  it('refuses while the copy is set aside, or the borrower has a hold themselves', () => {
    given({ ...wasReturned, own: [opened(1), rented(), placed(0, otherUserId), returned(), ready(0, otherUserId)] })
      .when('ReopenRent', { rentId })
      .thenRejects('RentNotReopenable', /set aside/);
    const again = [rented(1, otherUserId), placed(0, userId), returned(1, otherUserId), ready(0, userId)] as const;
    given({
      own: [...wasReturned.own, ...again, copiesChanged(2)],
      borrower: [...wasReturned.borrower, holdTaken()],
    })
      .when('ReopenRent', { rentId })
      .thenRejects('RentNotReopenable', /has a hold/);
  });

  it('refuses a rent that never was', () => {
    given([opened(1)])
      .when('ReopenRent', { rentId })
      .thenRejects('RentNotFound');
  });
});

describe('RenewRent', () => {
  const isOut = { own: [opened(1), rented()], borrower: [borrowerOpened(), taken()] } as const;

  it('makes it due anew from today, on both streams', () => {
    given(isOut)
      .at('2024-03-10T12:00:00Z')
      .when('RenewRent', { rentId })
      .then({ own: [renewed('2024-03-24')], borrower: [extended('2024-03-24')] });
  });

  it('can be done on the last day, and twice', () => {
    given(isOut)
      .at('2024-03-14T23:59:59Z')
      .when('RenewRent', { rentId })
      .then({ own: [renewed('2024-03-28')], borrower: [extended('2024-03-28')] })
      .again()
      .then({ own: [renewed('2024-03-28')], borrower: [extended('2024-03-28')] })
      .again()
      .thenRejects('RenewalLimitReached', /2/);
  });

  it('never makes it due earlier than it was', () => {
    const later = { own: [opened(1), rented(0, userId, '2024-05-01')], borrower: [borrowerOpened(), taken()] };
    given(later)
      .when('RenewRent', { rentId })
      .then({ own: [renewed('2024-05-01')], borrower: [extended('2024-05-01')] });
  });

  it('moves a day on which the library is closed to the next one on which it is open', () => {
    const calendar = parseClosedDays('sunday, 2024-03-14/2024-03-16');
    givenIn(
      'UTC',
      'value' in calendar ? calendar.value : undefined,
    )(isOut)
      .when('RenewRent', { rentId })
      .then({ own: [renewed('2024-03-18')], borrower: [extended('2024-03-18')] });
  });

  it('counts the renewals of a rent that was open again', () => {
    given({
      own: [
        ...[opened(1), rented(), renewed(), renewed(), returned()],
        { type: 'RentReopened', data: { rentId, userId, dueOn } },
      ],
      borrower: [borrowerOpened(), taken()],
    })
      .when('RenewRent', { rentId })
      .thenRejects('RenewalLimitReached');
  });

  it('refuses while more people wait than copies are free, whoever else has one set aside', () => {
    const queue = [opened(2), rented(), rented(1, otherUserId), placed(0, thirdUserId)] as const;
    given({ own: queue, borrower: isOut.borrower }).when('RenewRent', { rentId }).thenRejects('HoldsWaiting', /1/);
    given({ own: [...queue, returned(1, otherUserId), ready(0, thirdUserId)], borrower: isOut.borrower })
      .when('RenewRent', { rentId })
      .then({ own: [renewed()], borrower: [extended()] });
  });

  it('refuses what is overdue', () => {
    given(isOut)
      .at('2024-03-15T00:00:00Z')
      .when('RenewRent', { rentId })
      .thenRejects('RentOverdue', /2024-03-14/);
  });

  it('answers with the first of several reasons', () => {
    const own = [opened(1), rented(), renewed(), renewed()] as const;
    given({ own: [...own, placed(0, otherUserId)], borrower: isOut.borrower })
      .at('2024-03-15T00:00:00Z')
      .when('RenewRent', { rentId })
      .thenRejects('HoldsWaiting');
    given({ own, borrower: isOut.borrower })
      .at('2024-03-15T00:00:00Z')
      .when('RenewRent', { rentId })
      .thenRejects('RentOverdue');
  });

  it('refuses a rent that is not open, or never was', () => {
    given([opened(1), rented(), returned()])
      .when('RenewRent', { rentId })
      .thenRejects('RentNotOpen');
    given([opened(1), rented(), lost()])
      .when('RenewRent', { rentId })
      .thenRejects('RentNotOpen');
    given([opened(1)])
      .when('RenewRent', { rentId })
      .thenRejects('RentNotFound');
  });
});

describe('ReportCopyLost', () => {
  it('closes the rent on both streams, once', () => {
    given({ own: [opened(1), rented()], borrower: [borrowerOpened(), taken()] })
      .when('ReportCopyLost', { rentId })
      .then({ own: [lost()], borrower: [ended()] })
      .again()
      .then([]);
  });

  it('takes the copy out of the count', () => {
    given({ own: [opened(1), rented(), lost()], borrower: [borrowerOpened()] })
      .when('RentBook', { bookId, userId })
      .thenRejects('NoCopyAvailable');
    given({ own: [opened(2), rented(), lost()], borrower: [borrowerOpened()] })
      .when('RentBook', { bookId, userId })
      .then({ own: [rented(1)], borrower: [taken(`${bookId}.1`)] });
  });

  it('refuses a rent that ended otherwise, or never was', () => {
    given([opened(1), rented(), returned()])
      .when('ReportCopyLost', { rentId })
      .thenRejects('RentNotOpen');
    given([opened(1)])
      .when('ReportCopyLost', { rentId })
      .thenRejects('RentNotFound');
  });

  it('leaves nothing that could be reopened', () => {
    given([opened(1), rented(), lost()])
      .when('ReopenRent', { rentId })
      .thenRejects('RentNotReopenable', /lost/);
  });

  it('does not keep the book in the catalogue', () => {
    given([opened(1), rented(), lost()])
      .when('CloseBookRent', { bookId })
      .then([closed]);
  });
});

describe('ReportCopyFound', () => {
  it('brings the copy back, once', () => {
    given([opened(1), rented(), lost()])
      .when('ReportCopyFound', { rentId })
      .then([found()])
      .again()
      .then([]);
    given({ own: [opened(1), rented(), lost(), found()], borrower: [borrowerOpened()] })
      .when('RentBook', { bookId, userId })
      .then({ own: [rented(1)], borrower: [taken(`${bookId}.1`)] });
  });

  it('sets it aside for who waits', () => {
    given([opened(1), rented(), lost(), placed(0, otherUserId)])
      .when('ReportCopyFound', { rentId })
      .then([found(), ready(0, otherUserId)]);
  });

  it('is what a return of a lost copy comes to', () => {
    given([opened(1), rented(), lost()])
      .when('ReturnRent', { rentId })
      .then([found()])
      .again()
      .then([]);
  });

  it('can happen after the book has left', () => {
    given([opened(1), rented(), lost(), closed])
      .when('ReportCopyFound', { rentId })
      .then([found()]);
  });

  it('has nothing to do for a copy that is there', () => {
    given([opened(1), rented(), returned()])
      .when('ReportCopyFound', { rentId })
      .then([]);
  });

  it('refuses a copy that is out, or was never lent', () => {
    given([opened(1), rented()])
      .when('ReportCopyFound', { rentId })
      .thenRejects('RentNotLost');
    given([opened(1)])
      .when('ReportCopyFound', { rentId })
      .thenRejects('RentNotFound');
  });
});

describe('OpenBookRent and ChangeCopies', () => {
  it('opens a book once', () => {
    given()
      .when('OpenBookRent', { bookId, amount: 1, source: source(0) })
      .then([opened(1)])
      .again()
      .then([]);
  });

  it('takes over a newer amount and ignores an older one', () => {
    const change = copiesChanged(3, 2);
    given([opened(1)])
      .when('ChangeCopies', { bookId, amount: 3, source: source(2) })
      .then([change])
      .again()
      .then([]);
    given([opened(1), change])
      .when('ChangeCopies', { bookId, amount: 2, source: source(1) })
      .then([]);
    given([opened(1), change])
      .when('OpenBookRent', { bookId, amount: 2, source: source(1) })
      .then([]);
  });

  it('follows the owner into a log that was restored', () => {
    given([opened(1)])
      .when('ChangeCopies', { bookId, amount: 2, source: source(0, 'restored') })
      .then([{ type: 'CopiesChanged', data: { amount: 2, source: source(0, 'restored') } }]);
  });

  it('writes nothing for a book that nobody has rented yet', () => {
    given()
      .when('ChangeCopies', { bookId, amount: 3, source: source(2) })
      .then([]);
  });

  it('does not open what is closed', () => {
    given([opened(1), closed])
      .when('OpenBookRent', { bookId, amount: 3, source: source(2) })
      .then([]);
  });
});

describe('CloseBookRent', () => {
  it('closes, also what was never opened, once', () => {
    given([opened(1), rented(), returned()])
      .when('CloseBookRent', { bookId })
      .then([closed])
      .again()
      .then([]);
    given().when('CloseBookRent', { bookId }).then([closed]);
  });

  it('refuses while copies are out', () => {
    given([opened(1), rented()])
      .when('CloseBookRent', { bookId })
      .thenRejects('BookHasOpenRents');
  });
});

describe('a borrower', () => {
  it('opens once and takes over newer limits', () => {
    givenBorrower()
      .when('OpenBorrower', { userId, rentLimit: 5, source: source(0) })
      .then([borrowerOpened()])
      .again()
      .then([]);
    const change = { type: 'RentLimitChanged', data: { rentLimit: 1, source: source(3) } } as const;
    givenBorrower([borrowerOpened()])
      .when('ChangeRentLimit', { userId, rentLimit: 1, source: source(3) })
      .then([change])
      .again()
      .then([]);
    givenBorrower([borrowerOpened(), change])
      .when('ChangeRentLimit', { userId, rentLimit: 9, source: source(2) })
      .then([]);
    givenBorrower()
      .when('ChangeRentLimit', { userId, rentLimit: 9, source: source(2) })
      .then([]);
  });

  it('closes, also if never opened, once', () => {
    givenBorrower().when('CloseBorrower', { userId }).then([borrowerClosed]).again().then([]);
  });

  it('stays while books are out', () => {
    givenBorrower([borrowerOpened(), taken()]).when('CloseBorrower', { userId }).thenRejects('UserHasOpenRents');
    givenBorrower([borrowerOpened(), taken(), ended()]).when('CloseBorrower', { userId }).then([borrowerClosed]);
  });
});
