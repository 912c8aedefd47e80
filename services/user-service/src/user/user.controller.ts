import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { FindUser, FoundUser, GetUserFacts, UserFacts } from '@shelfmark/contracts';
import { type Accepted, type Command, CommandHandler, type Rejected } from '@shelfmark/event-sourcing';
import type { IncomingRequest } from '@shelfmark/messaging';
import { LendingDesk } from './lending-desk.js';
import { emailHash, user, userEmail } from './user.js';

@Controller()
export class UserController {
  constructor(
    @Inject(CommandHandler) private readonly handler: CommandHandler,
    @Inject(LendingDesk) private readonly desk: LendingDesk,
  ) {}

  @MessagePattern('shelfmark.commands.user.*')
  async handle(@Payload() command: Command): Promise<Accepted | Rejected> {
    const answer = await this.handler.handle(user, command);
    return 'rejection' in answer ? answer : this.desk.follow(command, answer);
  }

  @MessagePattern('shelfmark.queries.user.GetUserFacts')
  facts(@Payload() { data }: IncomingRequest): Promise<UserFacts> {
    return this.desk.facts((data as unknown as GetUserFacts).userId);
  }

  @MessagePattern('shelfmark.queries.user.FindUser')
  async find(@Payload() { data }: IncomingRequest): Promise<FoundUser> {
    const { state } = await this.handler.read(userEmail, emailHash((data as unknown as FindUser).email));
    return state.userId === undefined ? {} : { userId: state.userId };
  }
}
