import { onto, type View } from '../../view.js';
import { personEntity } from './entity.js';
import { CreatePerson1793232000000 } from './migrations/1793232000000-create-person.js';
import { fromUser, ownedByUser } from './projection.js';

/** The people who may borrow, by name or address. */
export const view: View = {
  name: 'users',
  sources: { user: [onto(personEntity, ownedByUser, fromUser)] },
  migrations: [CreatePerson1793232000000],
};
