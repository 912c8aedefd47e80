import type { PipeTransform } from '@nestjs/common';
import { matching } from './query.js';
import { Problem } from './problem.js';
import type { Rejection } from './problem-status.js';

/** One entity has one stream, so its id has one spelling. */
export const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
export const rentIdPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.(?:0|[1-9]\d{0,14})$/;
/** Holds are numbered within their book too. */
export const holdIdPattern = rentIdPattern;

/** An id in a path: what cannot be one names nothing, and is answered like everything that does not exist. */
export class EntityId implements PipeTransform<string, string> {
  constructor(
    readonly pattern: RegExp,
    readonly notFound: Rejection,
  ) {}

  /** What it is the id of, as its type is called. */
  get entity(): string {
    return this.notFound.replace(/NotFound$/, '');
  }

  transform(id: string): string {
    if (!this.pattern.test(id)) throw new Problem(this.notFound);
    return id;
  }

  /** What was found by such an id. @throws Problem where nothing was */
  found<Found>(found: Found | undefined): Found {
    if (found === undefined) throw new Problem(this.notFound);
    return found;
  }
}

export const userIdInPath = new EntityId(uuid, 'UserNotFound');
export const bookIdInPath = new EntityId(uuid, 'BookNotFound');
export const rentIdInPath = new EntityId(rentIdPattern, 'RentNotFound');
export const holdIdInPath = new EntityId(holdIdPattern, 'HoldNotFound');

/** An id in a query. */
export const idParameter = matching(uuid, 'a UUID in lower case');
