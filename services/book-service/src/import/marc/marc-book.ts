import { languageOfMarc } from '@shelfmark/contracts';
import { type Row, plainText } from '@shelfmark/imports';
import { type BookContent, type BookItem, firstIsbn, refusalOf } from '../book-row.js';
import type { MarcField, MarcRecord, NumberedRecord } from './marc-record.js';

/** What an export of ours calls itself in field 003: its ids are those of our books, and its texts are as we have them. */
const shelfmark = 'Shelfmark';

/** The fields at fault, by what they are to a book. */
const tagOf: Readonly<Record<string, string>> = {
  title: '245',
  authors: '100',
  isbn: '020',
  languages: '041',
  subjects: '650',
  year: '264',
  amount: '901',
};

/** Reads a record as a book, by "MARC 21 Format for Bibliographic Data". */
export function readMarcBook({ record, ...read }: NumberedRecord): Row<BookItem> {
  if ('damage' in read) {
    const { damage, tag } = read;
    return { record, reason: damage, ...(tag !== undefined && { column: tag }) };
  }
  const { marc } = read;
  const kind = refusedKind(marc.leader);
  if (kind !== undefined) return { record, reason: kind };
  const isOurs = control(marc, '003') === shelfmark;
  const cells = values(marc, '020', 'a').map((text) => ({
    column: '020',
    text: plainText(text).replace(/[\s:;,]+$/, ''),
  }));
  const isbn = firstIsbn(cells.filter(({ text }) => text !== ''));
  if (isbn?.fault !== undefined) return { record, reason: isbn.fault, column: isbn.column };

  const trim = isOurs ? plainText : withoutPunctuation;
  const [title, year] = [trim(joined(marc, '245', 'abnp')), yearOf(marc, isOurs)];
  const content = {
    ...(title !== '' && { title }),
    authors: distinct(authorsOf(marc).map(trim)),
    ...(isbn && { isbn: isbn.isbn }),
    languages: distinct(languagesOf(marc)),
    subjects: distinct(subjectsOf(marc, trim)),
    ...(year !== undefined && { year }),
    amount: amountOf(marc, isOurs),
  };
  const refusal = refusalOf(content);
  if (refusal) {
    const column = refusal.field === undefined ? undefined : tagOf[refusal.field];
    return { record, reason: refusal.reason, ...(column !== undefined && { column }) };
  }
  const value = plainText(control(marc, '001'));
  const column = isOurs ? 'id' : `001 ${plainText(control(marc, '003'))}`.trim();
  return {
    record,
    item: { content: content as BookContent, ...(value !== '' && { externalId: { column, value } }) },
    ...(isbn?.repair && { repair: isbn.repair }),
  };
}

/** Files hold other records too: of names and subjects, of copies, and of books that are to be taken out. */
function refusedKind(leader: string): string | undefined {
  if (/[qz]/.test(leader[6] ?? '')) return 'it is no record of a book, but of a name or a subject';
  if (/[uvxy]/.test(leader[6] ?? '')) return 'it is no record of a book, but of its copies';
  return leader[5] === 'd' ? 'it says that the book was deleted' : undefined;
}

function fields({ fields: all }: MarcRecord, ...tags: readonly string[]): MarcField[] {
  return all.filter(({ tag }) => tags.includes(tag));
}

function control(record: MarcRecord, tag: string): string {
  return fields(record, tag)[0]?.subfields[0]?.value ?? '';
}

function parts(field: MarcField, codes: string): string[] {
  return field.subfields.filter(({ code }) => code !== '' && codes.includes(code)).map(({ value }) => value);
}

function values(record: MarcRecord, tag: string, codes: string): string[] {
  return fields(record, tag).flatMap((field) => parts(field, codes));
}

/** Subfields of the first such field, in their order. */
function joined(record: MarcRecord, tag: string, codes: string): string {
  const [field] = fields(record, tag);
  return field ? parts(field, codes).map(plainText).join(' ') : '';
}

function authorsOf(record: MarcRecord): string[] {
  // A work that a book holds, or that it is about, is no author of it.
  const names = fields(record, '100', '110', '700').filter((field) => parts(field, 't').length === 0);
  return names.map((field) => parts(field, field.tag === '110' ? 'ab' : 'abc').join(' '));
}

/** Headings with their subdivisions, as catalogues show them: `Whales -- Fiction`. */
function subjectsOf(record: MarcRecord, trim: (text: string) => string): string[] {
  return fields(record, '600', '650', '651').map((field) => {
    const heading = parts(field, field.tag === '600' ? 'abcdt' : 'ab').join(' ');
    return [heading, ...parts(field, 'vxyz')]
      .map(trim)
      .filter((part) => part !== '')
      .join(' -- ');
  });
}

/** Field 041, which can say several and, with their source, tags of BCP 47; else what 008 says. */
function languagesOf(record: MarcRecord): string[] {
  const coded = fields(record, '041');
  const tags = coded.filter((field) => field.indicator2 === '7' && /^rfc\d+$/.test(parts(field, '2')[0] ?? ''));
  if (tags.length > 0) return tags.flatMap((field) => parts(field, 'a')).map(plainText);
  const codes = coded
    .filter(({ indicator2 }) => indicator2 !== '7')
    .flatMap((field) => parts(field, 'a'))
    // Several in one subfield is how it was done until 2001.
    .flatMap(
      (text) =>
        plainText(text)
          .toLowerCase()
          .match(/.{1,3}/g) ?? [],
    );
  const all = codes.length > 0 ? codes : [control(record, '008').slice(35, 38)];
  return all.flatMap((code) => languageOfMarc(code) ?? []);
}

/** The year that 008 says, where the statement of publication says it too; else the first that it says; else what 008 says alone. */
function yearOf(record: MarcRecord, isOurs: boolean): number | undefined {
  const [statement = ''] = [
    ...fields(record, '264').filter(({ indicator2 }) => indicator2 === '1'),
    ...fields(record, '260'),
  ].flatMap((field) => parts(field, 'c'));
  if (isOurs && /^-?\d{1,4}$/.test(statement)) return Number(statement);
  const stated: readonly string[] = statement.match(/(?<!\d)\d{4}(?!\d)/g) ?? [];
  const coded = /^\d{4}$/.exec(control(record, '008').slice(7, 11))?.[0];
  const year = coded !== undefined && stated.includes(coded) ? coded : (stated[0] ?? coded);
  // 9999 is what 008 says of a year that is yet to come.
  return year === undefined || year === '9999' || Number(year) === 0 ? undefined : Number(year);
}

/** How many items the record has: in our field; else each 952 (as Koha has it) or 852 is one. */
function amountOf(record: MarcRecord, isOurs: boolean): number {
  const [own] = isOurs ? values(record, '901', 'c') : [];
  if (own !== undefined && /^\d{1,5}$/.test(own)) return Number(own);
  return fields(record, '952').length || fields(record, '852').length || 1;
}

/**
 * Without what ISBD puts between the parts of a description. A full stop is taken away where three letters or two digits are before it, so that initials and short
 * abbreviations keep theirs; as traject's `trim_punctuation` does it.
 */
function withoutPunctuation(text: string): string {
  const bare = plainText(text).replace(/(?:\s*[/:;,=])+$/, '');
  return bare
    .replace(/(?<=\p{L}\p{M}*\p{L}\p{M}*\p{L}\p{M}*|\d\d)\.$/u, '')
    .replace(/^\[([^[\]]*)\]$/, '$1')
    .trim();
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts.filter((text) => text !== ''))];
}
