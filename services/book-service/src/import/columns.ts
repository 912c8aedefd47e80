import { type Columns, type MappedColumn, bookIdColumns, plainName } from '@shelfmark/imports';

/** What a column can hold. */
export type Field = keyof typeof aliases;

/** What columns are called, each name in lower case and without spaces and the like; of two for one field, the first here is taken. */
const aliases = {
  title: ['title', 'booktitle'],
  authors: ['authors', 'author', 'authorname', 'creators', 'creator'],
  isbn: ['isbn13', 'isbn', 'isbn10'],
  languages: ['languages', 'language', 'languagecode', 'lang'],
  subjects: ['subjects', 'subject', 'genres', 'genre', 'categories', 'category'],
  year: ['year', 'published', 'yearpublished', 'publicationyear', 'originalpublicationyear', 'publicationdate'],
  amount: ['amount', 'copies', 'quantity'],
  externalId: bookIdColumns,
};

/** @returns nothing where no column holds titles */
export function mapColumns(names: readonly string[]): Columns<Field> | undefined {
  const plain = names.map(plainName);
  const mapped: MappedColumn<Field>[] = [];
  for (const [field, known] of Object.entries(aliases) as [Field, string[]][]) {
    const found = known.map((alias) => plain.indexOf(alias)).filter((index) => index >= 0);
    // A book has an ISBN-13 and an ISBN-10, and a table may have lost either.
    const taken = field === 'isbn' ? found : found.slice(0, 1);
    for (const index of taken) mapped.push({ name: names[index]!, field, index });
  }
  if (!mapped.some(({ field }) => field === 'title')) return undefined;
  return { mapped, ignored: names.filter((_name, index) => !mapped.some((column) => column.index === index)) };
}
