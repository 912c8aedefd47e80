import { Inject, Injectable, Logger } from '@nestjs/common';
import type { NoticeEvents, NoticeGiven, NoticeKind } from '@shelfmark/contracts';
import type { MirroredEvent } from '@shelfmark/messaging';
import type { Reaction } from '@shelfmark/service-kit';
import { isStale } from './staleness.js';
import { Webhook } from './webhook.js';

/** What messages are called, and what they call the day and that which they are about. */
const messages = {
  HoldReady: { type: 'hold.ready', about: 'holdId', day: 'pickupBy' },
  RentDueTomorrow: { type: 'rent.due_tomorrow', about: 'rentId', day: 'dueOn' },
  RentOverdue: { type: 'rent.overdue', about: 'rentId', day: 'dueOn' },
} as const satisfies Record<NoticeKind, object>;

/** Sends each notice to the webhook, until it is taken. It holds ids, and nothing of who somebody is. */
@Injectable()
export class WebhookNotices implements Reaction<Pick<NoticeEvents, 'NoticeGiven'>> {
  readonly mirror = 'rent';
  readonly #logger = new Logger(WebhookNotices.name);

  constructor(@Inject(Webhook) private readonly webhook: Webhook) {}

  readonly handlers = {
    NoticeGiven: async ({ kind, about, userId, bookId, day }: NoticeGiven, event: MirroredEvent) => {
      if (isStale(event)) {
        this.#logger.warn({ notice: event.stream }, 'a notice is too old to be sent to the webhook');
        return;
      }
      const words = messages[kind];
      await this.webhook.send(event.id, {
        type: words.type,
        timestamp: event.metadata.time,
        data: { userId, bookId, [words.about]: about, [words.day]: day },
      });
    },
  };
}
