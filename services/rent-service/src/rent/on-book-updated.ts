import { Inject, Injectable } from '@nestjs/common';
import type { BookEvents, BookUpdated } from '@shelfmark/contracts';
import { CommandHandler, causedCommand, parseStreamName } from '@shelfmark/event-sourcing';
import type { MirroredEvent } from '@shelfmark/messaging';
import type { Reaction } from '@shelfmark/service-kit';
import type { BookRentDecider } from './book-rent.js';
import { BOOK_RENT } from './deciders.js';
import { factOf } from './owner-revision.js';
import { Owners } from './owners.js';

/** Takes over a changed amount that book-service could not tell of when it changed. */
@Injectable()
export class OnBookUpdated implements Reaction<Pick<BookEvents, 'BookUpdated'>> {
  readonly mirror = 'book';

  constructor(
    @Inject(CommandHandler) private readonly handler: CommandHandler,
    @Inject(BOOK_RENT) private readonly bookRent: BookRentDecider,
    @Inject(Owners) private readonly owners: Owners,
  ) {}

  readonly handlers = {
    BookUpdated: async ({ amount }: BookUpdated, event: MirroredEvent) => {
      if (amount === undefined) return;
      const { id: bookId } = parseStreamName(event.stream);
      const source = { logId: event.logId, revision: event.revision };
      const cause = { ...event.metadata, id: event.id };
      const { state } = await this.handler.read(this.bookRent, bookId);
      if (state.status !== 'open') return;
      // A restored log is told from its beginning. What the amount once was would set copies aside that are not there.
      if (state.source?.logId !== event.logId) return this.owners.askBook(bookId, cause);
      await this.handler.handle(
        this.bookRent,
        causedCommand(cause, 'ChangeCopies', factOf(bookId, source), { bookId, amount, source }),
      );
    },
  };
}
