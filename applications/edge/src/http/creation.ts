import { HttpStatus } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { Collection, Done } from '../commands/commands.js';
import { type HalDocument, type Links, linkTo } from './hal.js';

/**
 * Answers a creation: where the new entity is, and what was accepted of the request, trimmed. The view may not show it yet,
 * and the owner may store a field in another form (an ISBN without hyphens), so the whole of it is behind the link.
 */
export function created(
  reply: FastifyReply,
  { path }: Collection,
  { id, payload }: Done,
  { idField, links }: { readonly idField?: string; readonly links?: Links } = {},
): HalDocument {
  const accepted = Object.fromEntries(Object.entries(payload).filter(([field]) => field !== idField));
  const self = linkTo(path, id);
  reply.code(HttpStatus.CREATED).header('location', self.href);
  return { id, ...accepted, _links: { self, ...links } };
}

/** Answers a change: what was changed is behind the link. */
export function changed({ path }: Collection, id: string): HalDocument {
  return { id, _links: { self: linkTo(path, id) } };
}
