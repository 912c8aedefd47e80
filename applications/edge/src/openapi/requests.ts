import type { JsonSchema } from '../http/json-schema.js';
import { exampleOf, sampleId } from './examples.js';
import { isQueueable } from './operation.js';
import type { Route } from './route-table.js';
import { type Schemas, asSent } from './schemas.js';

/**
 * The headers that a request may have, beside those of HTTP itself. Without examples: the page would send them with every
 * trial, and a key that is sent twice or a position that nobody gave out is refused.
 */
export const headerParameters = {
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Chosen by the client, such as `desk-2-0117`: another one for each thing that it wants done. The same again with another body is 422.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
  },
  'If-Match': {
    name: 'If-Match',
    in: 'header',
    description:
      'The `ETag` that the change is to meet; such as `"3"`; 412 where it is another one by now. `*` is any.',
    schema: { type: 'string', pattern: '^(\\*|"(0|[1-9][0-9]{0,14})")$' },
  },
  Prefer: {
    name: 'Prefer',
    in: 'header',
    description:
      'RFC 7240: with `respond-async` the command is only queued, and its answer is 202 with the place where what becomes of it is told.',
    schema: { type: 'string', enum: ['respond-async'] },
  },
  'Shelfmark-Position': {
    name: 'Shelfmark-Position',
    in: 'header',
    description:
      'How far the view must be, as the answers to writes said: `book@900, rent@1234`. It waits up to 2 s; then it is 503.',
    schema: { type: 'string', pattern: '^[a-z]{1,32}@[0-9]{1,18}(, [a-z]{1,32}@[0-9]{1,18}){0,31}$' },
  },
} as const;

/** The names of the headers that a route takes. */
export function headersOf({ operation: { command, headers = {} } = {}, waitsForPositions }: Route): readonly string[] {
  return [
    ...(command ? ['Idempotency-Key'] : []),
    ...(command?.collection.hasEtag ? ['If-Match'] : []),
    ...(command && isQueueable(command) ? ['Prefer'] : []),
    ...(waitsForPositions ? ['Shelfmark-Position'] : []),
    ...Object.keys(headers),
  ];
}

export function parametersOf(route: Route): readonly object[] {
  return [
    ...[...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => inPath(name!, route)),
    ...Object.keys(route.query).map((name) => inQuery(name, route)),
    ...headersOf(route).map((name) => inHeader(name, route)),
  ];
}

function inHeader(name: string, { operation }: Route): object {
  const own = operation?.headers?.[name];
  if (!own) return { $ref: `#/components/parameters/${name}` };
  const { description, ...schema } = own;
  return { name, in: 'header', ...(description !== undefined && { description }), schema };
}

function inPath(name: string, { ids, operation }: Route): object {
  const id = ids.get(name);
  const rest = id
    ? { schema: { type: 'string', pattern: id.pattern.source }, example: sampleId(id.entity) }
    : { schema: operation?.path?.[name] ?? { type: 'string' } };
  return { name, in: 'path', required: true, ...rest };
}

function inQuery(name: string, { query, operation }: Route): object {
  const { description, ...schema } = query[name]!.schema ?? { type: 'string' };
  return {
    name,
    in: 'query',
    ...(operation?.requires?.includes(name) && { required: true }),
    ...(description !== undefined && { description }),
    schema,
  };
}

/** What a command's body holds: its fields but for those that the route gives, by the names that the body has for them. */
export function bodyOf({ id, operation = {} }: Route, schemas: Schemas): object | undefined {
  const { body, command } = operation;
  if (body) return { required: true, ...body };
  if (!command) return undefined;
  const { type, given, aliases } = command;
  const contract = schemas.contract(type);
  const fields = Object.keys(contract.properties).filter((field) => !given.includes(field));
  if (fields.length === 0) return undefined;
  const alias = (field: string): string => Object.keys(aliases).find((name) => aliases[name] === field) ?? field;
  const schema: JsonSchema = asSent({
    ...contract,
    properties: Object.fromEntries(fields.map((field) => [alias(field), contract.properties[field]])),
    required: contract.required.filter((field) => fields.includes(field)).map(alias),
  });
  const name = Object.keys(aliases).length === 0 ? type : id[0]!.toUpperCase() + id.slice(1);
  return {
    required: true,
    content: { 'application/json': { schema: schemas.add(name, schema), example: exampleOf(schema, schemas) } },
  };
}
