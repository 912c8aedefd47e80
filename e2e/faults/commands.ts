import type { EntityState } from './entities.js';
import type { Random } from './random.js';

type Data = Readonly<Record<string, unknown>>;

/** A rent that somebody was given, or a hold. */
export interface KnownRent {
  readonly id: string;
  readonly bookId: string;
  readonly userId: string;
}

/** What the clients of a round know of, all together. */
export class World {
  readonly books: string[] = [];
  readonly users: string[] = [];
  readonly rents: KnownRent[] = [];
  readonly holds: KnownRent[] = [];
  #made = 0;

  /** @param label of the round: its names are no other round's */
  constructor(readonly label: string) {}

  get made(): number {
    return this.#made;
  }

  name(): string {
    return `${this.label} ${this.#made++}`;
  }

  /** One of a few, so that two want the same. */
  email(random: Random): string {
    return `${this.label}-${random.between(0, 9)}@example.org`;
  }
}

/** A request to make of a command. */
export interface Prepared {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: Data;
  /** What the checks are to know of the command. */
  readonly data: Data;
  /** The stream that decides, and others that it may append to; of a creation, made of the command's id. */
  readonly streams: readonly string[] | ((commandId: string) => readonly string[]);
}

/** A command that the load is made of: all that there is to know of it is here. */
export interface LoadCommand {
  readonly type: string;
  /** How often it is sent, in proportion to the others. */
  readonly weight: number;
  /** @returns nothing where there is nothing yet to do it with */
  readonly prepare: (world: World, random: Random) => Prepared | undefined;
  /** Whether there is nothing to do, so that the command is done without an event. */
  readonly isDoneAlready?: (state: EntityState, data: Data) => boolean;
  /** What everybody knows once it was answered with success, or may have been done. */
  readonly learn?: (world: World, id: string, data: Data) => void;
}

const someOf = <Item>(items: readonly Item[], random: Random): Item | undefined =>
  items.length === 0 ? undefined : random.pick(items);

const hasFields = ({ fields }: EntityState, data: Data): boolean =>
  Object.entries(data).every(([name, value]) => fields[name] === value);

/** What is done to one rent, by the last part of its path. */
function ofRent(rent: KnownRent | undefined, what: string): Prepared | undefined {
  if (rent === undefined) return undefined;
  const { id: rentId, bookId, userId } = rent;
  const streams = [`BookRent-${bookId}`, `Borrower-${userId}`];
  return { method: 'POST', path: `/rents/${rentId}/${what}`, data: { rentId }, streams };
}

/** How many a round makes at most: few enough to be fought over. */
const mostBooks = 8;
const mostUsers = 8;

