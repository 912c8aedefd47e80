import assert from 'node:assert/strict';
import { schema as contracts } from '@shelfmark/contracts';
import { uuid } from '../http/entity-id.js';
import type { JsonSchema } from '../http/json-schema.js';

type Properties = Readonly<Record<string, JsonSchema>>;

/** A type that is an object, with its fields. */
export interface ObjectSchema extends JsonSchema {
  readonly properties: Properties;
  readonly required: readonly string[];
}

const definitions = contracts.definitions as Readonly<Record<string, JsonSchema>>;
const contractPrefix = '#/definitions/';
const documentPrefix = '#/components/schemas/';

/** The schemas that a document refers to, each under its name; those of the contracts come along when they are asked for. */
export class Schemas {
  readonly #named = new Map<string, JsonSchema>();

  /** Gives a schema its name. @returns the reference to it */
  add(name: string, schema: JsonSchema): JsonSchema {
    const known = this.#named.get(name);
    if (known) assert.deepEqual(schema, known, `${name} is the name of two schemas`);
    this.#named.set(name, schema);
    return { $ref: documentPrefix + name };
  }

  has(name: string): boolean {
    return this.#named.has(name);
  }

  /** A type of the contracts that is an object, as it stands there. */
  contract(type: string): ObjectSchema {
    assert(Object.hasOwn(definitions, type), `the contracts have no type ${type}`);
    const schema = this.#converted(definitions[type]!);
    return { properties: {}, required: [], ...schema };
  }

  /** The schema that a reference of this document stands for. */
  resolve(schema: JsonSchema): JsonSchema {
    const { $ref } = schema;
    return typeof $ref === 'string' ? this.#named.get($ref.slice(documentPrefix.length))! : schema;
  }

  sorted(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#named].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** From draft 7 to 2020-12, which for what the contracts use differ only in where definitions are. */
  #converted(schema: JsonSchema): JsonSchema {
    if (typeof schema['$ref'] === 'string') {
      const type = schema['$ref'].slice(contractPrefix.length);
      if (!this.has(type)) this.add(type, this.#converted(definitions[type]!));
      return { $ref: documentPrefix + type };
    }
    return Object.fromEntries(
      Object.entries(schema)
        // The generator's titles repeat the name that everything has anyway.
        .filter(([keyword]) => keyword !== 'title')
        .map(([keyword, value]) => [keyword, this.#convertedKeyword(keyword, value)]),
    );
  }

  #convertedKeyword(keyword: string, value: unknown): unknown {
    if (keyword === 'properties') return mapped(value as Properties, (property) => this.#converted(property));
    if (keyword === 'items' || (keyword === 'additionalProperties' && typeof value === 'object')) {
      return this.#converted(value as JsonSchema);
    }
    return value;
  }
}

/**
 * A schema of something that is sent, with what the edge asks of every text: no NUL, not only white space where it must not be
 * empty, and one spelling of a UUID.
 */
export function asSent(schema: JsonSchema): JsonSchema {
  const { type, properties, items, format, minLength, pattern } = schema;
  if (properties) return { ...schema, properties: mapped(properties as Properties, asSent) };
  if (items) return { ...schema, items: asSent(items as JsonSchema) };
  if (![type].flat().some((one) => one === 'string') || 'enum' in schema) return schema;
  if (format === 'uuid') return { ...schema, pattern: uuid.source };
  const notBlank = typeof minLength === 'number' && pattern === undefined ? { pattern: '\\S' } : {};
  return { ...schema, ...notBlank, not: { type: 'string', pattern: '\\u0000' } };
}

/** What a schema describes, in a line: its description without the full stop. */
export function sentence({ description }: JsonSchema): string {
  return String(description).replace(/\.$/, '');
}

function mapped(properties: Properties, convert: (schema: JsonSchema) => JsonSchema): Properties {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, convert(schema)]));
}
