import { onto, type View } from '../../view.js';
import { rentEntity } from './entity.js';
import { CreateRent1793232000000 } from './migrations/1793232000000-create-rent.js';
import { RenewAndLose1793404800000 } from './migrations/1793404800000-renew-and-lose.js';
import { fromRent, ownedByRent } from './projection.js';

/** Who has what out, and who had. */
export const view: View = {
  name: 'rents',
  sources: { rent: [onto(rentEntity, ownedByRent, fromRent)] },
  migrations: [CreateRent1793232000000, RenewAndLose1793404800000],
};
