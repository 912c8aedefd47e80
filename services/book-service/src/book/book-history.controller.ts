import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { BookAt, GetStateAt, History } from '@shelfmark/contracts';
import type { IncomingRequest } from '@shelfmark/messaging';
import { Historian } from '@shelfmark/service-kit';
import { book, isThere } from './book.js';

/** What happened to a book, also after it was deleted. */
@Controller()
export class BookHistoryController {
  constructor(@Inject(Historian) private readonly historian: Historian) {}

  @MessagePattern('shelfmark.queries.book.GetHistory')
  async history(@Payload() query: IncomingRequest): Promise<History> {
    return this.historian.history(query, (id) => ({ aggregate: book, id }));
  }

  @MessagePattern('shelfmark.queries.book.GetStateAt')
  async stateAt(@Payload() query: IncomingRequest): Promise<BookAt> {
    const { id, at } = query.data as unknown as GetStateAt;
    const { state, revision } = await this.historian.stateAt(query, { aggregate: book, id }, at);
    if (!isThere(state)) return {};
    const { details, createdAt, updatedAt } = state;
    const { authors, languages, subjects } = details;
    return {
      book: {
        id,
        revision,
        ...details,
        authors: [...authors],
        languages: [...languages],
        subjects: [...subjects],
        createdAt,
        updatedAt,
      },
    };
  }
}
