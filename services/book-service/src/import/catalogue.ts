import {
  type Cause,
  type CommandHandler,
  type EventStore,
  IdempotencyKeyReused,
  type Json,
  commandHash,
  streamName,
} from '@shelfmark/event-sourcing';
import { type Book, book, isThere } from '../book/book.js';
import { type AddedBy, type ImportedItems, type Outcome, untilRoom } from '@shelfmark/imports';
import type { BookContent, BookItem } from './book-row.js';
import { RowIdentities, type RowIdentity } from './row-identity.js';

export interface IdentifiedRow extends RowIdentity {
  readonly content: BookContent;
}

/** The catalogue, as one import finds it and adds to it. */
export class Catalogue implements ImportedItems<BookItem, IdentifiedRow> {
  readonly #identities = new RowIdentities();

  constructor(
    private readonly handler: CommandHandler,
    private readonly store: EventStore,
  ) {}

  identify({ content, externalId }: BookItem): IdentifiedRow {
    return { content, ...this.#identities.identify(content, externalId) };
  }

  /** What tells whether this import added the book is the log, not whether this call did. */
  async add(row: IdentifiedRow, { cause, startedAt, signal }: AddedBy): Promise<Outcome> {
    const createdAt = await this.#create(row, cause, signal);
    const { state } = await this.handler.read(book, row.bookId);
    if (!isThere(state)) return deleted(row);
    if (createdAt === 'otherwise') return says(state, row) ? { outcome: 'alreadyThere' } : differs(row);
    return { outcome: createdAt > startedAt && !row.isRepeated ? 'added' : 'alreadyThere' };
  }

  async preview(row: IdentifiedRow): Promise<Outcome> {
    const { state } = await this.handler.read(book, row.bookId);
    if (isThere(state)) {
      return says(state, row) || (await this.#wasCreatedBy(row)) ? { outcome: 'alreadyThere' } : differs(row);
    }
    if (state.status === 'deleted') return deleted(row);
    if (!row.isRepeated) return { outcome: 'added' };
    return row.isAlike ? { outcome: 'alreadyThere' } : differs(row);
  }

  /** @returns the position at which the book was created like this, now or before; or that it was created otherwise */
  async #create(row: IdentifiedRow, cause: Cause, signal: AbortSignal): Promise<bigint | 'otherwise'> {
    const { id, ...context } = cause;
    const command = { ...context, id: row.bookId, type: 'CreateBook', data: payload(row), causationId: id };
    try {
      const answer = await untilRoom(() => this.handler.handle(book, command), signal);
      if ('rejection' in answer) throw new TypeError(`a valid row was refused: ${answer.rejection.code}`);
      return answer.position!;
    } catch (error) {
      if (error instanceof IdempotencyKeyReused) return 'otherwise';
      throw error;
    }
  }

  async #wasCreatedBy(row: IdentifiedRow): Promise<boolean> {
    for await (const [created] of this.store.readStream(streamName(book.category, row.bookId), { limit: 1 })) {
      return created!.metadata.commandHash === commandHash('CreateBook', payload(row));
    }
    return false;
  }
}

function deleted({ bookId }: IdentifiedRow): Outcome {
  return { outcome: 'deletedSince', reason: 'the book was deleted since', bookId };
}

function differs({ bookId }: IdentifiedRow): Outcome {
  return { outcome: 'different', reason: 'the book with this id is there with other content, which stays', bookId };
}

/** Whether the book is now as the row has it, so that an update would change nothing. */
function says(state: Book, { bookId, content }: IdentifiedRow): boolean {
  const { isbn = null, year = null } = content;
  const decision = book.decide.UpdateBook(state, { bookId, ...content, isbn, year }, context, {});
  return Array.isArray(decision) && decision.length === 0;
}

function payload({ bookId, content }: IdentifiedRow): Json {
  return { bookId, ...content };
}

const context = { now: new Date(0), newId: () => '' };
