import type { Collection } from '../commands/commands.js';

/** A rent has no tag: its stream is that of its book, whose revision moves with everybody's rents. */
export const rents = { service: 'rent', entity: 'Rent', path: '/rents', hasEtag: false } as const satisfies Collection;