export const loadCommands: readonly LoadCommand[] = [
  {
    type: 'CreateBook',
    weight: 6,
    prepare: (world, random) => {
      if (world.books.length >= mostBooks) return undefined;
      const data = { title: world.name(), amount: random.between(0, 2) };
      return { method: 'POST', path: '/books', body: data, data, streams: (id) => [`Book-${id}`] };
    },
    learn: (world, id) => void world.books.push(id),
  },
  {
    type: 'UpdateBook',
    weight: 6,
    prepare: (world, random) => {
      const id = someOf(world.books, random);
      if (id === undefined) return undefined;
      const data = random.chance(0.5) ? { title: world.name() } : { amount: random.between(0, 3) };
      return { method: 'PATCH', path: `/books/${id}`, body: data, data, streams: [`Book-${id}`] };
    },
    isDoneAlready: hasFields,
  },
  {
    type: 'DeleteBook',
    weight: 1,
    prepare: (world, random) => {
      const id = someOf(world.books, random);
      return id === undefined
        ? undefined
        : { method: 'DELETE', path: `/books/${id}`, data: {}, streams: [`Book-${id}`] };
    },
  },
  {
    type: 'RegisterUser',
    weight: 6,
    prepare: (world, random) => {
      if (world.users.length >= mostUsers) return undefined;
      const data = { name: world.name(), email: world.email(random), rentLimit: random.between(1, 3) };
      return { method: 'POST', path: '/users', body: data, data, streams: (id) => [`User-${id}`] };
    },
    learn: (world, id) => void world.users.push(id),
  },
  {
    type: 'UpdateUser',
    weight: 4,
    prepare: (world, random) => {
      const id = someOf(world.users, random);
      if (id === undefined) return undefined;
      const data = random.pick([
        { name: world.name() },
        { email: world.email(random) },
        { rentLimit: random.between(0, 3) },
      ]);
      return { method: 'PATCH', path: `/users/${id}`, body: data, data, streams: [`User-${id}`] };
    },
    isDoneAlready: hasFields,
  },
  {
    type: 'DeleteUser',
    weight: 1,
    prepare: (world, random) => {
      const id = someOf(world.users, random);
      return id === undefined
        ? undefined
        : { method: 'DELETE', path: `/users/${id}`, data: {}, streams: [`User-${id}`] };
    },
  },
  {
    type: 'RentBook',
    weight: 16,
    prepare: (world, random) => {
      const [bookId, userId] = [someOf(world.books, random), someOf(world.users, random)];
      if (bookId === undefined || userId === undefined) return undefined;
      const data = { bookId, userId };
      const streams = [`BookRent-${bookId}`, `Borrower-${userId}`];
      return { method: 'POST', path: '/rents', body: data, data, streams };
    },
    learn: (world, id, { bookId, userId }) =>
      void world.rents.push({ id, bookId: String(bookId), userId: String(userId) }),
  },
  {
    type: 'ReturnRent',
    weight: 8,
    prepare: ({ rents }, random) => ofRent(someOf(rents, random), 'return'),
    isDoneAlready: ({ open, lost }, { rentId }) => !open.has(String(rentId)) && !lost.has(String(rentId)),
  },
  {
    type: 'ReopenRent',
    weight: 4,
    prepare: ({ rents }, random) => ofRent(someOf(rents, random), 'reopen'),
    isDoneAlready: ({ open }, { rentId }) => open.has(String(rentId)),
  },
  {
    type: 'ReturnBook',
    weight: 2,
    prepare: (world, random) => {
      const rent = someOf(world.rents, random);
      if (rent === undefined) return undefined;
      const { bookId, userId } = rent;
      const path = `/rents?book_id=${bookId}&user_id=${userId}`;
      const streams = [`BookRent-${bookId}`, `Borrower-${userId}`];
      return { method: 'DELETE', path, data: { bookId, userId }, streams };
    },
  },
  {
    type: 'RenewRent',
    weight: 2,
    prepare: ({ rents }, random) => ofRent(someOf(rents, random), 'renewal'),
  },
  {
    type: 'ReportCopyLost',
    weight: 1,
    prepare: ({ rents }, random) => ofRent(someOf(rents, random), 'lost'),
    isDoneAlready: ({ lost }, { rentId }) => lost.has(String(rentId)),
  },
  {
    type: 'ReportCopyFound',
    weight: 2,
    prepare: ({ rents }, random) => ofRent(someOf(rents, random), 'found'),
    isDoneAlready: ({ open, lost }, { rentId }) => !open.has(String(rentId)) && !lost.has(String(rentId)),
  },
  {
    type: 'PlaceHold',
    weight: 6,
    prepare: (world, random) => {
      const [bookId, userId] = [someOf(world.books, random), someOf(world.users, random)];
      if (bookId === undefined || userId === undefined) return undefined;
      const data = { bookId, userId };
      const streams = [`BookRent-${bookId}`, `Borrower-${userId}`];
      return { method: 'POST', path: '/holds', body: data, data, streams };
    },
    learn: (world, id, { bookId, userId }) =>
      void world.holds.push({ id, bookId: String(bookId), userId: String(userId) }),
  },
  {
    type: 'CancelHold',
    weight: 2,
    prepare: (world, random) => {
      const hold = someOf(world.holds, random);
      if (hold === undefined) return undefined;
      const { id: holdId, bookId, userId } = hold;
      const streams = [`BookRent-${bookId}`, `Borrower-${userId}`];
      return { method: 'DELETE', path: `/holds/${holdId}`, data: { holdId }, streams };
    },
    isDoneAlready: ({ holds }, { holdId }) => !holds.has(String(holdId)),
  },
];

export function isDoneAlready(type: string, state: EntityState, data: Data): boolean {
  return loadCommands.find((command) => command.type === type)?.isDoneAlready?.(state, data) ?? false;
}
