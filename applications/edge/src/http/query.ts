import type { JsonSchema } from './json-schema.js';
import { Problem, type RequestFault } from './problem.js';
import { RouteData } from './route-data.js';

/** One parameter of the query. */
export interface Parameter<Value> {
  /** Reads its text. @throws ParameterFault that says what it must be */
  (text: string): Value;
  /** What it may be, for those who ask before they send it. */
  readonly schema?: JsonSchema;
}

export type QuerySpec = { readonly [name: string]: Parameter<unknown> };

/** What a query holds: only the parameters that were given. */
export type QueryOf<Spec extends QuerySpec> = {
  readonly [Name in keyof Spec]?: Spec[Name] extends Parameter<infer Value> ? Value : never;
};

export class ParameterFault extends Error {
  override readonly name = 'ParameterFault';
}

/** The parameters that a route knows; a route without this decorator knows none, and an unknown one is refused. */
export function QueryParameters(query: QuerySpec): MethodDecorator {
  return RouteData({ query });
}

/**
 * Reads the query of a URL. A blank parameter counts as not given, since a form sends its empty fields too.
 * @throws Problem that names every parameter that is unknown, repeated or malformed
 */
export function readQuery(url: string, spec: QuerySpec): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const start = url.indexOf('?');
  if (start < 0) return values;
  const faults: RequestFault[] = [];
  const seen = new Set<string>();
  for (const part of url.slice(start + 1).split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decode(equals < 0 ? part : part.slice(0, equals));
    const text = equals < 0 ? '' : decode(part.slice(equals + 1))?.trim();
    const detail = fault(name, text);
    if (detail !== undefined) faults.push({ parameter: name ?? part, detail });
  }
  if (faults.length > 0) throw Problem.parameters(faults);
  return values;

  function fault(name: string | undefined, text: string | undefined): string | undefined {
    if (name === undefined) return 'is not percent-encoded UTF-8';
    if (!Object.hasOwn(spec, name)) return 'is not a known parameter';
    if (text === undefined) return 'is not percent-encoded UTF-8';
    if (seen.has(name)) return 'is given more than once';
    seen.add(name);
    if (text === '') return undefined;
    if (text.includes('\0')) return 'must not hold a NUL character';
    try {
      values[name] = spec[name]!(text);
      return undefined;
    } catch (error) {
      if (error instanceof ParameterFault) return error.message;
      throw error;
    }
  }
}

/** The same query, with the parameters that must be there. @throws Problem that names those that are not */
export function required<Values extends object, Name extends keyof Values & string>(
  query: Values,
  names: readonly Name[],
): { readonly [N in Name]-?: Exclude<Values[N], undefined> } {
  const missing = names.filter((name) => query[name] === undefined);
  if (missing.length > 0) throw Problem.parameters(missing.map((parameter) => ({ parameter, detail: 'is missing' })));
  return query as { readonly [N in Name]-?: Exclude<Values[N], undefined> };
}

/** A parameter with what is to be known of it. */
export function specified<Value>(schema: JsonSchema, read: Parameter<Value>): Parameter<Value> {
  return Object.assign((text: string) => read(text), { schema: { ...read.schema, ...schema } });
}

/** Free text. */
export function words(maxLength: number): Parameter<string> {
  return specified({ type: 'string', maxLength, pattern: '^[^\\u0000]*$' }, (text) => {
    // A character outside the first plane is one, as JSON Schema counts.
    if ([...text].length > maxLength) throw new ParameterFault(`must not have more than ${maxLength} characters`);
    return text;
  });
}

export function matching(pattern: RegExp, what: string): Parameter<string> {
  return specified({ type: 'string', pattern: pattern.source, description: `Must be ${what}.` }, (text) => {
    if (!pattern.test(text)) throw new ParameterFault(`must be ${what}`);
    return text;
  });
}

export function oneOf<const Word extends string>(...choices: readonly Word[]): Parameter<Word> {
  return specified({ type: 'string', enum: choices }, (text) => {
    const found = choices.find((choice) => choice === text);
    if (found === undefined) throw new ParameterFault(`must be one of ${choices.join(', ')}`);
    return found;
  });
}

const yesOrNo = oneOf('true', 'false');

export const flag: Parameter<boolean> = specified({ type: 'boolean' }, (text) => yesOrNo(text) === 'true');

export function wholeNumber(min: number, max: number): Parameter<number> {
  return specified({ type: 'integer', minimum: min, maximum: max }, (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (!(value >= min && value <= max)) throw new ParameterFault(`must be a whole number from ${min} to ${max}`);
    return value;
  });
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
