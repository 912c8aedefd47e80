import { STATUS_CODES } from 'node:http';
import { HttpStatus } from '@nestjs/common';
import { respondAsync } from '../commands/respond-async.js';
import { linkTo } from '../http/hal.js';
import type { JsonSchema } from '../http/json-schema.js';
import { Problem, passing, problemDocument } from '../http/problem.js';
import { type ProblemCode, problemStatus } from '../http/problem-status.js';
import { isOwnAccess } from '../identity/access.js';
import { type Service, operationIdOf, operationIdPattern } from '../queue/operation-id.js';
import { exampleOf, problemExamples, sampleId } from './examples.js';
import { type Listed, type Operation, type PlainAnswer, type Representation, isQueueable } from './operation.js';
import { headersOf } from './requests.js';
import type { Route } from './route-table.js';
import { type ObjectSchema, type Schemas, sentence } from './schemas.js';
import { inEachForm, linksSchema, listSchema, objectSchema } from './shapes.js';

/** The headers that an answer may have, beside those of HTTP itself. */
export const answerHeaders = {
  ETag: {
    description: 'The revision of what is shown or was changed, for `If-Match`.',
    schema: { type: 'string', pattern: '^"(0|[1-9][0-9]*)"$' },
    example: '"3"',
  },
  Location: {
    description: 'Where that which was made is.',
    required: true,
    schema: { type: 'string', format: 'uri-reference' },
    example: linkTo('/books', sampleId('Book')).href,
  },
  'Preference-Applied': {
    description: 'That the client does not wait (RFC 7240).',
    required: true,
    schema: { const: respondAsync },
    example: respondAsync,
  },
  'Retry-After': {
    description: 'Seconds after which another try is worth it.',
    required: true,
    schema: { type: 'integer', minimum: 1 },
    example: 1,
  },
  'Shelfmark-Position': {
    description: 'Where the change stands in its log; absent where there was nothing to change.',
    schema: { type: 'string', pattern: '^[a-z]+@[0-9]+$' },
    example: 'book@900',
  },
  'WWW-Authenticate': {
    description: 'How to sign in, and what is wrong with the token that was shown (RFC 6750).',
    required: true,
    schema: { type: 'string', pattern: '^Bearer ' },
    example: 'Bearer realm="shelfmark"',
  },
} as const;

function headers(...names: readonly (keyof typeof answerHeaders)[]): object {
  return { headers: Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }])) };
}

/** What a route answers when all is well, by status. */
export function answersOf({ status, path, operation = {} }: Route, schemas: Schemas): Readonly<Record<string, object>> {
  const { command, answer } = operation;
  if (command) {
    return {
      [status]: done(status, command, schemas),
      ...(isQueueable(command) && { [HttpStatus.ACCEPTED]: queued(command, schemas) }),
    };
  }
  if (!answer) return { [status]: { description: STATUS_CODES[status]! } };
  if ('shows' in answer) return { [status]: shown(answer.shows, path, schemas) };
  if ('lists' in answer) return { [status]: listed(answer, path, schemas) };
  return Object.fromEntries([status, ...(answer.alsoAt ?? [])].map((at) => [at, plain(answer)]));
}

function plain({ description, content, headers }: PlainAnswer): object {
  return { description, content, ...(headers && { headers }) };
}

function shown(representation: Representation, path: string, schemas: Schemas): object {
  const schema = representationSchema(representation, schemas);
  return {
    description: sentence(schemas.contract(representation.row)),
    ...(representation.of?.hasEtag && headers('ETag')),
    content: inEachForm({ schema, example: representationExample(representation, schemas, path) }),
  };
}

function listed({ lists: representation, as, page, adds }: Listed, path: string, schemas: Schemas): object {
  const list = listSchema(as, representationSchema(representation, schemas), adds);
  const example = {
    count: 1,
    total: 1,
    _embedded: { [as]: [representationExample(representation, schemas)] },
    ...(exampleOf({ type: 'object', properties: adds }, schemas) as object),
    _links: { self: { href: path } },
  };
  const schema = schemas.add(page, list);
  return { description: 'A page of the list.', content: inEachForm({ schema, example }) };
}

