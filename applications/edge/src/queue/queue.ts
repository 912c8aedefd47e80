import type { Collection } from '../commands/commands.js';

/** The commands that were queued, whichever service's they are. */
export const queue = {
  service: 'operation',
  entity: 'Operation',
  path: '/queue',
  hasEtag: false,
} as const satisfies Collection;
