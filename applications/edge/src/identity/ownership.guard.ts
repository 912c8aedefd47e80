import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { HoldsView } from '../holds/holds-view.js';
import { type EntityId, holdIdInPath, rentIdInPath } from '../http/entity-id.js';
import { parsePositions, type Positions } from '../http/positions.js';
import { Problem } from '../http/problem.js';
import { operationIdPattern } from '../queue/operation-id.js';
import { Operations } from '../queue/operations.js';
import { RentsView } from '../rents/rents-view.js';
import { type OwnAccess, accessOf, isOwnAccess } from './access.js';
import { principalOf } from './principal.js';

/** What is known of a request by now. */
interface OwnRequest {
  readonly request: FastifyRequest;
  readonly id: string;
  readonly userId: string;
  readonly positions: Positions;
}

/** Rents and holds are looked up in views, which know whose they are as soon as they show them: that never changes. */
interface OwnedRows {
  get(id: string, positions: Positions): Promise<{ readonly userId: string } | undefined>;
}

/** Lets a member use what is theirs. What is somebody else's, and what is not there at all, they are told alike. */
@Injectable()
export class OwnershipGuard implements CanActivate {
  constructor(
    @Inject(RentsView) private readonly rents: RentsView,
    @Inject(HoldsView) private readonly holds: HoldsView,
    @Inject(Operations) private readonly operations: Operations,
  ) {}

  /** @throws Problem NotYours */
  async canActivate(context: ExecutionContext): Promise<true> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const access = accessOf(request.routeOptions);
    if (!access || !isOwnAccess(access)) return true;
    const positions = parsePositions(request.headers['shelfmark-position']);
    const { role, userId } = principalOf(request);
    if (role === 'librarian') return true;
    const { id = '' } = request.params as { readonly id?: string };
    if (!(await this.#rules[access]({ request, id, userId: userId!, positions }))) throw new Problem('NotYours');
    return true;
  }

  /** Whether a request is about what is its sender's; a list that is not is made one that is. */
  readonly #rules: Record<OwnAccess, (own: OwnRequest) => boolean | Promise<boolean>> = {
    ownUser: ({ id, userId }) => id === userId,
    ownRent: (own) => isOwner(own, rentIdInPath, this.rents),
    ownHold: (own) => isOwner(own, holdIdInPath, this.holds),
    ownOperation: async ({ request, id }) => {
      if (!operationIdPattern.test(id)) return false;
      return (await this.operations.find(request, id))?.actor === principalOf(request).subject;
    },
    ownInBody: ({ request, userId }) => (request.body as { readonly userId?: unknown } | undefined)?.userId === userId,
    ownInQuery: ({ request, userId }) => {
      const query = request.query as { readonly user?: string };
      request.query = { ...query, user: userId };
      return query.user === undefined || query.user === userId;
    },
    ownViews: ({ request }) => {
      const query = request.query as { readonly views?: readonly string[] };
      request.query = { ...query, views: ['books'] };
      return query.views === undefined || query.views.every((view) => view === 'books');
    },
  };
}

/** What is no id at all, the route itself says so of. */
async function isOwner({ id, userId, positions }: OwnRequest, kind: EntityId, rows: OwnedRows): Promise<boolean> {
  if (!kind.pattern.test(id)) return true;
  return (await rows.get(id, positions))?.userId === userId;
}