/** `parked` is shown only where it is so. */
function representationSchema(
  { name, row, hides = [], adds = {}, embeds = {}, links, mayLink }: Representation,
  schemas: Schemas,
): JsonSchema {
  const { properties, required, additionalProperties: _, ...contract } = schemas.contract(row);
  const fields = Object.keys(properties).filter((field) => !hides.includes(field));
  const always = required.filter((field) => fields.includes(field) && field !== 'parked');
  const embedded = Object.entries(embeds).map(
    ([as, embed]) => [as, { type: 'array', items: representationSchema(embed, schemas) }] as const,
  );
  return schemas.add(name, {
    ...contract,
    properties: {
      ...Object.fromEntries(fields.map((field) => [field, properties[field]])),
      ...adds,
      ...(embedded.length > 0 && { _embedded: objectSchema(Object.fromEntries(embedded)) }),
      _links: linksSchema(links, mayLink),
    },
    required: [...always, ...Object.keys(adds), ...(embedded.length > 0 ? ['_embedded'] : []), '_links'],
  });
}

/** @param path where it is, if it is the only one of its kind */
function representationExample(representation: Representation, schemas: Schemas, path = ''): object {
  const { name, of, embeds = {}, links } = representation;
  const { properties } = schemas.resolve(representationSchema(representation, schemas)) as ObjectSchema;
  const { _links: _, _embedded: __, parked: ___, ...fields } = properties;
  const example = exampleOf({ type: 'object', properties: fields }, schemas) as object;
  const embedded = Object.entries(embeds).map(([as, embed]) => [as, [representationExample(embed, schemas)]] as const);
  return {
    ...example,
    ...('id' in fields && { id: sampleId(of?.entity ?? name) }),
    ...(embedded.length > 0 && { _embedded: Object.fromEntries(embedded) }),
    _links: exampleLinks(of?.path ?? path, 'id' in fields ? [sampleId(of?.entity ?? name)] : [], links),
  };
}

/** What a command's answer says: what was made, or where that is which was changed. */
function done(
  status: number,
  { type, collection: { path, entity, hasEtag }, given, links }: NonNullable<Operation['command']>,
  schemas: Schemas,
): object {
  const contract = schemas.contract(type);
  const description = sentence(contract);
  if (status === (HttpStatus.NO_CONTENT as number)) return { description, ...headers('Shelfmark-Position') };
  const isCreation = status === (HttpStatus.CREATED as number);
  const accepted = isCreation ? Object.keys(contract.properties).filter((field) => !given.includes(field)) : [];
  const properties = Object.fromEntries(accepted.map((field) => [field, contract.properties[field]]));
  const schema = schemas.add(isCreation ? `${type}Accepted` : 'Changed', {
    description: isCreation
      ? 'What was accepted; the whole of what was made is behind the link.'
      : 'What was changed is behind the link.',
    type: 'object',
    properties: { id: { type: 'string' }, ...properties, _links: linksSchema(['self', ...links]) },
    required: ['id', ...contract.required.filter((field) => accepted.includes(field)), '_links'],
  });
  const example = {
    id: sampleId(entity),
    ...(exampleOf({ type: 'object', properties }, schemas) as object),
    _links: exampleLinks(path, [sampleId(entity)], ['self', ...links]),
  };
  return {
    description,
    ...headers(
      ...(hasEtag ? (['ETag'] as const) : []),
      ...(isCreation ? (['Location'] as const) : []),
      'Shelfmark-Position',
    ),
    content: inEachForm({ schema, example }),
  };
}

/** What is answered to a client that does not wait. */
function queued({ type, collection: { service } }: NonNullable<Operation['command']>, schemas: Schemas): object {
  const id = operationIdOf(service as Service, sampleId('Book'));
  return {
    description: 'The command is queued, with `Prefer: respond-async`; what becomes of it is behind the link.',
    ...headers('Location', 'Preference-Applied', 'Shelfmark-Position'),
    content: inEachForm({
      schema: schemas.add('Queued', {
        description: 'A command will be carried out.',
        type: 'object',
        properties: {
          id: { type: 'string', pattern: operationIdPattern.source },
          command: { type: 'string', description: "The command's type." },
          _links: linksSchema(['self', 'queue']),
        },
        required: ['id', 'command', '_links'],
      }),
      example: {
        id,
        command: type,
        _links: { self: linkTo('/operations', id), queue: linkTo('/queue', id) },
      },
    }),
  };
}

