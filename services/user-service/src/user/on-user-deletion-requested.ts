import { Inject, Injectable } from '@nestjs/common';
import type { UserEvents } from '@shelfmark/contracts';
import { type RecordedEvent, parseStreamName } from '@shelfmark/event-sourcing';
import { type Reaction, patienceMs } from '@shelfmark/service-kit';
import { LendingDesk } from './lending-desk.js';

/** Goes on with a deletion that was requested and, after a crash or a silence, has no conclusion yet. */
@Injectable()
export class OnUserDeletionRequested implements Reaction<Pick<UserEvents, 'UserDeletionRequested'>> {
  readonly mirror = 'user';

  constructor(@Inject(LendingDesk) private readonly desk: LendingDesk) {}

  readonly handlers = {
    UserDeletionRequested: async (_data: object, { stream, metadata }: RecordedEvent) => {
      const request = { ...metadata, id: metadata.commandId };
      await this.desk.concludeDeletion(parseStreamName(stream).id, request, Date.now() + patienceMs);
    },
  };
}
