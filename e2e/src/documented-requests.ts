import { request as httpRequest, Agent } from 'node:http';
import { SchemaValidator } from '@shelfmark/event-sourcing';
import fc from 'fast-check';

/** A JSON Schema of the document, without references. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
}

export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required?: boolean;
  readonly schema: Schema;
}

type Content = Readonly<Record<string, { readonly schema: Schema; readonly example?: unknown }>>;

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly Parameter[];
  /** Empty where nobody has to sign in. */
  readonly security: readonly object[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Content;
        readonly headers?: Readonly<Record<string, { readonly required?: boolean; readonly schema: Schema }>>;
      }
    >
  >;
}

/** What a body of the operation is in requests that are made up: JSON, or the first of the types of files that it takes. */
export function contentOf({ requestBody }: Operation): (Content[string] & { readonly type: string }) | undefined {
  const [first] = Object.entries(requestBody?.content ?? {});
  return first && { type: first[0], ...first[1] };
}

/** What is sent: everything is text by now. */
export interface DocumentedRequest {
  readonly operation: Operation;
  readonly path: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface DocumentedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** An OpenAPI document as its readers understand it, and as nothing else is known of the system here. */
export class Document {
  readonly operations: readonly Operation[];
  /** By the schema itself: to make one takes longer than most requests. */
  readonly #validators = new WeakMap<Schema, SchemaValidator>();
  readonly #closed = new WeakMap<Schema, Schema>();

  constructor(private readonly root: Readonly<Record<string, unknown>>) {
    const paths = this.#resolved(root['paths']) as Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    this.operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...operation,
        parameters: operation.parameters ?? [],
        method: method.toUpperCase(),
        path,
        // A counterexample is to show the request, and not all that is documented of its operation.
        [fc.toStringMethod]: () => `${method.toUpperCase()} ${path}`,
      })),
    );
  }

  isValid(schema: Schema, value: unknown): boolean {
    return this.#faults(schema, value).length === 0;
  }

  /** What in an answer the document did not promise; nothing where all is as it says. */
  complaints({ responses, method }: Operation, { status, headers, text }: DocumentedAnswer): readonly string[] {
    const response = responses[status];
    if (!response) return [`the status ${status} is not documented`];
    const complaints: string[] = [];
    for (const [name, { required = false, schema }] of Object.entries(response.headers ?? {})) {
      const value = headers[name.toLowerCase()];
      if (value === undefined && required) complaints.push(`the header ${name} is missing`);
      const read = schema.type === 'integer' ? Number(value) : value;
      if (value !== undefined && !this.isValid(schema, read)) complaints.push(`the header ${name} is ${String(value)}`);
    }
    const type = String(headers['content-type'] ?? '').split(';', 1)[0]!;
    if (status >= 400 && type !== 'application/problem+json') complaints.push(`the error is ${type}`);
    if (!response.content) return text === '' ? complaints : [...complaints, 'a body came that is not documented'];
    const content = response.content[type];
    if (!content) return [...complaints, `the type ${type} is not documented`];
    if (!/[/+]json$/.test(type) || method === 'HEAD') return complaints;
    // The validator refuses NUL of its own accord, which a problem may repeat.
    const body: unknown = JSON.parse(text, (_key, part: unknown) =>
      typeof part === 'string' ? part.replaceAll('\0', '') : part,
    );
    const schema = this.#closed.get(content.schema) ?? closed(content.schema);
    this.#closed.set(content.schema, schema);
    const faults = this.#faults(schema, body);
    return [...complaints, ...faults.map((fault) => `the body at ${fault}`)];
  }

  /** The keywords that the document uses mean the same in draft 7, which the validator goes by. */
  #faults(schema: Schema, value: unknown): readonly string[] {
    const validator = this.#validators.get(schema) ?? validatorOf(schema);
    this.#validators.set(schema, validator);
    return validator.validate('it', value).map(({ pointer, message }) => `${pointer} ${message}`);
  }

  /** With every reference replaced by what it refers to: the document has no circles. */
  #resolved(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#resolved(item));
    if (typeof value !== 'object' || value === null) return value;
    if ('$ref' in value && typeof value.$ref === 'string') {
      const place = value.$ref.slice(2).split('/');
      return this.#resolved(place.reduce((part, key) => (part as Record<string, unknown>)[key], this.root as unknown));
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.#resolved(item)]));
  }
}

function validatorOf(schema: Schema): SchemaValidator {
  // A format that the validator does not know is a remark, as it is to every reader.
  const text = JSON.stringify(schema, (key, part: unknown) =>
    part === 'uri-reference' && key === 'format' ? undefined : part,
  );
  return new SchemaValidator({ definitions: { it: JSON.parse(text) as object } });
}

/** A reader must bear with members that it does not know; here, one that nobody documented is a finding. */
function closed(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    const isObject = typeof value === 'object' && value !== null && 'properties' in value && 'type' in value;
    return isObject && !('additionalProperties' in value) ? { ...value, additionalProperties: false } : value;
  }) as Schema;
}

/** A value that a schema allows. */
export function valid(document: Document, schema: Schema): fc.Arbitrary<unknown> {
  return shaped(document, schema).filter((value) => document.isValid(schema, value));
}

function shaped(document: Document, schema: Schema): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const types = [schema.type ?? 'string'].flat();
  return fc.oneof(...types.map((type) => typed(document, type, schema)));
}

function typed(document: Document, type: string, schema: Schema): fc.Arbitrary<unknown> {
  const {
    properties = {},
    required = [],
    items = {},
    maxItems = 3,
    minimum = -1_000_000,
    maximum = 1_000_000,
  } = schema;
  switch (type) {
    case 'object': {
      const fields = Object.entries(properties).map(([name, field]) => [name, valid(document, field)] as const);
      return fc.record(Object.fromEntries(fields), { requiredKeys: [...required] });
    }
    case 'array':
      return fc.array(valid(document, items), { maxLength: Math.min(3, maxItems) });
    case 'integer':
      return fc.integer({ min: minimum, max: maximum });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return textOf(schema);
  }
}

