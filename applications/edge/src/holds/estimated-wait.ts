import type { JsonSchema } from '../http/json-schema.js';

/** How fast a queue moves. */
export interface QueuePace {
  /** The copies that go round: those that are not lost. */
  readonly copies: number;
  /** How long a copy is kept, by those who are quick and by those who are slow; `null` where nothing is known of that. */
  readonly kept: Kept | null;
}

interface Kept {
  readonly basedOn: 'history' | 'dueDays';
  readonly days: readonly [quick: number, slow: number];
}

export interface EstimatedWait {
  readonly lowerDays: number;
  readonly upperDays: number;
  readonly basedOn: Kept['basedOn'];
}

/** So many of a book's rents that ended last are its history. */
export const countedRents = 50;
/** With fewer, one who brings a book back at once would make it a history of its own. */
export const leastRents = 5;

export const estimatedWaitSchema: JsonSchema = {
  type: ['object', 'null'],
  properties: {
    lowerDays: { type: 'integer', minimum: 0 },
    upperDays: { type: 'integer', minimum: 0 },
    basedOn: { type: 'string', enum: ['history', 'dueDays'] satisfies Kept['basedOn'][] },
  },
  required: ['lowerDays', 'upperDays', 'basedOn'],
  additionalProperties: false,
  description: [
    'How many days the person may have to wait from now: the place in the queue, times how long a copy is kept, by how many copies go round.',
    `\`history\`: how long the middle half of the latest ${countedRents} rents of this book took, where at least ${leastRents} have ended.`,
    'Else `dueDays`: for how long its copies are lent now.',
    'Null where there is neither, where no copy goes round, and for a hold that does not wait.',
  ].join(' '),
};

/**
 * How long it takes until it is the turn of somebody in a queue, if copies come back one after the other, each as late as in
 * the past.
 * @param place 1 for the first
 */
export function estimateWait(place: number, { copies, kept }: QueuePace): EstimatedWait | null {
  if (kept === null || copies < 1) return null;
  const [quick, slow] = kept.days;
  return {
    lowerDays: Math.floor((place * quick) / copies),
    upperDays: Math.ceil((place * slow) / copies),
    basedOn: kept.basedOn,
  };
}

/** The pace of the queue for a book, as a column. @param bookId as SQL has it */
export function selectPace(bookId: string): string {
  const history = `(
    SELECT json_build_object('basedOn', 'history', 'days', percentile_cont(ARRAY[0.25, 0.75]) WITHIN GROUP (ORDER BY days))
    FROM (
      SELECT extract(epoch FROM returned_at - rented_at)::float8 / 86400 AS days FROM rents.rent
      WHERE book_id = ${bookId} AND state = 'returned' AND lost_at IS NULL
      ORDER BY rented_at DESC, id DESC LIMIT ${countedRents}
    ) AS ended
    HAVING count(*) >= ${leastRents})`;
  const dueDays = `(
    SELECT json_build_object('basedOn', 'dueDays', 'days', json_build_array(min(due_on - rented_at::date), max(due_on - rented_at::date)))
    FROM rents.rent WHERE book_id = ${bookId} AND state = 'open'
    HAVING count(*) > 0)`;
  const lost = `(SELECT count(*)::int FROM rents.rent WHERE book_id = ${bookId} AND state = 'lost')`;
  return `(
    SELECT json_build_object('copies', amount - ${lost}, 'kept', coalesce(${history}, ${dueDays}))
    FROM books.book WHERE book.id = ${bookId})`;
}
