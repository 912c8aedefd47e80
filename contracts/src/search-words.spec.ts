import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldedWords, foldText, indexedWords, queriedWords } from './search-words.js';

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom(...'ÀéßŁıİΣςñЙёがパク한 ीपิ語’\'-"ﬁＡ½\u00ad\u0301\u0640'), fc.constant(' ')),
});
const unicode = fc.oneof(anyText, fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));

describe('a folded text', () => {
  it.each([
    ['Émile ZOLA', 'emile zola'],
    ['Łódź, Øre, Straße, Œuvre, Þór', 'lodz, ore, strasse, oeuvre, thor'],
    ['Ὀδύσσεια ΛΌΓΟΣ', 'οδυσσεια λογοσ'],
    ['Достоевский, Алёна', 'достоевскии, алена'],
    ['Ｆｕｌｌ ﬁrst', 'full first'],
    ['İstanbul ILIK', 'istanbul ilik'],
    ['קָדוֹשׁ سَلَام', 'קדוש سلام'],
    ['がっこう', 'がっこう'],
    ['co\u00adoperate', 'cooperate'],
  ])('%s is %s', (text, folded) => {
    expect(foldText(text)).toBe(folded);
  });

  it('is the same for every way to write it, and does not change when it is folded again', () => {
    fc.assert(
      fc.property(unicode, (text) => {
        const folded = foldText(text);
        for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD']) expect(foldText(text.normalize(form))).toBe(folded);
        expect(foldText(folded)).toBe(folded);
      }),
      { numRuns: 1_000 },
    );
  });

  it('knows no case', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'abcéßøłzñαβγσάωабвёйяіїҐDŽǅǆıi ') });
    fc.assert(
      fc.property(letters, (text) => {
        expect(foldText(text.toUpperCase())).toBe(foldText(text));
        expect(foldText(text.toLowerCase())).toBe(foldText(text));
      }),
    );
  });
});

describe('words', () => {
  it.each([
    ["Gulliver’s Travels, don't!", ['gullivers', 'travels', 'dont']],
    ["L'Assommoir d'Artagnan", ['l', 'assommoir', 'd', 'artagnan']],
    ['AC/DC: "Rock" (1980)', ['ac', 'dc', 'rock', '1980']],
    ['हिन्दी की', ['हिन्दी', 'की']],
    ['紅樓夢 III', ['紅樓', '樓夢', '夢', 'iii']],
    ['The the', ['the']],
    ['?!', []],
  ])('of %s', (text, words) => {
    expect(indexedWords(text)).toEqual(words);
  });

  it('of a query for Chinese are the pairs that the text must have, or the beginning of one', () => {
    expect(queriedWords('樓夢')).toEqual(['樓夢']);
    expect(queriedWords('樓')).toEqual(['樓']);
  });

  it('keep a title in one piece for the comparison of beginnings', () => {
    expect(foldedWords('  「紅樓夢」: The  Dream ')).toBe('紅樓夢 the dream');
  });

  const finds = (query: string, text: string): boolean => {
    const indexed = indexedWords(text);
    return queriedWords(query).every((word) => indexed.some((other) => other.startsWith(word)));
  };

  it('of every part of a text in Chinese or Japanese find it', () => {
    const text = fc.array(fc.constantFrom(...'紅樓夢三國演義源氏物語がぎー𠮷'), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(), (characters, a, b) => {
        const [from, to] = [a % characters.length, b % characters.length].sort((x, y) => x - y) as [number, number];
        expect(finds(characters.slice(from, to + 1).join(''), characters.join(''))).toBe(true);
      }),
    );
  });

  it('of every text find it, also when only its beginning is typed', () => {
    fc.assert(
      fc.property(unicode, fc.nat(), (text, length) => {
        expect(finds(text, text)).toBe(true);
        const words = foldedWords(text);
        const typed = Array.from(words)
          .slice(0, length % (words.length + 1))
          .join('');
        expect(finds(typed, words)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('hold nothing that means something to an index or a query, and are short', () => {
    fc.assert(
      fc.property(unicode, (text) => {
        for (const word of indexedWords(text)) {
          expect(word).toMatch(/^[\p{L}\p{M}\p{N}]+$/u);
          expect(Array.from(word).length).toBeLessThanOrEqual(40);
        }
      }),
    );
    expect(indexedWords('x'.repeat(2_000))).toEqual(['x'.repeat(40)]);
  });
});
