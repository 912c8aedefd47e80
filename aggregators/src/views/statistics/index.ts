import { onto, type View } from '../../view.js';
import { borrowerEntity, quarterHourEntity, titleEntity } from './entities.js';
import { CreateStatistics1793404800000 } from './migrations/1793404800000-create-statistics.js';
import {
  borrowersFromRent,
  borrowersOwnedByRent,
  quartersFromRent,
  quartersOwnedByRent,
  titlesFromBook,
  titlesFromRent,
  titlesOwnedByBook,
  titlesOwnedByRent,
} from './projection.js';

/** The library in numbers, as far as these would take too long to count when they are asked for. */
export const view: View = {
  name: 'statistics',
  sources: {
    book: [onto(titleEntity, titlesOwnedByBook, titlesFromBook)],
    rent: [
      onto(titleEntity, titlesOwnedByRent, titlesFromRent),
      onto(quarterHourEntity, quartersOwnedByRent, quartersFromRent),
      onto(borrowerEntity, borrowersOwnedByRent, borrowersFromRent),
    ],
  },
  migrations: [CreateStatistics1793404800000],
};
