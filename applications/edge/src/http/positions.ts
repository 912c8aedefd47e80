import { createParamDecorator } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.js';
import { RouteData } from './route-data.js';

/** How far a reader's view must be: by service word, the position in that service's log. */
export type Positions = ReadonlyMap<string, bigint>;

const nowhere: Positions = new Map();

/** More services than there can be; what is longer is not from here. */
const maxEntries = 32;
const maxPosition = 2n ** 63n - 1n;

/** `book@123`, for the header `Shelfmark-Position` of an answer. */
export function formatPosition(service: string, position: string): string {
  return `${service}@${position}`;
}

/** Reads `book@900, rent@1234`, the header `Shelfmark-Position` of a request. Of one service, the highest counts. */
export function parsePositions(header: string | readonly string[] | undefined): Positions {
  if (header === undefined) return nowhere;
  const entries = String(header).split(',');
  const positions = new Map<string, bigint>();
  for (const entry of entries) {
    const [, service, digits] = /^\s*([a-z]{1,32})@(\d{1,19})\s*$/.exec(entry) ?? [];
    const position = BigInt(digits ?? -1);
    if (service === undefined || position > maxPosition || entries.length > maxEntries) {
      throw Problem.header('Shelfmark-Position', 'must be a list such as book@900, rent@1234');
    }
    if (position > (positions.get(service) ?? -1n)) positions.set(service, position);
  }
  return positions;
}

/** The positions that a read must have seen, from its `Shelfmark-Position`. */
export const PositionsWanted = createParamDecorator(
  (_: unknown, context) =>
    parsePositions(context.switchToHttp().getRequest<FastifyRequest>().headers['shelfmark-position']),
  [(target, key) => RouteData({ waitsForPositions: true })(target, key!)],
);