/** @param id none where there is only one of its kind */
function exampleLinks(path: string, id: readonly string[], names: readonly string[]): object {
  const self = linkTo(path, ...id);
  const known: Readonly<Record<string, object>> = {
    self,
    book: linkTo('/books', sampleId('Book')),
    user: linkTo('/users', sampleId('User')),
    operation: linkTo('/operations', sampleId('Operation')),
  };
  return Object.fromEntries(names.map((name) => [name, known[name] ?? linkTo(self.href, name)]));
}

/** What may go wrong with every request, with every one that waits for a view, and with every command. */
const codes = {
  request: ['MalformedRequest', 'InvalidParameter', 'NotAcceptable', 'Overloaded', 'TooManyRequests'],
  signedIn: ['SignInRequired', 'InvalidToken', 'IssuerUnavailable'],
  restricted: ['LibrariansOnly'],
  own: ['NotYours'],
  read: ['InvalidHeader', 'ViewBehind', 'ViewUnavailable'],
  command: [
    'MalformedBody',
    'InvalidBody',
    'InvalidHeader',
    'PreconditionFailed',
    'BodyTooLarge',
    'MessageTooLarge',
    'AppendTooLarge',
    'UnsupportedMediaType',
    'IdempotencyKeyReused',
    'DeadlineExceeded',
    'NewerVersionNeeded',
    'NoAnswer',
    'ServiceUnavailable',
    'StoreFailure',
    'StoreFull',
  ],
  tagged: ['RevisionConflict'],
  // An id in a path that is longer than any names no route.
  named: ['NotFound'],
} as const satisfies Record<string, readonly ProblemCode[]>;

/** A connection that is too slow, headers that are too large, a fault of the edge: not a matter of one route. */
export const anyOtherProblem = {
  description: 'Something else went wrong: it is a problem too.',
  content: {
    'application/problem+json': {
      schema: { $ref: '#/components/schemas/Problem' },
      example: problemDocument(new Problem('RequestTimeout')),
    },
  },
};

/** The ways in which a route refuses, by status, with an example of each. */
export function problemsOf(route: Route): Readonly<Record<string, object>> {
  const { operation = {}, waitsForPositions, ids, path, access = 'librarians' } = route;
  const all = new Set<ProblemCode>([
    ...codes.request,
    ...(access === 'everybody' ? [] : codes.signedIn),
    ...(access === 'everybody' || access === 'signedIn' ? [] : codes.restricted),
    ...(isOwnAccess(access) ? codes.own : []),
    ...(path.includes('{') ? codes.named : []),
    ...[...ids.values()].map(({ notFound }) => notFound),
    ...(waitsForPositions ? codes.read : []),
    ...(operation.command ? codes.command : []),
    ...(operation.command?.collection.hasEtag ? codes.tagged : []),
    ...(operation.refusals ?? []),
  ]);
  const statuses = new Set([...all].map((code) => problemStatus[code]));
  return Object.fromEntries(
    [...statuses].map((status) => [
      status,
      problem(
        status,
        [...all].filter((code) => problemStatus[code] === status),
        route,
      ),
    ]),
  );
}

function problem(status: number, some: readonly ProblemCode[], route: Route): object {
  const path = route.path.replaceAll(/\{(\w+)\}/g, (place, name: string) => {
    const id = route.ids.get(name);
    return id ? sampleId(id.entity) : place;
  });
  // A preference that is not understood is passed over.
  const refused = headersOf(route).filter((header) => header !== 'Prefer');
  const examples = Object.assign({}, ...some.map((code) => problemExamples(code, path, refused))) as object;
  const schema = {
    allOf: [{ $ref: '#/components/schemas/Problem' }],
    properties: { status: { const: status }, code: { enum: some } },
  };
  return {
    description: `${STATUS_CODES[status]}: ${some.join(', ')}.`,
    ...(status === (HttpStatus.UNAUTHORIZED as number) && headers('WWW-Authenticate')),
    ...(passing.includes(status) && headers('Retry-After')),
    content: {
      'application/problem+json': {
        schema,
        examples: Object.fromEntries(
          Object.entries(examples).map(([name, value]) => [name, { value: value as unknown }]),
        ),
      },
    },
  };
}
