/**
 * What a search compares: the text without case, accents and invisible characters, in compatible forms (`ﬁ` is `fi`, `Ａ` is `a`).
 * The books view is filled with it and the edge asks with it, so it lives here: the two must never differ.
 * Hangul comes apart into its letters, so that a syllable that is only half typed is the beginning of a whole one.
 */
export function foldText(text: string): string {
  // Most titles are plain, and a view is filled with millions of them.
  if (isAscii.test(text)) return text.toLowerCase();
  return text
    .normalize('NFKD')
    .toLowerCase()
    .normalize('NFKD')
    .replace(ignored, '')
    .replace(voicedKana, (kana) => kana.normalize('NFC'))
    .replace(undecomposed, (letter) => plain[letter]!);
}

/** The folded text as words with one blank between them: what the beginning of a title is compared with. */
export function foldedWords(text: string): string {
  return wordsOf(text).join(' ');
}

/**
 * The words under which a text is found, each once. Scripts that put no blanks between words (Chinese, Japanese, Thai, …)
 * give each two neighbouring characters, and the last one alone: whatever is in such a text is found from any place in it.
 */
export function indexedWords(text: string): string[] {
  return distinct(wordsOf(text), (run) => [...pairs(run), run.at(-1)!]);
}

/** The words that a text must have to be found by this query, each at least as the beginning of one of {@link indexedWords}. */
export function queriedWords(query: string): string[] {
  return distinct(wordsOf(query), (run) => (run.length === 1 ? run : pairs(run)));
}

// eslint-disable-next-line no-control-regex -- all of ASCII is meant
const isAscii = /^[\x00-\x7f]*$/;

/** A text gives at most so many words to an index; a title cannot have more. */
const maxWords = 2_000;
/** Of a longer word only the beginning counts: an index refuses what is longer than its pages. */
const maxWordCharacters = 40;

// Accents of Latin, Greek and Cyrillic, the vowel points of Hebrew and Arabic, what is invisible (a soft hyphen, a joiner) and what
// only stretches a word. The vowel signs of Indic and South-East Asian scripts stay, without which words are others, and so
// do the two marks that make another kana.
const ignored =
  /(?![\u3099\u309a])(?=\p{Mn})[\p{Script=Inherited}\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}]|\p{Cf}|\u0640/gu;
const voicedKana = /[\u3040-\u30ff][\u3099\u309a]/gu;

/** Letters that readers type without their accent although Unicode does not take it off, and a sigma at the end. */
const plain: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  ŋ: 'n',
  ς: 'σ',
};
const undecomposed = new RegExp(`[${Object.keys(plain).join('')}]`, 'gu');

// Most readers leave the apostrophe of "Gulliver's" and "don't" out. Others part words, as in "L'Assommoir".
const apostrophe = /['’‘ʼʻ`′]/gu;
const joiningApostrophe = /(?<=\p{L})'(?=(?:s|t|d|m|ll|re|ve|i)(?![\p{L}\p{M}\p{N}]))/gu;
const wordPattern = /[\p{L}\p{M}\p{N}]+/gu;
const asciiWordPattern = /[a-z0-9]+/g;
const withoutBlanks = String.raw`[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]`;
const scriptRuns = new RegExp(`${withoutBlanks}+|(?:(?!${withoutBlanks}).)+`, 'gu');
const hasWithoutBlanks = new RegExp(withoutBlanks, 'u');

function wordsOf(text: string): readonly string[] {
  const folded = isAscii.test(text) ? text.toLowerCase() : foldText(text).replace(apostrophe, "'");
  const joined = folded.includes("'") ? folded.replace(joiningApostrophe, '') : folded;
  return joined.match(isAscii.test(joined) ? asciiWordPattern : wordPattern) ?? [];
}

/** @param cut what becomes of a run of characters that is not parted into words */
function distinct(words: readonly string[], cut: (run: string[]) => string[]): string[] {
  const found = new Set<string>();
  for (const word of words) {
    if (isAscii.test(word) || !hasWithoutBlanks.test(word)) {
      found.add(firstCharacters(word));
      continue;
    }
    for (const run of word.match(scriptRuns)!) {
      if (hasWithoutBlanks.test(run)) for (const piece of cut(Array.from(run))) found.add(piece);
      else found.add(firstCharacters(run));
    }
  }
  return found.size <= maxWords ? [...found] : [...found].slice(0, maxWords);
}

function firstCharacters(word: string): string {
  return word.length <= maxWordCharacters ? word : Array.from(word).slice(0, maxWordCharacters).join('');
}

function pairs(run: readonly string[]): string[] {
  return run.slice(1).map((character, index) => run[index]! + character);
}
