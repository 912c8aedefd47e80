import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { BookFacts, GetBookFacts } from '@shelfmark/contracts';
import { type Accepted, type Command, CommandHandler, type Rejected } from '@shelfmark/event-sourcing';
import type { IncomingRequest } from '@shelfmark/messaging';
import { book } from './book.js';
import { LendingDesk } from './lending-desk.js';

@Controller()
export class BookController {
  constructor(
    @Inject(CommandHandler) private readonly handler: CommandHandler,
    @Inject(LendingDesk) private readonly desk: LendingDesk,
  ) {}

  @MessagePattern('shelfmark.commands.book.*')
  async handle(@Payload() command: Command): Promise<Accepted | Rejected> {
    const answer = await this.handler.handle(book, command);
    return 'rejection' in answer ? answer : this.desk.follow(command, answer);
  }

  @MessagePattern('shelfmark.queries.book.GetBookFacts')
  facts(@Payload() { data }: IncomingRequest): Promise<BookFacts> {
    return this.desk.facts((data as unknown as GetBookFacts).bookId);
  }
}
