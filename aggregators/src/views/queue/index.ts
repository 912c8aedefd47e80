import { onto, type Source, type View } from '../../view.js';
import { queuedCommandEntity } from './entity.js';
import { CreateCommand1793404800000 } from './migrations/1793404800000-create-command.js';
import { fromService, keyPrefix, ownedByService } from './projection.js';

/** The commands that were sent without waiting for their answers, of all services. */
export const view: View = {
  name: 'queue',
  sources: { book: queuedWith('book'), rent: queuedWith('rent'), user: queuedWith('user') },
  migrations: [CreateCommand1793404800000],
};

function queuedWith(service: string): Source {
  return [onto(queuedCommandEntity, ownedByService, fromService(service), keyPrefix(service))];
}
