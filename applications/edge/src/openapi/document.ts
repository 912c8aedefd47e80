import { readFileSync } from 'node:fs';
import { whoMay } from '../identity/access.js';
import type { Operation } from './operation.js';
import { answerHeaders, answersOf, anyOtherProblem, problemsOf } from './answers.js';
import { bodyOf, headerParameters, parametersOf } from './requests.js';
import type { Route } from './route-table.js';
import { Schemas, sentence } from './schemas.js';
import { shapes } from './shapes.js';

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const description = `
A library's catalogue, its readers, what they have out, and what they wait for.

- **Answers** are \`application/hal+json\`, or the same as \`application/json\`. A \`HEAD\` is answered like its \`GET\`, without the body.
- **Errors** are \`application/problem+json\` (RFC 9457). Programs go by \`code\`; \`errors\` names each field, parameter and header that is wrong.
- **Read your own writes**: the answer to a write says in \`Shelfmark-Position\` where it stands in its service's log. A read that sends it
  back, alone or in a list of several, waits until its view has come that far.
- **Sending again** is safe: with an \`Idempotency-Key\`, a write has one effect however often it is sent, and gets the same answer.
- **Not waiting**: with \`Prefer: respond-async\` a write is queued, durably, and answered 202 at once; what becomes of it is at \`Location\`.
- **Signing in**: \`Authorization: Bearer …\` with an access token of the library's issuer (OpenID Connect). What a member is shown, and may change, is their own.
- **Text** is trimmed before anything is looked at. Bodies are JSON in UTF-8.
`.trim();

/** How the routes are signed in to. */
const securitySchemes = {
  token: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: "An access token of the library's issuer.",
  },
};

/** An OpenAPI document, as far as those who make it and serve it are concerned. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  readonly [member: string]: unknown;
}

/** What the edge's routes are, said in OpenAPI 3.1: from the routes themselves, the contracts, and the statuses of problems. */
export function openApiDocument(routes: readonly Route[]): OpenApiDocument {
  const schemas = new Schemas();
  for (const [name, shape] of Object.entries(shapes)) schemas.add(name, shape);
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) (paths[route.path] ??= {})[route.method.toLowerCase()] = operationOf(route, schemas);
  return {
    openapi: '3.1.1',
    info: { title: 'Shelfmark', version, description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    tags: [...new Set(routes.map(tagOf))].map((name) => ({ name, description: tags[name] })),
    paths,
    components: { schemas: schemas.sorted(), parameters: headerParameters, headers: answerHeaders, securitySchemes },
  };
}

function operationOf(route: Route, schemas: Schemas): object {
  const { id, operation = {}, method, path, access } = route;
  const parameters = parametersOf(route);
  const requestBody = bodyOf(route, schemas);
  return {
    operationId: id,
    summary: summaryOf(operation, schemas) ?? `${method} ${path}`,
    ...(access && { description: whoMay[access] }),
    tags: [tagOf(route)],
    security: access === 'everybody' ? [] : [{ token: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && { requestBody }),
    responses: { ...answersOf(route, schemas), ...problemsOf(route), default: anyOtherProblem },
  };
}

function summaryOf({ summary, command }: Operation, schemas: Schemas): string | undefined {
  return summary ?? (command && sentence(schemas.contract(command.type)));
}

const tags: Readonly<Record<string, string>> = {
  start: 'Where everything is found.',
  books: 'The catalogue.',
  users: 'The readers.',
  rents: 'Who has what out, and had.',
  holds: 'Who waits for what, and waited.',
  statistics: 'The library in numbers.',
  imports: 'Catalogues that come in as files.',
  operations: 'What takes its time.',
  queue: 'Commands that nobody waits for: which are not done yet, and which failed.',
  events: 'What changes, as it changes.',
  exports: 'Everything that there is, as files.',
  health: 'How the edge is.',
  openapi: 'This document.',
  asyncapi: 'What the services say to each other, and to whoever listens.',
  docs: 'This document, for people.',
};

/** What a route belongs to: the collection that its command changes, else the first part of its path. */
function tagOf({ path, operation }: Route): string {
  const [, first = ''] = (operation?.command?.collection.path ?? path).split('/');
  return first === '' ? 'start' : first.replace(/\.json$/, '');
}
