import { Inject, Injectable } from '@nestjs/common';
import type { BookFacts, UserFacts } from '@shelfmark/contracts';
import {
  type Accepted,
  type Cause,
  CommandHandler,
  type Json,
  type Rejected,
  causedCommand,
} from '@shelfmark/event-sourcing';
import { RequestClient } from '@shelfmark/messaging';
import { FailedElsewhere, patienceMs } from '@shelfmark/service-kit';
import type { BookRentDecider } from './book-rent.js';
import type { BorrowerDecider } from './borrower.js';
import { BOOK_RENT, BORROWER } from './deciders.js';
import { factOf } from './owner-revision.js';

/** What leads to a question, and until when its answer is waited for. */
type Occasion = Cause & { readonly deadline?: number };

/** The services that own books and users: what the desk knows of either, it knows from them. */
@Injectable()
export class Owners {
  constructor(
    @Inject(CommandHandler) private readonly handler: CommandHandler,
    @Inject(RequestClient) private readonly client: RequestClient,
    @Inject(BOOK_RENT) private readonly bookRent: BookRentDecider,
    @Inject(BORROWER) private readonly borrower: BorrowerDecider,
  ) {}

  /** Asks both owners and takes over what is newer than what is known here. */
  async ask(bookId: string, userId: string | undefined, cause: Occasion): Promise<void> {
    await Promise.all([this.askBook(bookId, cause), userId !== undefined && this.askUser(userId, cause)]);
  }

  async askBook(bookId: string, cause: Occasion): Promise<void> {
    await andAgainWhereItOpened(() => this.#takeOverBook(bookId, cause));
  }

  async askUser(userId: string, cause: Occasion): Promise<void> {
    await andAgainWhereItOpened(() => this.#takeOverUser(userId, cause));
  }

  async #takeOverBook(bookId: string, cause: Occasion): Promise<Accepted | Rejected | undefined> {
    const { exists, amount, source } = await this.query<BookFacts>('book', 'GetBookFacts', { bookId }, cause);
    if (!exists) return undefined;
    const command = causedCommand(cause, 'OpenBookRent', factOf(bookId, source), {
      bookId,
      amount,
      source: { ...source },
    });
    return this.handler.handle(this.bookRent, command);
  }

  async #takeOverUser(userId: string, cause: Occasion): Promise<Accepted | Rejected | undefined> {
    const { exists, rentLimit, source } = await this.query<UserFacts>('user', 'GetUserFacts', { userId }, cause);
    if (!exists) return undefined;
    const command = causedCommand(cause, 'OpenBorrower', factOf(userId, source), {
      userId,
      rentLimit,
      source: { ...source },
    });
    return this.handler.handle(this.borrower, command);
  }

  /** @throws NoAnswer, ServiceUnavailable, FailedElsewhere */
  async query<Facts>(aggregate: string, query: string, data: Json, cause: Occasion): Promise<Facts> {
    const deadline = cause.deadline ?? Date.now() + patienceMs;
    const reply = await this.client.sendQuery(aggregate, causedCommand(cause, query, '', data, deadline));
    if ('failure' in reply) throw new FailedElsewhere(query, reply.failure);
    return reply.answer as unknown as Facts;
  }
}

/**
 * A change that its owner makes between its answer and the opening of the stream is told in vain: there is nothing yet that it
 * could be told to. Whatever changes once the stream is there comes through.
 */
async function andAgainWhereItOpened(takeOver: () => Promise<Accepted | Rejected | undefined>): Promise<void> {
  const answer = await takeOver();
  if (answer !== undefined && 'revision' in answer && answer.revision === 0) await takeOver();
}
