import { onto, type View } from '../../view.js';
import { bookEntity } from './entity.js';
import { CreateBook1793232000000 } from './migrations/1793232000000-create-book.js';
import { SearchBooks1793318400000 } from './migrations/1793318400000-search-books.js';
import { fromBook, fromRent, ownedByBook, ownedByRent } from './projection.js';

/** The catalogue: what each book is, and how many copies of it are out. */
export const view: View = {
  name: 'books',
  sources: {
    book: [onto(bookEntity, ownedByBook, fromBook)],
    rent: [onto(bookEntity, ownedByRent, fromRent)],
  },
  migrations: [CreateBook1793232000000, SearchBooks1793318400000],
};
