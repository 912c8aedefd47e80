import { Inject, Injectable } from '@nestjs/common';
import type { BookRentEvents, NoticeEvents, NoticeKind } from '@shelfmark/contracts';
import type { Timer } from '../timers/timers.js';
import { addDays, dayIn, startOfDay } from './calendar.js';
import { LENDING_POLICY, NOTICE } from './deciders.js';
import type { LendingPolicy } from './lending-policy.js';
import type { NoticeDecider } from './notice.js';

type Events = BookRentEvents & NoticeEvents;

/** Nobody wants to hear from the library in the middle of the night. */
const tellAfterMs = 8 * 60 * 60 * 1000;

/** The time for a notice comes; whether it is given, its stream decides. It is not due any more once it was, or was missed. */
abstract class NoticeTimer implements Timer<Events> {
  readonly rule: string;
  abstract readonly kind: string;
  protected abstract readonly notice: NoticeKind;
  abstract readonly on: Timer<Events>['on'];

  constructor(
    @Inject(NOTICE) private readonly decider: NoticeDecider,
    @Inject(LENDING_POLICY) private readonly policy: Pick<LendingPolicy, 'timeZone'>,
  ) {
    this.rule = policy.timeZone;
  }

  command(about: string) {
    return { decider: this.decider, type: 'GiveNotice', data: { kind: this.notice, about } };
  }

  /** What takes any notice of this kind away. */
  protected readonly ends = {
    NoticeGiven: ({ kind, about }: NoticeEvents['NoticeGiven']) =>
      kind === this.notice ? { entity: about } : undefined,
    NoticeMissed: ({ kind, about }: NoticeEvents['NoticeMissed']) =>
      kind === this.notice ? { entity: about } : undefined,
  };

  protected morningOf(day: string): Date {
    return new Date(startOfDay(this.policy.timeZone, day).getTime() + tellAfterMs);
  }

  /** At once, or in the morning if it is night. */
  protected notBeforeMorning(instant: string): Date {
    const morning = this.morningOf(dayIn(this.policy.timeZone, new Date(instant)));
    return morning.getTime() > Date.parse(instant) ? morning : new Date(instant);
  }
}

/** When a rent is due, or due anew, and when it is over. */
function whileOut(instantFor: (dueOn: string) => Date) {
  const due = ({ rentId, dueOn }: { readonly rentId: string; readonly dueOn: string }) => ({
    entity: rentId,
    at: instantFor(dueOn),
  });
  const over = ({ rentId }: { readonly rentId: string }) => ({ entity: rentId });
  return { BookRented: due, RentRenewed: due, RentReopened: due, BookReturned: over, CopyLost: over };
}

@Injectable()
export class DueTomorrowNotice extends NoticeTimer {
  readonly kind = 'due-tomorrow-notice';
  protected readonly notice = 'RentDueTomorrow';
  readonly on = { ...whileOut((dueOn) => this.morningOf(addDays(dueOn, -1))), ...this.ends };
}

@Injectable()
export class OverdueNotice extends NoticeTimer {
  readonly kind = 'overdue-notice';
  protected readonly notice = 'RentOverdue';
  readonly on = { ...whileOut((dueOn) => this.morningOf(addDays(dueOn, 1))), ...this.ends };
}

@Injectable()
export class HoldReadyNotice extends NoticeTimer {
  readonly kind = 'hold-ready-notice';
  protected readonly notice = 'HoldReady';
  readonly on: Timer<Events>['on'] = {
    HoldReady: ({ holdId }, { metadata }) => ({ entity: holdId, at: this.notBeforeMorning(metadata.time) }),
    BookRented: ({ holdId }) => (holdId === undefined ? undefined : { entity: holdId }),
    HoldCancelled: ({ holdId }) => ({ entity: holdId }),
    HoldExpired: ({ holdId }) => ({ entity: holdId }),
    ...this.ends,
  };
}
