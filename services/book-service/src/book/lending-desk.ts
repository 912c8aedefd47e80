import { Inject, Injectable } from '@nestjs/common';
import type { BookFacts } from '@shelfmark/contracts';
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
import { type Book, isThere, book } from './book.js';

/** What the lending desk (rent-service) has to know of a book, and hears of a change before the change is answered. */
@Injectable()
export class LendingDesk {
  readonly #amount: SharedFact;
  readonly #deletion: Deletion;

  constructor(
    @Inject(CommandHandler) handler: CommandHandler,
    @Inject(RequestClient) client: RequestClient,
    @Inject(EVENT_STORE) store: EventStore,
  ) {
    this.#amount = new SharedFact(handler, client, store, book, {
      toldTo: { aggregate: 'rent', command: 'ChangeCopies' },
      id: 'bookId',
      of: (state) => bookFact(state as Book),
    });
    this.#deletion = new Deletion(handler, client, book, {
      asks: { aggregate: 'rent', command: 'CloseBookRent' },
      confirm: 'ConfirmBookDeletion',
      refuse: 'RefuseBookDeletion',
      id: 'bookId',
    });
  }

  /** @returns the command's answer, once the desk has heard of it */
  async follow(command: Command, accepted: Accepted): Promise<Accepted | Rejected> {
    const deadline = command.deadline ?? Date.now() + patienceMs;
    if (command.type === 'UpdateBook' && 'amount' in (command.data as object)) {
      await this.#amount.tell(accepted.id, command, deadline);
    }
    return command.type === 'DeleteBook' ? this.concludeDeletion(accepted.id, command, deadline) : accepted;
  }

  /** Brings the book's deletion to its end, or says how it ended. */
  concludeDeletion(bookId: string, request: Cause, deadline: number): Promise<Accepted | Rejected> {
    return this.#deletion.conclude(bookId, request, deadline);
  }

  /** What the desk is told when it asks. */
  async facts(bookId: string): Promise<BookFacts> {
    return (await this.#amount.answer(bookId, { amount: 0 })) as unknown as BookFacts;
  }
}

function bookFact(state: Book) {
  return isThere(state) ? { values: { amount: state.details.amount }, revision: state.amountRevision } : undefined;
}
