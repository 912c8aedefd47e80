import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import type { NoticeEvents, NoticeGiven } from '@shelfmark/contracts';
import type { MirroredEvent } from '@shelfmark/messaging';
import type { Reaction } from '@shelfmark/service-kit';
import { letterFor } from './letters.js';
import { Mail, MailUndeliverable } from './mail.js';
import { People } from './people.js';
import { isStale } from './staleness.js';

/** Writes to people what they are to be told, until the mail server has taken it. */
@Injectable()
export class MailNotices implements Reaction<Pick<NoticeEvents, 'NoticeGiven'>>, BeforeApplicationShutdown {
  readonly mirror = 'rent';
  readonly #logger = new Logger(MailNotices.name);

  constructor(
    @Inject(Mail) private readonly mail: Mail,
    @Inject(People) private readonly people: People,
  ) {}

  readonly handlers = {
    NoticeGiven: async (notice: NoticeGiven, event: MirroredEvent) => {
      const { stream } = event;
      if (isStale(event)) {
        this.#logger.warn({ notice: stream }, 'a notice is too old to be written of');
        return;
      }
      const person = await this.people.person(notice.userId);
      if (!person) {
        this.#logger.log('who was to be written to has left', { notice: stream });
        return;
      }
      const letter = letterFor(notice, person.name, await this.people.title(notice.bookId));
      try {
        await this.mail.send(event.id, person, letter);
      } catch (error) {
        if (!(error instanceof MailUndeliverable)) throw error;
        this.#logger.warn({ notice: stream, responseCode: error.responseCode }, 'a letter cannot be delivered');
      }
    },
  };

  beforeApplicationShutdown(): void {
    this.mail.close();
  }
}
