import type { Collection } from '../commands/commands.js';

export const users = { service: 'user', entity: 'User', path: '/users', hasEtag: true } as const satisfies Collection;
