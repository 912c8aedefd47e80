import { hash } from 'node:crypto';
import { type ExternalId, SeenRows, bookIdOf, bookNamespace } from '@shelfmark/imports';
import { v5 as uuidv5 } from 'uuid';
import type { BookContent } from './book-row.js';

/** Which book a row is about, and how it goes together with the rows before it. */
export interface RowIdentity {
  readonly bookId: string;
  /** Whether a row before it is about the same book. */
  readonly isRepeated: boolean;
  /** Whether the first row about that book says the same of it. */
  readonly isAlike: boolean;
}

/**
 * Tells the rows of one file apart, in the order of the file. A row is known by its external id; without one, by its content and
 * how many rows like it came before. Neither depends on its line, nor on other rows, so rows that are inserted change nothing.
 */
export class RowIdentities {
  readonly #seen = new SeenRows();

  /** @param externalId what another system calls the book; without it, the content alone says which book it is */
  identify(content: BookContent, externalId?: ExternalId): RowIdentity {
    const digest = hash('sha256', canonical(content), 'buffer');
    if (externalId) {
      const bookId = bookIdOf(externalId);
      const { before, isAlike } = this.#seen.add(hash('sha256', bookId, 'buffer'), digest.readUInt32LE(0));
      return { bookId, isRepeated: before > 0, isAlike };
    }
    const { before } = this.#seen.add(digest, 0);
    const name = JSON.stringify(['content', digest.toString('hex'), before]);
    return { bookId: uuidv5(name, bookNamespace), isRepeated: false, isAlike: false };
  }
}

function canonical({ title, authors, isbn, languages, subjects, year, amount }: BookContent): string {
  return JSON.stringify([title, authors, isbn ?? null, languages, subjects, year ?? null, amount]);
}
