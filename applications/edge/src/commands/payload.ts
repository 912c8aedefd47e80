import { schema } from '@shelfmark/contracts';
import { type Json, SchemaValidator } from '@shelfmark/event-sourcing';
import { Problem, type RequestFault } from '../http/problem.js';

const validator = new SchemaValidator(schema);
const properties = new Map(
  Object.entries(schema.definitions).map(([type, definition]) => [
    type,
    Object.keys('properties' in definition ? definition.properties : {}),
  ]),
);

type JsonObject = { readonly [key: string]: Json };

/**
 * The payload of a command: a body's fields, trimmed, with those that the route gives, valid by the command's contract. A
 * body holds exactly the fields that the route does not give.
 * @param aliases fields that have another name in the body, by that name
 * @throws Problem that points at every field of the body that is wrong
 */
export function payloadOf(
  command: string,
  body: unknown,
  given: JsonObject,
  aliases: Readonly<Record<string, string>> = {},
): JsonObject {
  const isDue = properties.get(command)!.some((field) => !Object.hasOwn(given, field));
  if (body === undefined && isDue) throw new Problem('MalformedBody', { detail: 'A JSON object is due as the body.' });
  const fields = trimmed((body === undefined ? {} : body) as Json);
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw Problem.body([{ pointer: '', detail: 'must be an object' }]);
  }

  const hidden = new Set([...Object.keys(given), ...Object.values(aliases)]);
  const unknown = Object.keys(fields).filter((field) => hidden.has(field));
  const named = Object.entries(fields as JsonObject).map(([field, value]) => [
    Object.hasOwn(aliases, field) ? aliases[field]! : field,
    value,
  ]);
  const payload = { ...(Object.fromEntries(named) as JsonObject), ...given };
  const faults: RequestFault[] = [
    ...unknown.map((field) => ({ pointer: `/${field}`, detail: 'is not a known field' })),
    ...validator
      .validate(command, payload)
      .map(({ pointer, message }) => ({ pointer: unaliased(pointer, aliases), detail: message })),
  ];
  if (faults.length > 0) throw Problem.body(faults);
  return payload;
}

/** Text without the white space around it, at any depth. Its callers have bounded the depth. */
function trimmed(value: Json): Json {
  if (typeof value === 'string') return value.trim();
  if (Array.isArray(value)) return value.map(trimmed);
  // An object made of entries has a field `__proto__` like any other; one that is assigned to would get a prototype.
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, trimmed(item)]));
  }
  return value;
}

function unaliased(pointer: string, aliases: Readonly<Record<string, string>>): string {
  const [alias] = Object.entries(aliases).find(([, field]) => pointer === `/${field}`) ?? [];
  return alias === undefined ? pointer : `/${alias}`;
}
