import { EntityId, uuid } from '../http/entity-id.js';

/** Who has operations, by their words in subjects. */
const services = ['user', 'book', 'rent'] as const;

export type Service = (typeof services)[number];

/** The id of an operation begins with the word of the service whose log it is in: so it is known whom to ask. */
export const operationIdPattern = new RegExp(`^(?:${services.join('|')})\\.${uuid.source.slice(1)}`);

export function operationIdOf(service: Service, commandId: string): string {
  return `${service}.${commandId}`;
}

/** The inverse of {@link operationIdOf}, for what has the pattern of an id. */
export function ownerOf(operationId: string): { readonly service: Service; readonly commandId: string } {
  const dot = operationId.indexOf('.');
  return { service: operationId.slice(0, dot) as Service, commandId: operationId.slice(dot + 1) };
}

export const operationIdInPath = new EntityId(operationIdPattern, 'OperationNotFound');
