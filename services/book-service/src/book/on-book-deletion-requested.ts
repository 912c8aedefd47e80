import { Inject, Injectable } from '@nestjs/common';
import type { BookEvents } from '@shelfmark/contracts';
import { type RecordedEvent, parseStreamName } from '@shelfmark/event-sourcing';
import { type Reaction, patienceMs } from '@shelfmark/service-kit';
import { LendingDesk } from './lending-desk.js';

/** Goes on with a deletion that was requested and, after a crash or a silence, has no conclusion yet. */
@Injectable()
export class OnBookDeletionRequested implements Reaction<Pick<BookEvents, 'BookDeletionRequested'>> {
  readonly mirror = 'book';

  constructor(@Inject(LendingDesk) private readonly desk: LendingDesk) {}

  readonly handlers = {
    BookDeletionRequested: async (_data: object, { stream, metadata }: RecordedEvent) => {
      const request = { ...metadata, id: metadata.commandId };
      await this.desk.concludeDeletion(parseStreamName(stream).id, request, Date.now() + patienceMs);
    },
  };
}
