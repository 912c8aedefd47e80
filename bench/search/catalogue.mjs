// The books that the search is measured with: the rows of a catalogue, and as many more as are asked for, whose titles are
// made from the words of the real ones. The same catalogue and count always give the same books.
import { readRows } from '../csv.mjs';

/** @param {string} file a CSV with the columns title, author, language and subjects; gzipped where its name says so */
export async function readCatalogue(file) {
  const books = [];
  for await (const { title, author, language, subjects } of readRows(file, { columns: true })) {
    books.push({
      title,
      authors: listed(author, ';'),
      languages: listed(language, '/'),
      subjects: listed(subjects, ';'),
      amount: 1,
    });
  }
  return books;
}

/** The real books first, then those that are made. */
export function* madeBooks(real, count) {
  yield* real.slice(0, count);
  const random = seededRandom(20_260_101);
  const any = () => real[Math.floor(random() * real.length)];
  for (let made = real.length; made < count; made++) {
    const [first, second] = [any(), any()];
    const [head, tail] = [first.title.split(/\s+/), second.title.split(/\s+/)];
    const title = [...head.slice(0, Math.ceil(head.length / 2)), ...tail.slice(Math.floor(tail.length / 2))].join(' ');
    yield {
      ...first,
      title: title.slice(0, 2_000),
      authors: any().authors,
      subjects: [...first.subjects, ...second.subjects].slice(0, 4),
    };
  }
}

function listed(text, separator) {
  return [...new Set(text.split(separator).map((part) => part.trim()))].filter((part) => part !== '');
}

/** Mulberry32 (Tommy Ettinger, 2017, public domain): numbers from 0 to 1 that are the same at every run. */
export function seededRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
