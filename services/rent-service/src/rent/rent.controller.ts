import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { RentRejection } from '@shelfmark/contracts';
import { type Accepted, type Command, CommandHandler, type Rejected } from '@shelfmark/event-sourcing';
import type { BookRentDecider } from './book-rent.js';
import type { BorrowerDecider } from './borrower.js';
import { BOOK_RENT, BORROWER } from './deciders.js';
import { Owners } from './owners.js';

/** The rejections that rest on what an owner said last, which may have changed since. */
const restsOnOwners: ReadonlySet<string> = new Set<RentRejection>([
  'UserNotFound',
  'BookNotFound',
  'RentLimitReached',
  'NoCopyAvailable',
  'RentNotReopenable',
  'CopyAvailable',
  'HoldsWaiting',
]);

@Controller()
export class RentController {
  constructor(
    @Inject(CommandHandler) private readonly handler: CommandHandler,
    @Inject(BOOK_RENT) private readonly bookRent: BookRentDecider,
    @Inject(BORROWER) private readonly borrower: BorrowerDecider,
    @Inject(Owners) private readonly owners: Owners,
  ) {}

  @MessagePattern('shelfmark.commands.rent.*')
  async handle(@Payload() command: Command): Promise<Accepted | Rejected> {
    const answer = await this.#decide(command);
    if (!('rejection' in answer) || !restsOnOwners.has(answer.rejection.code)) return answer;
    const { bookId, userId } = await this.#concerns(command);
    await this.owners.ask(bookId, userId, command);
    return this.#decide(command);
  }

  #decide(command: Command): Promise<Accepted | Rejected> {
    return command.type in this.borrower.decide
      ? this.handler.handle(this.borrower, command)
      : this.handler.handle(this.bookRent, command);
  }

  /** The book and the user that a command on a rent is about. */
  async #concerns({ data }: Command): Promise<{ bookId: string; userId: string | undefined }> {
    const { rentId, userId } = data as { rentId?: string; userId?: string };
    const bookId = this.bookRent.entityId(data as never);
    if (rentId === undefined) return { bookId, userId };
    const { state } = await this.handler.read(this.bookRent, bookId);
    return { bookId, userId: state.returned.get(rentId)?.userId };
  }
}
