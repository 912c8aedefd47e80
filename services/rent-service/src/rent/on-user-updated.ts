import { Inject, Injectable } from '@nestjs/common';
import type { UserEvents, UserUpdated } from '@shelfmark/contracts';
import { CommandHandler, causedCommand, parseStreamName } from '@shelfmark/event-sourcing';
import type { MirroredEvent } from '@shelfmark/messaging';
import type { Reaction } from '@shelfmark/service-kit';
import type { BorrowerDecider } from './borrower.js';
import { BORROWER } from './deciders.js';
import { factOf } from './owner-revision.js';
import { Owners } from './owners.js';

/** Takes over a changed limit that user-service could not tell of when it changed. */
@Injectable()
export class OnUserUpdated implements Reaction<Pick<UserEvents, 'UserUpdated'>> {
  readonly mirror = 'user';

  constructor(
    @Inject(CommandHandler) private readonly handler: CommandHandler,
    @Inject(BORROWER) private readonly borrower: BorrowerDecider,
    @Inject(Owners) private readonly owners: Owners,
  ) {}

  readonly handlers = {
    UserUpdated: async ({ rentLimit }: UserUpdated, event: MirroredEvent) => {
      if (rentLimit === undefined) return;
      const { id: userId } = parseStreamName(event.stream);
      const source = { logId: event.logId, revision: event.revision };
      const cause = { ...event.metadata, id: event.id };
      const { state } = await this.handler.read(this.borrower, userId);
      if (state.status !== 'open') return;
      // A restored log is told from its beginning. What the limit once was would let more go out than may.
      if (state.source?.logId !== event.logId) return this.owners.askUser(userId, cause);
      await this.handler.handle(
        this.borrower,
        causedCommand(cause, 'ChangeRentLimit', factOf(userId, source), { userId, rentLimit, source }),
      );
    },
  };
}
