import type { JsonSchema } from '../http/json-schema.js';
import type { Operation, PlainAnswer } from '../openapi/operation.js';
import { headerParameters } from '../openapi/requests.js';
import { inEachForm, linksSchema } from '../openapi/shapes.js';

/** What the routes of imports say of themselves. */

const id = '0193a4f6-1d2e-7c40-8f3b-5a9d7e60c812';
const self = { href: `/operations/${id}` };
const position = {
  description: 'How far a view must be to show what was added by now.',
  schema: { type: 'string', pattern: '^(book|user|rent)@[0-9]+$' },
};

const count: JsonSchema = { type: 'integer', minimum: 0 };
const text: JsonSchema = { type: 'string' };
const instant: JsonSchema = { type: 'string', format: 'date-time' };

function object(properties: Readonly<Record<string, JsonSchema>>, optional: readonly string[] = []): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !optional.includes(name)) };
}

/** What the route takes and how it refuses. */
export const importRequest: Omit<Operation, 'summary' | 'answer'> = {
  body: {
    description:
      'A table, whose first row names the columns, or records of MARC 21; what it holds tells which. At most 256 MiB.',
    content: {
      'text/csv': { schema: text, example: 'title,author,isbn,copies\nEmma,"Austen, Jane",9780306406157,2\n' },
      'application/marc': { schema: { ...text, description: 'Records of MARC 21 in ISO 2709, in MARC-8 or UTF-8.' } },
      'application/marcxml+xml': { schema: { ...text, description: 'Records of MARC 21 in XML.' } },
      'multipart/form-data': { schema: object({ file: { type: 'string', contentMediaType: 'text/csv' } }) },
    },
  },
  headers: {
    'Idempotency-Key': {
      ...headerParameters['Idempotency-Key'].schema,
      description: headerParameters['Idempotency-Key'].description,
    },
  },
  refusals: [
    'NoTitleColumn',
    'MissingColumns',
    'NoRecords',
    'MalformedBody',
    'InvalidHeader',
    'BodyTooLarge',
    'MessageTooLarge',
    'UnsupportedMediaType',
    'IdempotencyKeyReused',
    'DeadlineExceeded',
    'NewerVersionNeeded',
    'NoAnswer',
    'ServiceUnavailable',
    'Overloaded',
    'StoreFailure',
    'StoreFull',
  ],
};

export const importAccepted: PlainAnswer = {
  description: 'The file is kept and will be imported; how far it is, is behind the link.',
  headers: { Location: { description: 'Where the operation is.', schema: text }, 'Shelfmark-Position': position },
  content: inEachForm({
    schema: object({
      id: { type: 'string', format: 'uuid' },
      dryRun: { type: 'boolean' },
      _links: linksSchema(['self']),
    }),
    example: { id, dryRun: false, _links: { self } },
  }),
};

export const importShown: PlainAnswer = {
  description:
    'How far it is, and a page of the rows that there is something to say of: that are not in, or were mended.',
  headers: { 'Shelfmark-Position': position },
  content: inEachForm({
    schema: object(
      {
        id: { type: 'string', format: 'uuid' },
        kind: { const: 'import' },
        imports: { type: 'string', enum: ['books', 'people', 'rents'] },
        state: { type: 'string', enum: ['queued', 'running', 'completed', 'failed'] },
        dryRun: { type: 'boolean' },
        rows: count,
        tally: object({ added: count, alreadyThere: count, deletedSince: count, different: count, refused: count }),
        bytesDone: count,
        bytesTotal: count,
        requestedAt: instant,
        startedAt: instant,
        finishedAt: instant,
        failure: object({ code: text, detail: text }, ['detail']),
        format: object(
          {
            type: { type: 'string', enum: ['csv', 'marc', 'marcxml'] },
            encoding: text,
            delimiter: text,
            columns: { type: 'array', items: object({ name: text, field: text }) },
            ignoredColumns: { type: 'array', items: text },
          },
          ['type', 'delimiter'],
        ),
        count,
        total: count,
        _embedded: object({
          rows: {
            type: 'array',
            items: object(
              {
                line: { type: 'integer', minimum: 1 },
                record: { type: 'integer', minimum: 1 },
                outcome: { type: 'string', enum: ['added', 'alreadyThere', 'deletedSince', 'different', 'refused'] },
                reason: text,
                column: text,
                repaired: object({ from: text, to: text }),
                _links: linksSchema([], ['book']),
              },
              ['line', 'record', 'column', 'repaired', '_links'],
            ),
          },
        }),
        _links: linksSchema(['self'], ['next']),
      },
      ['startedAt', 'finishedAt', 'failure', 'format'],
    ),
    example: {
      id,
      kind: 'import',
      imports: 'books',
      state: 'completed',
      dryRun: false,
      rows: 1000,
      tally: { added: 998, alreadyThere: 0, deletedSince: 0, different: 1, refused: 1 },
      bytesDone: 130033,
      bytesTotal: 130033,
      requestedAt: '2026-11-21T09:30:00.000Z',
      startedAt: '2026-11-21T09:30:00.100Z',
      finishedAt: '2026-11-21T09:30:01.000Z',
      count: 1,
      total: 2,
      _embedded: {
        rows: [
          {
            line: 17,
            outcome: 'added',
            reason: 'leading zeros had been lost',
            column: 'isbn',
            repaired: { from: '439023483', to: '9780439023481' },
          },
        ],
      },
      _links: { self, next: { href: `${self.href}?cursor=Mi4x` } },
    },
  }),
};