function textOf({ pattern, format, minLength = 0, maxLength = 50 }: Schema): fc.Arbitrary<string> {
  if (format === 'date-time') {
    const past = { min: new Date('2020-01-01T00:00:00Z'), max: new Date(Date.now() - 60_000), noInvalidDate: true };
    return fc.date(past).map((date) => date.toISOString());
  }
  if (format === 'date') {
    const days = { min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true };
    return fc.date(days).map((date) => date.toISOString().slice(0, 10));
  }
  if (pattern?.startsWith('^')) return fc.stringMatching(new RegExp(pattern));
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, 50) });
}

/** What a document's reader expects of a request that is wrong in one place. */
export interface Mutation {
  readonly request: DocumentedRequest;
  readonly status: number;
  /** The member of one of `errors` that names the place, and its value. */
  readonly named?: readonly ['pointer' | 'parameter' | 'header', string];
}

const malformed: Readonly<Record<string, string>> = {
  'Idempotency-Key': 'not visible',
  'If-Match': 'no tag',
  'Shelfmark-Position': 'everywhere',
  'Last-Event-ID': 'never',
};

/** All the ways to break a request in one place, such that the document says it is broken. */
export function mutations(document: Document, request: DocumentedRequest): readonly Mutation[] {
  const { operation, query, headers, path } = request;
  const content = contentOf(operation);
  const isJson = content?.type === 'application/json';
  return [
    { request: { ...request, query: [...query, ['colour', 'red']] }, status: 400, named: ['parameter', 'colour'] },
    { request: { ...request, headers: { ...headers, Accept: 'application/vnd.nobody' } }, status: 406 },
    ...operation.parameters.flatMap((parameter) => brokenParameters(document, request, parameter)),
    ...(isJson && request.body !== undefined ? brokenBodies(document, request, content.schema) : []),
    ...(content && !isJson
      ? [{ request: { ...request, headers: { ...headers, 'Content-Type': 'x/y' } }, status: 415 }]
      : []),
    ...Object.keys(path).map((name): Mutation => ({
      request: { ...request, path: { ...path, [name]: 'X' } },
      status: 404,
    })),
  ];
}

function brokenParameters(
  document: Document,
  request: DocumentedRequest,
  { name, in: place, required, schema }: Parameter,
): Mutation[] {
  const { query, headers } = request;
  if (place === 'header') {
    // A preference that a server does not know is none (RFC 7240).
    if (name === 'Prefer') return [];
    const broken = { ...headers, [name]: malformed[name] ?? '\u007f' };
    return [{ request: { ...request, headers: broken }, status: 400, named: ['header', name] }];
  }
  if (place === 'path') return [];
  const others = query.filter(([other]) => other !== name);
  const values = ['x y!', 'x'.repeat(5_000), '-1', '1e9', '\0'].filter(
    (text) => !document.isValid(schema, schema.type === 'integer' ? Number(text) : text),
  );
  const broken = (pairs: DocumentedRequest['query']): Mutation => ({
    request: { ...request, query: pairs },
    status: 400,
    named: ['parameter', name],
  });
  const given = query.find(([other]) => other === name);
  return [
    ...values.map((text) => broken([...others, [name, text]])),
    ...(given ? [broken([...query, given])] : []),
    ...(required === true ? [broken(others)] : []),
  ];
}

function brokenBodies(document: Document, request: DocumentedRequest, schema: Schema): Mutation[] {
  const body = JSON.parse(request.body!) as Readonly<Record<string, unknown>>;
  const withBody = (changed: unknown, pointer: string): Mutation => ({
    request: { ...request, body: JSON.stringify(changed) },
    status: 400,
    named: ['pointer', pointer],
  });
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const long = 'x'.repeat((field.maxLength ?? 0) + 1);
    const many = Array.from({ length: (field.maxItems ?? 0) + 1 }, () => 'en');
    const values = [null, true, 0.5, -100_000, 100_000, '', ' ', 'a\0b', {}, long, many, [' '], [1]];
    return values
      .filter((value) => !document.isValid(field, value))
      .map((value) => withBody({ ...body, [name]: value }, `/${name}`));
  });
  const lacking = (schema.required ?? []).map((name) => {
    const { [name]: _, ...rest } = body;
    return withBody(rest, `/${name}`);
  });
  return [
    ...fields,
    ...lacking,
    withBody({ ...body, colour: 'red' }, '/colour'),
    withBody([body], ''),
    { request: { ...request, body: request.body!.slice(0, -1) }, status: 400 },
    { request: { ...request, headers: { ...request.headers, 'Content-Type': 'text/plain' } }, status: 415 },
    { request: { ...request, body: JSON.stringify({ ...body, x: 'x'.repeat(256 * 1024) }) }, status: 413 },
  ];
}

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** Sends a request as it is, also where it makes no sense. */
export function send(
  url: string,
  { operation, path, query, headers, body }: DocumentedRequest,
): Promise<DocumentedAnswer> {
  const at = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(path[name]!));
  const pairs = query.map((pair) => pair.map((text) => encodeURIComponent(text)).join('='));
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      url + at + (pairs.length > 0 ? `?${pairs.join('&')}` : ''),
      {
        agent,
        method: operation.method,
        headers: {
          ...(body !== undefined && {
            'Content-Type': contentOf(operation)?.type ?? 'application/json',
            'Content-Length': Buffer.byteLength(body),
          }),
          ...headers,
        },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
