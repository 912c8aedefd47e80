import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Places, formatEventId, formatPlace, maxEventIdLength, parseEventId } from './event-id.js';

const word = fc.stringMatching(/^[a-z]{1,10}$/);
const feed = fc.tuple(word, word).map(([view, source]) => `${view}-${source}`);
const place = fc.record({
  log: fc.stringMatching(/^[0-9a-f]{8}$/),
  generation: fc.nat({ max: 999_999_999_999_999 }),
  position: fc.bigInt({ min: 0n, max: 10n ** 18n - 1n }),
  sequence: fc.nat({ max: 999_999_999_999_999 }),
});

const format = (places: Places): string => formatEventId([...places].map(([name, at]) => formatPlace(name, at)));

describe('the id of a message', () => {
  it('is read as it was written, and needs no escaping in a query', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(feed, fc.option(place, { nil: undefined })), {
          selector: ([name]) => name,
          minLength: 1,
          maxLength: 8,
        }),
        (entries) => {
          const id = format(new Map(entries));
          expect(parseEventId(id)).toEqual(new Map(entries));
          expect(encodeURIComponent(id)).toBe(id);
          expect(id.length).toBeLessThanOrEqual(maxEventIdLength);
        },
      ),
    );
  });

  it.each([
    [''],
    ['17'],
    ['books-book.'],
    ['books-book.1f3a9c2b'],
    ['books-book.1f3a9c2b.1.2'],
    ['books-book.1f3a9c2b.1.-2.3'],
    ['books-book.1f3a9c2b.1.2.3_'],
    ['books-book.1f3a9c2b.1.2.3\n'],
    ['books-book_books-book'],
    ['books-book.1f3a9c2b.1.9999999999999999999.3'],
    [Array.from({ length: 200 }, (_, index) => `a-${'b'.repeat(index + 1)}`).join('_')],
  ])('is not %j', (id) => {
    expect(parseEventId(id)).toBeUndefined();
  });
});
