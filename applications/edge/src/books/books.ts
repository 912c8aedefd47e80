import type { Collection } from '../commands/commands.js';

export const books = { service: 'book', entity: 'Book', path: '/books', hasEtag: true } as const satisfies Collection;
