/** The time has come to tell somebody of something, if it is so. */
export interface GiveNotice {
  kind: NoticeKind;
  /**
   * The id of the rent or the hold that it is about.
   * @maxLength 60
   * @pattern ^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.(0|[1-9][0-9]{0,14})$
   */
  about: string;
}

/** What people are told of: a copy waits for them, is due on the next day, or was due. */
export type NoticeKind = 'HoldReady' | 'RentDueTomorrow' | 'RentOverdue';

/** Somebody is told of something: once for each kind, rent or hold, and day. */
export interface NoticeGiven {
  kind: NoticeKind;
  /** The id of the rent or the hold that it is about. */
  about: string;
  /** @format uuid */
  userId: string;
  /** @format uuid */
  bookId: string;
  /**
   * The day by whose end the copy is to come back, or to be picked up.
   * @format date
   */
  day: string;
}

/** It was too late to tell somebody: the day on which it would have been true has passed. */
export interface NoticeMissed {
  kind: NoticeKind;
  /** The id of the rent or the hold that it is about. */
  about: string;
  /** @format date */
  day: string;
}

/**
 * What rent-service does about notices.
 * @internal
 * @service rent
 */
export interface NoticeCommands {
  GiveNotice: GiveNotice;
}

/**
 * What happens in a Notice stream, one for each kind and rent or hold.
 * @service rent
 */
export interface NoticeEvents {
  NoticeGiven: NoticeGiven;
  NoticeMissed: NoticeMissed;
}
