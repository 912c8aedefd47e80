import type { Collection } from '../commands/commands.js';

/** A hold has no tag: its stream is that of its book, whose revision moves with everybody's holds and rents. */
export const holds = { service: 'rent', entity: 'Hold', path: '/holds', hasEtag: false } as const satisfies Collection;
