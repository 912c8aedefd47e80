import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BookContent } from './book-row.js';
import { RowIdentities } from './row-identity.js';

function book(title: string, more: Partial<BookContent> = {}): BookContent {
  return { title, authors: [], languages: [], subjects: [], amount: 1, ...more };
}

/** The ids of the books of a file, by its rows' titles; each title may come several times. */
function idsOf(titles: readonly string[]): Map<string, string[]> {
  const identities = new RowIdentities();
  const ids = new Map<string, string[]>();
  for (const title of titles) {
    ids.set(title, [...(ids.get(title) ?? []), identities.identify(book(title)).bookId]);
  }
  return ids;
}

const titles = fc.array(fc.constantFrom<string[]>('Emma', 'Faust', 'Dune', 'Ulysses', 'Poems'), { maxLength: 20 });

describe('a row without an id', () => {
  it('is the same book in whatever order the rows come', () => {
    fc.assert(
      fc.property(
        titles.chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length }))),
        ([rows, shuffled]) => {
          expect(idsOf(shuffled)).toEqual(idsOf(rows));
        },
      ),
    );
  });

  it('is the same book when rows are inserted, above or anywhere, that are not like it', () => {
    const inserted = fc.array(fc.tuple(fc.nat(), fc.constantFrom('New', 'Newer')));
    fc.assert(
      fc.property(titles, inserted, (rows, insertions) => {
        const longer = [...rows];
        for (const [place, title] of insertions) longer.splice(place % (longer.length + 1), 0, title);
        const ids = idsOf(longer);
        for (const [title, expected] of idsOf(rows)) expect(ids.get(title)).toEqual(expected);
      }),
    );
  });

  it('is another book than each row like it', () => {
    fc.assert(
      fc.property(titles, (rows) => {
        const ids = [...idsOf(rows).values()].flat();
        expect(new Set(ids).size).toBe(ids.length);
      }),
    );
  });

  it('is another book when anything of it differs', () => {
    const variants = [
      book('Emma'),
      book('Emma', { authors: ['Austen'] }),
      book('Emma', { subjects: ['Austen'] }),
      book('Emma', { year: 1815 }),
      book('Emma', { amount: 2 }),
      book('Emma', { isbn: '9780804429573' }),
    ];
    const identities = new RowIdentities();
    expect(new Set(variants.map((content) => identities.identify(content).bookId)).size).toBe(variants.length);
  });
});

describe('a row with an id', () => {
  const id = { column: 'id', value: '7' };

  it('is the same book, whatever else it says', () => {
    const identities = new RowIdentities();
    const first = identities.identify(book('Emma'), id);
    expect(first).toMatchObject({ isRepeated: false });
    expect(identities.identify(book('Emma'), id)).toEqual({ ...first, isRepeated: true, isAlike: true });
    expect(identities.identify(book('Faust'), id)).toEqual({ ...first, isRepeated: true, isAlike: false });
  });

  it('is another book than that of the same id in another column', () => {
    const identities = new RowIdentities();
    const { bookId } = identities.identify(book('Emma'), id);
    expect(identities.identify(book('Emma'), { ...id, column: 'gutenbergid' }).bookId).not.toBe(bookId);
  });
});

it('a row of an export has the id of the book that it came from', () => {
  const value = '01a1fcc8-d1d5-755e-bb9c-7553cc88b1eb';
  const identities = new RowIdentities();
  expect(identities.identify(book('Emma'), { column: 'id', value }).bookId).toBe(value);
  expect(identities.identify(book('Emma'), { column: 'recordid', value }).bookId).not.toBe(value);
});

it('ids stay what they are, or every file that was imported would be new again', () => {
  const identities = new RowIdentities();
  expect(identities.identify(book('Emma')).bookId).toBe('3ac7a2a1-849f-55eb-ba82-4ea8a9f63de7');
  expect(identities.identify(book('Emma'), { column: 'gutenbergid', value: '158' }).bookId).toBe(
    '02d2b91b-a024-5ac2-8ea2-f9c93b521a69',
  );
});

it('rows are told apart when there are very many', () => {
  const identities = new RowIdentities();
  const count = 5_000;
  const ids = new Set<string>();
  for (let n = 0; n < count; n++) ids.add(identities.identify(book(`Title ${n}`)).bookId);
  expect(ids.size).toBe(count);
  expect(identities.identify(book('Title 0'), undefined).bookId).toBe(secondOf('Title 0'));

  function secondOf(title: string): string {
    return idsOf([title, title]).get(title)![1]!;
  }
});
