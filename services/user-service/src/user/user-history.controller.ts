import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { GetHistory, GetStateAt, History, UserAt } from '@shelfmark/contracts';
import { CommandHandler } from '@shelfmark/event-sourcing';
import type { IncomingRequest } from '@shelfmark/messaging';
import { Historian } from '@shelfmark/service-kit';
import { isThere, user } from './user.js';

const nothing: History = { entries: [], total: 0, more: false };

/** What happened to a user, as long as they are one: of somebody who has left, the past is told to nobody. */
@Controller()
export class UserHistoryController {
  constructor(
    @Inject(CommandHandler) private readonly handler: CommandHandler,
    @Inject(Historian) private readonly historian: Historian,
  ) {}

  @MessagePattern('shelfmark.queries.user.GetHistory')
  async history(@Payload() query: IncomingRequest): Promise<History> {
    const { id } = query.data as unknown as GetHistory;
    if (await this.#hasLeft(id)) return nothing;
    return this.historian.history(query, () => ({ aggregate: user, id }));
  }

  @MessagePattern('shelfmark.queries.user.GetStateAt')
  async stateAt(@Payload() query: IncomingRequest): Promise<UserAt> {
    const { id, at } = query.data as unknown as GetStateAt;
    const { state, revision } = await this.historian.stateAt(query, { aggregate: user, id }, at);
    if (!isThere(state) || (await this.#hasLeft(id))) return {};
    const { name, email, rentLimit, createdAt, updatedAt } = state;
    return { user: { id, revision, name, email, rentLimit, createdAt, updatedAt, parked: false } };
  }

  async #hasLeft(id: string): Promise<boolean> {
    const { state } = await this.handler.read(user, id);
    return !isThere(state);
  }
}
