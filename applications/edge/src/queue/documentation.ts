import type { JsonSchema } from '../http/json-schema.js';
import { Problem, problemDocument } from '../http/problem.js';
import { importShown } from '../imports/documentation.js';
import { sampleId } from '../openapi/examples.js';
import type { PlainAnswer } from '../openapi/operation.js';
import { inEachForm, linksSchema } from '../openapi/shapes.js';
import { operationIdPattern } from './operation-id.js';

/** What the routes of operations say of themselves. */

const id = sampleId('Operation');
const bookId = sampleId('Book');
const links = { self: { href: `/operations/${id}` }, queue: { href: `/queue/${id}` } };

const count: JsonSchema = { type: 'integer', minimum: 0 };
const text: JsonSchema = { type: 'string' };
const instant: JsonSchema = { type: 'string', format: 'date-time' };

const fields: Readonly<Record<string, JsonSchema>> = {
  id: { type: 'string', pattern: operationIdPattern.source },
  kind: { const: 'command' },
  command: { ...text, description: "The command's type." },
  state: {
    type: 'string',
    enum: ['queued', 'running', 'delayed', 'failed', 'completed', 'rejected', 'deleted'],
    description:
      'Delayed: an attempt failed, and there will be another one. Failed: there will be none unless somebody says so.',
  },
  queuedAt: instant,
  attempts: count,
  failures: {
    type: 'array',
    description: 'What came of the attempts that failed, the latest last.',
    items: {
      type: 'object',
      properties: { attempt: count, error: text, failedAt: instant },
      required: ['attempt', 'error', 'failedAt'],
    },
  },
  retryAt: { ...instant, description: 'When the next attempt is due.' },
  endedAt: instant,
  result: {
    type: 'object',
    description: 'What was made or changed.',
    properties: { id: text, revision: { type: 'integer', minimum: -1 } },
    required: ['id', 'revision'],
  },
  rejection: {
    description: 'How the command was refused: the problem that its sender would have had.',
    $ref: '#/components/schemas/Problem',
  },
};
const required = ['id', 'kind', 'command', 'state', 'queuedAt', 'attempts', 'failures', '_links'];

const example = {
  id,
  kind: 'command',
  command: 'CreateBook',
  queuedAt: '2026-11-21T09:30:00.000Z',
  attempts: 1,
};
const rejected = {
  ...example,
  state: 'rejected',
  failures: [],
  endedAt: '2026-11-21T09:30:00.100Z',
  rejection: problemDocument(Problem.rejection('InvalidIsbn', 'the check digit of the ISBN-10 is wrong')),
  _links: links,
};
const delayed = {
  ...example,
  state: 'delayed',
  failures: [{ attempt: 1, error: 'StoreFull', failedAt: '2026-11-21T09:30:00.100Z' }],
  retryAt: '2026-11-21T09:30:01.000Z',
  data: { bookId, title: 'Sketch of the Analytical Engine', amount: 2 },
  _links: { self: links.queue, operation: links.self },
};

const position = {
  description: 'How far a view must be to show what was done by now.',
  schema: { type: 'string', pattern: '^[a-z]+@[0-9]+$' },
};

const [importContent] = Object.values(importShown.content);

/** An import, or a command that was queued. */
export const operationShown: PlainAnswer = {
  description:
    'How far it is: an import, with a page of the rows that are not simply in; or a command that nobody waits for.',
  headers: { 'Shelfmark-Position': position },
  content: inEachForm({
    schema: {
      oneOf: [
        importContent!.schema,
        { type: 'object', properties: { ...fields, _links: linksSchema(['self', 'queue'], ['result']) }, required },
      ],
    },
    example: rejected,
  }),
};

export const queueItemShown: PlainAnswer = {
  description: 'Where it is, what came of its attempts, and, as long as it may still be carried out, what it carries.',
  headers: { 'Shelfmark-Position': position },
  content: inEachForm({
    schema: {
      type: 'object',
      properties: {
        ...fields,
        data: { type: 'object', description: 'What the command carries, as the contract of its type has it.' },
        _links: linksSchema(['self', 'operation'], ['result']),
      },
      required,
    },
    example: delayed,
  }),
};
