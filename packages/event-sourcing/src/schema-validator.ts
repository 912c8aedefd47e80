import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { Json } from './event.js';

/** What is wrong with a value, and where. */
export interface Fault {
  /** A JSON Pointer (RFC 6901) into the value; empty for the value itself. */
  readonly pointer: string;
  /** Without the value, which may be somebody's name. */
  readonly message: string;
}

/** A JSON Schema (draft 7) whose definitions are the types of a contract. */
export interface ContractSchema {
  readonly definitions: { readonly [type: string]: object };
}

/** Validates messages against the types of a contract. */
export class SchemaValidator {
  readonly #ajv: Ajv;
  readonly #types: ReadonlySet<string>;
  readonly #compiled = new Map<string, ValidateFunction>();

  constructor(schema: ContractSchema) {
    this.#types = new Set(Object.keys(schema.definitions));
    // Strict mode would refuse `items` constraints without a type beside them, and type unions such as string or null.
    this.#ajv = new Ajv({ allErrors: true, strict: false, schemas: { contract: schema } });
    formats.default(this.#ajv, ['date', 'date-time', 'email', 'uri']);
    // One entity has one stream: a UUID has one spelling, where ajv-formats allows capitals and a URN's prefix.
    this.#ajv.addFormat('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  }

  /** Whether the contract has a type of this name. */
  has(type: string): boolean {
    return this.#types.has(type);
  }

  /**
   * @param type the name of a type of the contract
   * @returns what is wrong; nothing when the value is valid
   * @throws RangeError for a type that the contract does not have
   */
  validate(type: string, value: unknown): readonly Fault[] {
    const validate = this.#validator(type);
    const faults: Fault[] = validate(value) ? [] : (validate.errors ?? []).map(toFault);
    for (const pointer of malformedText(value as Json, '')) {
      faults.push({ pointer, message: 'must not hold a NUL character or a lone surrogate' });
    }
    return faults;
  }

  #validator(type: string): ValidateFunction {
    const known = this.#compiled.get(type);
    if (known) return known;
    if (!this.has(type)) throw new RangeError(`the contract has no type ${type}`);
    const compiled = this.#ajv.compile({ $ref: `contract#/definitions/${type}` });
    this.#compiled.set(type, compiled);
    return compiled;
  }
}

function toFault({ instancePath, keyword, params, message }: ErrorObject): Fault {
  switch (keyword) {
    case 'additionalProperties':
      return { pointer: child(instancePath, params['additionalProperty'] as string), message: 'is not a known field' };
    case 'required':
      return { pointer: child(instancePath, params['missingProperty'] as string), message: 'is missing' };
    case 'enum':
      return { pointer: instancePath, message: `must be one of ${(params['allowedValues'] as string[]).join(', ')}` };
    default:
      return { pointer: instancePath, message: message ?? 'is not valid' };
  }
}

/** Text that is not well-formed Unicode, or that holds a NUL, which neither Postgres nor many a reader takes. */
function* malformedText(value: Json, pointer: string): Generator<string> {
  if (typeof value === 'string') {
    if (value.includes('\u0000') || !value.isWellFormed()) yield pointer;
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries<Json>(value as { readonly [key: string]: Json })) {
      const place = child(pointer, key);
      yield* malformedText(key, place);
      yield* malformedText(item, place);
    }
  }
}

function child(pointer: string, key: string): string {
  return `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
