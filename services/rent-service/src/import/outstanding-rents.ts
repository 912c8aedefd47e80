import { createHash } from 'node:crypto';
import type { BookFacts, FoundUser, UserFacts } from '@shelfmark/contracts';
import { type Cause, type Command, type CommandHandler } from '@shelfmark/event-sourcing';
import {
  type AddedBy,
  type ExternalId,
  type ImportedItems,
  type KnownItem,
  type Outcome,
  SeenRows,
  bookIdColumns,
  bookIdOf,
  personIdColumns,
  personIdOf,
  untilRoom,
} from '@shelfmark/imports';
import { v5 as uuidv5 } from 'uuid';
import type { BookRentDecider } from '../rent/book-rent.js';
import { freeCopies, rentOf } from '../rent/copies.js';
import type { Owners } from '../rent/owners.js';
import type { RentItem } from './rent-row.js';

/** The namespace of the commands that rows give; with another one, every rent that has ended would be open again. */
const rentNamespace = '7c0f3f52-9a53-5e0e-8d55-0b6f1f3d6a2b';

export interface KnownRent extends KnownItem {
  readonly item: RentItem;
}

/** What a row is about, once the owners have said so. */
interface FoundRent {
  readonly bookId: string;
  readonly userId: string;
  readonly amount: number;
}

/** The rents that a library brings along, as one import finds them and adds to them. */
export class OutstandingRents implements ImportedItems<RentItem, KnownRent> {
  readonly #seen = new SeenRows();
  /** Whom a dry run has given a copy already, by the books. */
  readonly #given = new Map<string, readonly string[]>();

  constructor(
    private readonly handler: CommandHandler,
    private readonly bookRent: BookRentDecider,
    private readonly owners: Owners,
  ) {}

  /** Rows about one book go one after the other, so that the last copy goes to the same one whenever they are dealt with again. */
  identify(item: RentItem): KnownRent {
    const book = createHash('sha256').update(item.book.value).digest();
    return { item, isRepeated: this.#seen.add(book, 0).before > 0 };
  }

  async add({ item }: KnownRent, { cause, startedAt, signal }: AddedBy): Promise<Outcome> {
    const found = await untilRoom(() => this.#find(item, cause), signal);
    if ('outcome' in found) return found;
    const { bookId, userId } = found;
    const data = { bookId, userId, dueOn: item.dueOn, ...(item.rentedOn !== undefined && { rentedOn: item.rentedOn }) };
    const { id, ...context } = cause;
    const command: Command = {
      ...context,
      id: uuidv5(JSON.stringify(data), rentNamespace),
      type: 'TakeOverRent',
      data,
      causationId: id,
    };
    const answer = await untilRoom(async () => {
      await this.owners.ask(bookId, userId, command);
      return this.handler.handle(this.bookRent, command);
    }, signal);
    if ('rejection' in answer) return refused(answer.rejection.code);
    if (answer.position! > startedAt) return { outcome: 'added' };
    const { state } = await this.handler.read(this.bookRent, bookId);
    return state.rents.has(answer.id) ? { outcome: 'alreadyThere' } : ended;
  }

  async preview({ item }: KnownRent, { cause, signal }: AddedBy): Promise<Outcome> {
    const found = await untilRoom(() => this.#find(item, cause), signal);
    if ('outcome' in found) return found;
    const { bookId, userId, amount } = found;
    const { state } = await this.handler.read(this.bookRent, bookId);
    const given = this.#given.get(bookId) ?? [];
    if (rentOf(state, userId) !== undefined || given.includes(userId)) return { outcome: 'alreadyThere' };
    if ((state.status === 'open' ? freeCopies(state) : amount) <= given.length) return refused('NoCopyAvailable');
    this.#given.set(bookId, [...given, userId]);
    return { outcome: 'added' };
  }

  async #find({ book, person }: RentItem, cause: Cause): Promise<FoundRent | Outcome> {
    const [books, users] = await Promise.all([this.#books(book, cause), this.#users(person, cause)]);
    if (books.length !== 1) return refused(books.length === 0 ? 'BookNotFound' : 'BookAmbiguous');
    if (users.length !== 1) return refused(users.length === 0 ? 'UserNotFound' : 'UserAmbiguous');
    return { ...books[0]!, userId: users[0]! };
  }

  /** The file of books may have called the column otherwise: those that there are under any of the usual names. */
  async #books(id: ExternalId, cause: Cause): Promise<{ readonly bookId: string; readonly amount: number }[]> {
    const ids = possible(id, bookIdColumns).map(bookIdOf);
    const facts = await Promise.all(
      ids.map(async (bookId) => ({
        bookId,
        ...(await this.owners.query<BookFacts>('book', 'GetBookFacts', { bookId }, cause)),
      })),
    );
    return facts.filter(({ exists }) => exists);
  }

  async #users(person: RentItem['person'], cause: Cause): Promise<string[]> {
    if ('email' in person) {
      const { userId } = await this.owners.query<FoundUser>('user', 'FindUser', { email: person.email }, cause);
      return userId === undefined ? [] : [userId];
    }
    const ids = possible(person, personIdColumns).map(personIdOf);
    const facts = await Promise.all(
      ids.map(async (userId) => ({
        userId,
        ...(await this.owners.query<UserFacts>('user', 'GetUserFacts', { userId }, cause)),
      })),
    );
    return facts.filter(({ exists }) => exists).map(({ userId }) => userId);
  }
}

function possible({ column, value }: ExternalId, columns: readonly string[]): ExternalId[] {
  return [...new Set([column, ...columns])].map((name) => ({ column: name, value }));
}

const ended: Outcome = { outcome: 'deletedSince', reason: 'the book has come back since' };

const reasons: Readonly<Record<string, string>> = {
  BookNotFound: 'there is no such book',
  BookAmbiguous: 'several books have this id, in columns of different names',
  UserNotFound: 'there is no such person',
  UserAmbiguous: 'several people have this id, in columns of different names',
  NoCopyAvailable: 'no copy of the book is left',
  AlreadyOnHold: 'the person waits for the book',
};

function refused(code: string): Outcome {
  if (code === 'AlreadyRented') return { outcome: 'alreadyThere' };
  return { outcome: 'refused', reason: reasons[code] ?? code };
}
