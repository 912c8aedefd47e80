import { onto, type View } from '../../view.js';
import { holdEntity } from './entity.js';
import { CreateHold1793404800000 } from './migrations/1793404800000-create-hold.js';
import { fromRent, ownedByRent } from './projection.js';

/** Who waits for what, and who waited. */
export const view: View = {
  name: 'holds',
  sources: { rent: [onto(holdEntity, ownedByRent, fromRent)] },
  migrations: [CreateHold1793404800000],
};
