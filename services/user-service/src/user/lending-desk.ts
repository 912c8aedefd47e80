import { Inject, Injectable } from '@nestjs/common';
import type { UserFacts } from '@shelfmark/contracts';
import {
  type Accepted,
  type Cause,
  type Command,
  CommandHandler,
  type EventStore,
  type Rejected,
} from '@shelfmark/event-sourcing';
import { RequestClient } from '@shelfmark/messaging';
import { Deletion, EVENT_STORE, SharedFact, patienceMs } from '@shelfmark/service-kit';
import { type User, isThere, user } from './user.js';

/** What the lending desk (rent-service) has to know of a user, and hears of a change before the change is answered. */
@Injectable()
export class LendingDesk {
  readonly #rentLimit: SharedFact;
  readonly #deletion: Deletion;

  constructor(
    @Inject(CommandHandler) handler: CommandHandler,
    @Inject(RequestClient) client: RequestClient,
    @Inject(EVENT_STORE) store: EventStore,
  ) {
    this.#rentLimit = new SharedFact(handler, client, store, user, {
      toldTo: { aggregate: 'rent', command: 'ChangeRentLimit' },
      id: 'userId',
      of: (state) => userFact(state as User),
    });
    this.#deletion = new Deletion(handler, client, user, {
      asks: { aggregate: 'rent', command: 'CloseBorrower' },
      confirm: 'ConfirmUserDeletion',
      refuse: 'RefuseUserDeletion',
      id: 'userId',
    });
  }

  /** @returns the command's answer, once the desk has heard of it */
  async follow(command: Command, accepted: Accepted): Promise<Accepted | Rejected> {
    const deadline = command.deadline ?? Date.now() + patienceMs;
    if (command.type === 'UpdateUser' && 'rentLimit' in (command.data as object)) {
      await this.#rentLimit.tell(accepted.id, command, deadline);
    }
    return command.type === 'DeleteUser' ? this.concludeDeletion(accepted.id, command, deadline) : accepted;
  }

  /** Brings the user's deletion to its end, or says how it ended. */
  concludeDeletion(userId: string, request: Cause, deadline: number): Promise<Accepted | Rejected> {
    return this.#deletion.conclude(userId, request, deadline);
  }

  /** What the desk is told when it asks. */
  async facts(userId: string): Promise<UserFacts> {
    return (await this.#rentLimit.answer(userId, { rentLimit: 0 })) as unknown as UserFacts;
  }
}

function userFact(state: User) {
  return isThere(state) ? { values: { rentLimit: state.rentLimit }, revision: state.rentLimitRevision } : undefined;
}
