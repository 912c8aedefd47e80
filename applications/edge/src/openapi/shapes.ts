import { representations } from '../http/accept.js';
import type { JsonSchema } from '../http/json-schema.js';
import { maxCountedRows } from '../views/page.js';

/** The shapes that the edge itself gives to its answers: HAL and problems. */
export const shapes = {
  Link: {
    description: 'A link (draft-kelly-json-hal).',
    type: 'object',
    properties: {
      href: { type: 'string', description: 'A URI reference, or a template (RFC 6570) of one.' },
      templated: { const: true, description: 'There where the address is a template.' },
    },
    required: ['href'],
  },
  Problem: {
    description: 'Why a request is not answered as its sender wished (RFC 9457).',
    type: 'object',
    properties: {
      type: { type: 'string', format: 'uri-reference' },
      title: { type: 'string', description: 'The code in words.' },
      status: { type: 'integer', minimum: 400, maximum: 599 },
      code: { type: 'string', description: 'What programs go by; it stays what it is.' },
      detail: { type: 'string', description: 'For people; its wording may change.' },
      instance: { type: 'string', description: 'The path of the request.' },
      correlationId: { type: 'string', description: 'What the request is called in the logs.' },
      errors: {
        type: 'array',
        minItems: 1,
        description: 'Everything that is wrong with what was sent.',
        items: { $ref: '#/components/schemas/Fault' },
      },
    },
    required: ['type', 'title', 'status', 'code'],
  },
  Fault: {
    description: 'One thing that is wrong with a request: where it is, and why.',
    type: 'object',
    properties: {
      detail: { type: 'string' },
      pointer: { type: 'string', description: 'A place in the body (RFC 6901).' },
      parameter: { type: 'string', description: 'A parameter of the query.' },
      header: { type: 'string', description: 'A header.' },
    },
    required: ['detail'],
    oneOf: [{ required: ['pointer'] }, { required: ['parameter'] }, { required: ['header'] }],
  },
} as const satisfies Record<string, JsonSchema>;

/** The links of a representation; there may be others. */
export function linksSchema(names: readonly string[], optional: readonly string[] = []): JsonSchema {
  const link = { $ref: '#/components/schemas/Link' };
  return {
    type: 'object',
    properties: Object.fromEntries([...names, ...optional].map((name) => [name, link])),
    required: names,
    additionalProperties: link,
  };
}

/** An object that has all of these. */
export function objectSchema(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties) };
}

/** The content of an answer that is a representation: the same in each of its forms. */
export function inEachForm<Content>(content: Content): Readonly<Record<string, Content>> {
  return Object.fromEntries(representations.map((type) => [type, content]));
}

/** A page of a list, as `listDocument` makes it. */
export function listSchema(name: string, item: JsonSchema, adds: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return {
    description: 'A page of a list.',
    type: 'object',
    properties: {
      count: { type: 'integer', minimum: 0, description: 'How many are on this page.' },
      total: { type: 'integer', minimum: 0, maximum: maxCountedRows, description: 'How many there are in all.' },
      totalIsAtLeast: { const: true, description: 'There where counting ended before the list did.' },
      _embedded: objectSchema({ [name]: { type: 'array', items: item } }),
      ...adds,
      _links: linksSchema(['self'], ['next', 'prev']),
    },
    required: ['count', 'total', '_embedded', '_links'],
  };
}
