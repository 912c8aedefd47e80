import type { BookRejection, OperationRejection, RentRejection, UserRejection } from '@shelfmark/contracts';
import type { Catalogue, Collection } from '../commands/commands.js';
import type { JsonSchema } from '../http/json-schema.js';
import type { ProblemCode } from '../http/problem-status.js';
import { RouteData } from '../http/route-data.js';

/**
 * What a route says of itself, beside what is seen anyway: its method and path, its query's parameters, the ids in its path, the
 * status that it answers with, and whether it waits for positions.
 */
export interface Operation {
  /** Of a command, the contract's sentence unless it is said otherwise. */
  readonly summary?: string;
  readonly command?: SentCommand;
  /** What it answers, where that is not what a command's answer always is. */
  readonly answer?: Shown | Listed | PlainAnswer;
  readonly body?: PlainBody;
  /** Parameters in the path that are no ids, by name. */
  readonly path?: Readonly<Record<string, JsonSchema>>;
  /** Headers of the request that no other route has, by name. */
  readonly headers?: Readonly<Record<string, JsonSchema>>;
  /** Parameters of the query without which it is refused. */
  readonly requires?: readonly string[];
  /** How it refuses, beyond what every route of its kind does. */
  readonly refusals?: readonly ProblemCode[];
}

interface SentCommand {
  readonly type: string;
  readonly collection: Collection;
  readonly given: readonly string[];
  readonly aliases: Readonly<Record<string, string>>;
  readonly links: readonly string[];
}

/** What a `represent…` function makes of a row. */
export interface Representation {
  readonly name: string;
  /** Where one of them is found by itself, if it is. */
  readonly of?: Collection;
  /** The row's type in the contracts. */
  readonly row: string;
  /** Those of the row's fields that are not shown. */
  readonly hides?: readonly string[];
  /** What is shown beside the row's own fields. */
  readonly adds?: Readonly<Record<string, JsonSchema>>;
  /** What it holds in `_embedded`, by name. */
  readonly embeds?: Readonly<Record<string, Representation>>;
  readonly links: readonly string[];
  /** The links that only some of them have. */
  readonly mayLink?: readonly string[];
}

interface Shown {
  readonly shows: Representation;
}

export interface Listed {
  readonly lists: Representation;
  readonly as: string;
  /** What such a page is called. */
  readonly page: string;
  /** What the page may say of the list beside what every page says. */
  readonly adds: Readonly<Record<string, JsonSchema>>;
}

/** An answer that is no representation of a row. */
export interface PlainAnswer {
  readonly description: string;
  /** Media types with what they hold. */
  readonly content: Readonly<Record<string, { readonly schema: JsonSchema; readonly example?: unknown }>>;
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
  /** The same at other statuses, such as the 503 of something that is not ready. */
  readonly alsoAt?: readonly number[];
}

export interface PlainBody {
  readonly description?: string;
  readonly content: PlainAnswer['content'];
}

interface Rejections {
  user: UserRejection;
  book: BookRejection;
  rent: RentRejection;
  operation: OperationRejection;
}

/** Whether a client of the route need not wait: a command about a queued command is not queued itself. */
export function isQueueable({ collection }: SentCommand): boolean {
  return collection.service !== 'operation';
}

/** The route sends this command. */
export function Sends<Service extends keyof Catalogue, Type extends keyof Catalogue[Service] & string>(
  collection: Collection<Service>,
  type: Type,
  told: {
    /** Every "no" that its service may have for it. */
    readonly rejections: readonly Rejections[Service][];
    /** The fields that come from the route and not from the body. */
    readonly given?: readonly (keyof Catalogue[Service][Type] & string)[];
    readonly aliases?: Readonly<Record<string, keyof Catalogue[Service][Type] & string>>;
    readonly requires?: readonly string[];
    /** The links in the answer beside `self`. */
    readonly links?: readonly string[];
    readonly summary?: string;
  },
): MethodDecorator {
  const { rejections, given = [], aliases = {}, links = [], ...rest } = told;
  const command = { type, collection, given, aliases, links };
  return describes({ ...rest, command, refusals: rejections });
}

/** What becomes of a read that a service is asked for, where that does not answer as it should. */
export const unansweredQuery: readonly ProblemCode[] = [
  'DeadlineExceeded',
  'NoAnswer',
  'ServiceUnavailable',
  'Overloaded',
  'StoreFailure',
];

/** The route shows one entity. */
export function Shows(
  representation: Representation,
  summary: string,
  { refusals = [] }: Pick<Operation, 'refusals'> = {},
): MethodDecorator {
  return describes({ summary, refusals, answer: { shows: representation } });
}

/** The route shows a page of entities, in `_embedded` under that name. */
export function Lists(
  name: string,
  representation: Representation,
  summary: string,
  {
    refusals = [],
    page = `${representation.name}List`,
    adds = {},
  }: Pick<Operation, 'refusals'> & Partial<Pick<Listed, 'page' | 'adds'>> = {},
): MethodDecorator {
  return describes({ summary, refusals, answer: { lists: representation, as: name, page, adds } });
}

/** The route answers something of its own. */
export function Answers(summary: string, answer: PlainAnswer, rest: Omit<Operation, 'summary'> = {}): MethodDecorator {
  return describes({ summary, answer, ...rest });
}

/** What stands beside an operation in its route's data: where its handler is, for what that says by itself. */
export interface Described {
  readonly operation: Operation;
  readonly controller: abstract new (...parameters: never[]) => unknown;
  readonly handler: string;
}

function describes(operation: Operation): MethodDecorator {
  return (target, key) => {
    const described = { operation, controller: target.constructor as Described['controller'], handler: String(key) };
    RouteData({ described })(target, key);
  };
}
