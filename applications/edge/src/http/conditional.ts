import { Problem } from './problem.js';

/**
 * The tag of an entity at a revision, for `If-Match`. It is not one for `If-None-Match`: what is shown holds other streams'
 * data as well (copies in use, whether it is parked), which may change while the revision stays.
 */
export function etagOf(revision: number): string {
  return `"${revision}"`;
}

/**
 * The revision that a client wants its change to meet (RFC 9110, 13.1.1); `undefined` where it wants none in particular:
 * `*` only asks that the entity exists, which its owner finds out anyway.
 * @param hasEtag whether what the route changes has a tag at all; where not, no tag can match
 */
export function expectedRevision(ifMatch: string | undefined, hasEtag: boolean): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  const tags = /^\s*(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"\s*$/;
  const given = ifMatch.split(',');
  if (!given.every((tag) => tags.test(tag)))
    throw Problem.header('If-Match', 'must be an entity tag, such as "3", or *');
  if (given.length > 1) throw Problem.header('If-Match', 'must name one entity tag');
  // A weak tag never matches here, and neither does one that was never given out.
  const revision = /^\s*"(0|[1-9]\d{0,14})"\s*$/.exec(ifMatch)?.[1];
  if (revision === undefined || !hasEtag)
    throw new Problem('PreconditionFailed', { detail: 'No such entity tag is there.' });
  return Number(revision);
}
