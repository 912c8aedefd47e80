import { RouteData } from '../http/route-data.js';

/**
 * Who may use a route, in a sentence that the OpenAPI document repeats. Librarians may use every route; of those whose name begins
 * with `own`, {@link OwnershipGuard} lets a member use what is theirs.
 */
export const whoMay = {
  everybody: 'For everybody, without a sign-in.',
  signedIn: 'For whoever has signed in.',
  librarians: 'For librarians.',
  ownUser: 'For librarians, and for a member about themselves.',
  ownRent: 'For librarians, and for the member whose rent it is.',
  ownHold: 'For librarians, and for the member whose hold it is.',
  ownOperation: 'For librarians, and for the member who sent the command.',
  ownInQuery: 'For librarians; a member is shown what is theirs.',
  ownInBody: 'For librarians, and for a member in their own name.',
  ownViews: 'For librarians; a member hears of the catalogue.',
} as const;

export type Access = keyof typeof whoMay;

/** The accesses by which a member may use what is theirs, and nothing else. */
export type OwnAccess = Extract<Access, `own${string}`>;

export function isOwnAccess(access: Access): access is OwnAccess {
  return access.startsWith('own');
}

/** The route is open to these; a route without this decorator is closed to everybody. */
export function OpenTo(access: Access): MethodDecorator {
  // Whose a rent or a hold is, is read from a view.
  const waitsForPositions = access === 'ownRent' || access === 'ownHold';
  return RouteData({ access, ...(waitsForPositions && { waitsForPositions }) });
}

/** What serves these is in every process, and knows nothing of sign-ins. */
const ofEveryProcess: ReadonlySet<string | undefined> = new Set(['/health/live', '/health/ready']);

/** @returns nothing for a route that is closed */
export function accessOf({
  url,
  config,
}: {
  readonly url?: string | undefined;
  readonly config?: object | undefined;
}): Access | undefined {
  const { access } = (config ?? {}) as { readonly access?: Access };
  return access ?? (ofEveryProcess.has(url) ? 'everybody' : undefined);
}
