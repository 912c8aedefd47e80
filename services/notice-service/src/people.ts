import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { BookAt, UserAt } from '@shelfmark/contracts';
import { RequestClient } from '@shelfmark/messaging';
import { FailedElsewhere, patienceMs } from '@shelfmark/service-kit';

/** Where somebody can be written to. */
export interface Person {
  readonly name: string;
  readonly email: string;
}

/** Asks those who know, when it is needed: who somebody is stays with their owner, and is kept nowhere here. */
@Injectable()
export class People {
  constructor(@Inject(RequestClient) private readonly client: RequestClient) {}

  /** @returns nothing of who has left @throws FailedElsewhere, NoAnswer, ServiceUnavailable */
  async person(userId: string): Promise<Person | undefined> {
    const { user } = await this.#now<UserAt>('user', userId);
    return user && { name: user.name, email: user.email };
  }

  /** @returns nothing of what is not in the catalogue any more @throws FailedElsewhere, NoAnswer, ServiceUnavailable */
  async title(bookId: string): Promise<string | undefined> {
    const { book } = await this.#now<BookAt>('book', bookId);
    return book?.title;
  }

  async #now<Answer>(aggregate: string, id: string): Promise<Answer> {
    const queryId = randomUUID();
    const reply = await this.client.sendQuery(aggregate, {
      id: queryId,
      type: 'GetStateAt',
      data: { id, at: new Date().toISOString() },
      correlationId: queryId,
      causationId: queryId,
      deadline: Date.now() + patienceMs,
    });
    if ('failure' in reply) throw new FailedElsewhere('GetStateAt', reply.failure);
    return reply.answer as unknown as Answer;
  }
}
