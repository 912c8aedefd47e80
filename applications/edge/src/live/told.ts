import type { MirroredEvent } from '@shelfmark/messaging';
import { parseStreamName } from '@shelfmark/event-sourcing';
import { books } from '../books/books.js';
import { holds } from '../holds/holds.js';
import { linkTo } from '../http/hal.js';
import { formatPosition } from '../http/positions.js';
import { rents } from '../rents/rents.js';
import { users } from '../users/users.js';
import type { EntityView } from '../views/view.js';

/** Which entity of a view an event changes, if any. */
type ChangedEntity = (event: MirroredEvent) => string | undefined;

interface ToldView {
  /** The kind of its messages, such as `book.changed`. */
  readonly kind: string;
  readonly path: string;
  /** What feeds the view, by the service's word. */
  readonly sources: Readonly<Record<string, ChangedEntity>>;
}

/** Every view with what it is fed by. A message too many costs a reader one look; one too few would leave it with what was. */
export const toldViews: Record<EntityView, ToldView> = {
  books: {
    kind: 'book.changed',
    path: books.path,
    sources: {
      book: ownerOf('Book'),
      // Only what happens to a rent or a hold changes how many copies are in use.
      rent: (event) => (rentOf(event) ?? holdOf(event)) && parseStreamName(event.stream).id,
    },
  },
  users: { kind: 'user.changed', path: users.path, sources: { user: ownerOf('User') } },
  rents: { kind: 'rent.changed', path: rents.path, sources: { rent: rentOf } },
  // The places of those who wait behind it change too, and are not told of one by one.
  holds: { kind: 'hold.changed', path: holds.path, sources: { rent: holdOf } },
};

export const toldViewNames = Object.keys(toldViews) as EntityView[];

/**
 * The lines of a message, but for its id. It says that something changed and where to look, and nothing of what is there:
 * no name, no address, no title.
 */
export function linesFor(view: EntityView, source: string, event: MirroredEvent): string | undefined {
  const { kind, path, sources } = toldViews[view];
  const id = sources[source]!(event);
  if (id === undefined) return undefined;
  const data = {
    view,
    id,
    type: event.type,
    position: formatPosition(source, String(event.position)),
    _links: { self: linkTo(path, id) },
  };
  return `event: ${kind}\ndata: ${JSON.stringify(data)}\n`;
}

function ownerOf(category: string): ChangedEntity {
  return ({ stream }) => {
    const { category: found, id } = parseStreamName(stream);
    return found === category ? id : undefined;
  };
}

function rentOf(event: MirroredEvent): string | undefined {
  return partOfBookRent(event).rentId;
}

function holdOf(event: MirroredEvent): string | undefined {
  return partOfBookRent(event).holdId;
}

/** What an event of a book's lending is about. */
function partOfBookRent({ stream, data }: MirroredEvent): { readonly rentId?: string; readonly holdId?: string } {
  return parseStreamName(stream).category === 'BookRent' ? (data as object) : {};
}
