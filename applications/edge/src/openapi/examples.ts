import type { JsonSchema } from '../http/json-schema.js';
import { Problem, type ProblemDocument, problemDocument } from '../http/problem.js';
import type { ProblemCode } from '../http/problem-status.js';
import type { Schemas } from './schemas.js';

const bookId = '0193a4f2-7c11-7d3a-9b52-2f8e6d1c4a07';
const userId = '0193a4f0-52be-7f61-8a0d-91c3e5b7d246';

/** What a field holds in an example, by its name, a set where several types have one; a field that is not here gets what its schema makes up. */
const samples: Readonly<Record<string, unknown>> = {
  bookId,
  userId,
  rentId: `${bookId}.0`,
  operationId: `book.${bookId}`,
  command: 'CreateBook',
  holdId: `${bookId}.0`,
  pickupBy: null,
  place: 2,
  lowerDays: 18,
  upperDays: 28,
  title: 'Sketch of the Analytical Engine',
  authors: ['Menabrea, L. F.', 'Lovelace, Ada'],
  isbn: '9780306406157',
  languages: ['en'],
  subjects: ['Calculators'],
  year: 1843,
  amount: 2,
  inUse: 1,
  available: 1,
  name: 'Ada Lovelace',
  username: 'Ada Lovelace',
  email: 'ada@example.org',
  rentLimit: 5,
  state: new Set(['open', 'waiting']),
  overdue: false,
  returnedAt: null,
  parked: false,
  type: 'BookUpdated',
  summary: 'What is known of a title changed.',
  data: { amount: 2 },
  actor: 'librarian',
};

const instant = '2026-11-21T09:30:00.000Z';

/** A value that a schema allows, the same every time. */
export function exampleOf(schema: JsonSchema, schemas: Schemas, name = ''): unknown {
  const resolved = schemas.resolve(schema);
  const { type, const: only, enum: choices, examples, properties, items, format, minimum = 0 } = resolved;
  const types = [type].flat();
  const known = Object.hasOwn(samples, name) ? samples[name] : undefined;
  const candidates: readonly unknown[] = known instanceof Set ? [...known] : [known];
  // Another schema may have a field of the same name.
  const sample = candidates.find(
    (value) => types.includes(typeOf(value)) && (!Array.isArray(choices) || choices.includes(value)),
  );
  if (sample !== undefined) return sample;
  if (Array.isArray(examples)) return examples[0] as unknown;
  if (only !== undefined) return only;
  if (Array.isArray(choices)) return choices[0] as unknown;
  switch (types.find((one) => one !== 'null')) {
    case 'object':
      return Object.fromEntries(
        Object.entries((properties ?? {}) as Readonly<Record<string, JsonSchema>>).map(([field, property]) => [
          field,
          exampleOf(property, schemas, field),
        ]),
      );
    case 'array':
      return [exampleOf((items ?? {}) as JsonSchema, schemas)];
    case 'integer':
    case 'number':
      return minimum;
    case 'boolean':
      return false;
    default:
      return { uuid: bookId, date: '2026-12-05', 'date-time': instant }[String(format)] ?? 'text';
  }
}

function typeOf(sample: unknown): string {
  if (sample === null) return 'null';
  if (Array.isArray(sample)) return 'array';
  return Number.isInteger(sample) ? 'integer' : typeof sample;
}

/** The id that an entity has in examples. @param entity as its type is called: `Book` */
export function sampleId(entity: string): string {
  const sample = samples[`${entity[0]!.toLowerCase()}${entity.slice(1)}Id`];
  return typeof sample === 'string' ? sample : bookId;
}

const details: Readonly<Partial<Record<ProblemCode, string>>> = {
  InvalidIsbn: 'the check digit of the ISBN-10 is wrong',
  RentLimitReached: 'the limit is 5',
  BorrowerOverdue: '2 rents are overdue',
  RentNotReopenable: 'the copy has been lent again, or is set aside for somebody',
  RentNotLost: 'the copy is out',
  HoldsWaiting: '1 waiting',
  RentOverdue: 'it was due on 2026-11-20',
  RenewalLimitReached: 'the limit is 2',
  HoldLimitReached: 'the limit is 5',
  BookHasOpenRents: '1 still out',
  BookHasHolds: '1 not ended',
  UserHasOpenRents: '1 still out',
  InvalidToken: 'The token cannot be used. It has expired.',
  LibrariansOnly: 'The token does not say that its bearer is a librarian.',
  InvalidRange: '2026-12-31 is after 2026-12-01.',
  MalformedBody: 'The body is not JSON.',
  PreconditionFailed: 'No such entity tag is there.',
  ViewBehind: 'What is shown here has not got as far as Shelfmark-Position says.',
};

/** Problems of a code as they look on a path, by the names of the examples. @param headers those that may be wrong there */
export function problemExamples(
  code: ProblemCode,
  path: string,
  headers: readonly string[],
): Readonly<Record<string, ProblemDocument>> {
  const request = { url: path, id: '6d6c3b5e-8f0a-4f43-9d29-0c6b7a1e2f58' };
  if (code !== 'InvalidHeader') return { [code]: problemDocument(sampleProblem(code), request) };
  return Object.fromEntries(
    headers.map((header) => [`${code}-${header}`, problemDocument(Problem.header(header, 'is malformed'), request)]),
  );
}

function sampleProblem(code: ProblemCode): Problem {
  if (code === 'InvalidBody') return Problem.body([{ pointer: '/colour', detail: 'is not a known field' }]);
  if (code === 'InvalidParameter') {
    return Problem.parameters([{ parameter: 'colour', detail: 'is not a known parameter' }]);
  }
  const detail = details[code];
  return new Problem(code, detail === undefined ? {} : { detail });
}
