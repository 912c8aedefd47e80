import { foldedWords } from '@shelfmark/contracts';

/**
 * What lists are sorted by: the text without case and diacritics. It is made here and compared byte by byte, because a
 * database's own order depends on where it runs, and an index would be wrong after that changed. It is cut because a key
 * longer than a third of a page does not go into an index; ids break the ties.
 */
export function sortKey(text: string): string {
  const folded = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().trim();
  return Array.from(folded.slice(0, maxCharacters * 2))
    .slice(0, maxCharacters)
    .join('');
}

/** What titles are sorted by: their words alone, so that quotation marks do not come before A, and so that a search can look for a beginning. */
export function titleKey(title: string): string {
  const words = foldedWords(title);
  // A title of signs has no words, and its place in the list all the same.
  if (words === '') return sortKey(title);
  return words.length <= maxCharacters ? words : Array.from(words).slice(0, maxCharacters).join('');
}

/** What is longer does not go into an index. */
const maxCharacters = 200;
