import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { CopiesOutAt, GetCopiesOutAt, GetStateAt, History, RentAt } from '@shelfmark/contracts';
import type { IncomingRequest } from '@shelfmark/messaging';
import { Historian } from '@shelfmark/service-kit';
import { copies, copiesInUse } from './copies.js';
import { pastOfRent } from './rent.js';

/** What happened to a rent, and what was out when. */
@Controller()
export class RentHistoryController {
  constructor(@Inject(Historian) private readonly historian: Historian) {}

  @MessagePattern('shelfmark.queries.rent.GetHistory')
  async history(@Payload() query: IncomingRequest): Promise<History> {
    return this.historian.history(query, pastOfRent);
  }

  @MessagePattern('shelfmark.queries.rent.GetStateAt')
  async stateAt(@Payload() query: IncomingRequest): Promise<RentAt> {
    const { id, at } = query.data as unknown as GetStateAt;
    const { state } = await this.historian.stateAt(query, pastOfRent(id), at);
    return state ? { rent: state } : {};
  }

  @MessagePattern('shelfmark.queries.rent.GetCopiesOutAt')
  async copiesOutAt(@Payload() query: IncomingRequest): Promise<CopiesOutAt> {
    const { bookId, at } = query.data as unknown as GetCopiesOutAt;
    const { state } = await this.historian.stateAt(query, { aggregate: copies, id: bookId }, at);
    return { inUse: copiesInUse(state) };
  }
}
