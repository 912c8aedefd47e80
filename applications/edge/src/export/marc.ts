import { type BookRow, marcOfLanguage } from '@shelfmark/contracts';

/** Media types of records of MARC 21: in ISO 2709, and in XML. */
export const [marc, marcXml] = ['application/marc', 'application/marcxml+xml'];

/** Has no subfields when it is a control field. */
interface Field {
  readonly tag: string;
  readonly indicators: string;
  readonly subfields: readonly (readonly [code: string, value: string])[];
}

const maxRecordBytes = 99_999;
const leaderBytes = 24;
const entryBytes = 12;
const [recordEnd, fieldEnd, delimiter] = ['\x1d', '\x1e', '\x1f'];

/** What stands before the first record, and after the last. */
export const marcXmlFrame = {
  heading: '<?xml version="1.0" encoding="UTF-8"?>\n<collection xmlns="http://www.loc.gov/MARC21/slim">\n',
  ending: '</collection>\n',
};

/**
 * A book as a record in ISO 2709, in UTF-8. There a record has at most 99,999 bytes: subjects that would make it longer are left out, the last
 * ones first.
 */
export function marcRecord(book: BookRow): string {
  for (let subjects = book.subjects; ; subjects = subjects.slice(0, -1)) {
    const record = isoRecord(fieldsOf({ ...book, subjects }));
    if (Buffer.byteLength(record) <= maxRecordBytes || subjects.length === 0) return record;
  }
}

function isoRecord(fields: readonly Field[]): string {
  let directory = '';
  let content = '';
  let bytes = 0;
  for (const { tag, indicators, subfields } of fields) {
    const field = indicators + subfields.map(([code, value]) => (code && delimiter + code) + value).join('') + fieldEnd;
    const length = Buffer.byteLength(field);
    directory += `${tag}${padded(length, 4)}${padded(bytes, 5)}`;
    content += field;
    bytes += length;
  }
  const base = leaderBytes + fields.length * entryBytes + 1;
  return `${leaderOf(base + bytes + 1, base)}${directory}${fieldEnd}${content}${recordEnd}`;
}

/** A book as a record in MARCXML, of any length. */
export function marcXmlRecord(book: BookRow): string {
  const fields = fieldsOf(book).map(({ tag, indicators, subfields }) => {
    if (indicators === '') return `<controlfield tag="${tag}">${escaped(subfields[0]![1])}</controlfield>`;
    const parts = subfields.map(([code, value]) => `<subfield code="${code}">${escaped(value)}</subfield>`);
    return `<datafield tag="${tag}" ind1="${indicators[0]}" ind2="${indicators[1]}">${parts.join('')}</datafield>`;
  });
  return `<record><leader>${leaderOf(0, 0)}</leader>${fields.join('')}</record>\n`;
}

/** A printed book, described in full, in UTF-8. */
function leaderOf(bytes: number, base: number): string {
  return `${padded(bytes, 5)}nam a22${padded(base, 5)} u 4500`;
}

function fieldsOf(book: BookRow): Field[] {
  const { id, updatedAt, isbn, languages, title, authors, subjects, year, amount } = book;
  const [first, ...others] = authors;
  return [
    control('001', id),
    control('003', 'Shelfmark'),
    control('005', `${new Date(updatedAt).toISOString().replace(/\D/g, '').slice(0, 14)}.0`),
    control('008', fixedData(book)),
    ...(isbn === null ? [] : [data('020', '  ', ['a', isbn])]),
    ...languageFields(languages),
    ...(first === undefined ? [] : [data('100', '1 ', ['a', first])]),
    data('245', `${first === undefined ? 0 : 1}0`, ['a', title]),
    ...(year === null ? [] : [data('264', ' 1', ['c', String(year)])]),
    ...subjects.map((subject) => data('650', ' 4', ...subjectParts(subject))),
    ...others.map((author) => data('700', '1 ', ['a', author])),
    // MARC has no field for how many copies there are; this one is a local one.
    data('901', '  ', ['c', String(amount)]),
  ];
}

/** Field 008: when it was entered, the year, and the language. */
function fixedData({ createdAt, year, languages }: BookRow): string {
  const entered = new Date(createdAt).toISOString().slice(2, 10).replaceAll('-', '');
  const date = year !== null && year > 0 ? `s${padded(year, 4)}    ` : 'nuuuuuuuu';
  const language = languages.length === 0 ? 'und' : (marcOfLanguage(languages[0]!) ?? 'und');
  return `${entered}${date}xx ${' '.repeat(17)}${language} d`;
}

/** By MARC's codes where they say it all; else also as BCP 47 has them, which whoever reads the field prefers. */
function languageFields(languages: readonly string[]): Field[] {
  const codes = languages.flatMap((language) => marcOfLanguage(language) ?? []);
  const isAll = codes.length === languages.length;
  return [
    ...(codes.length > 1 ? [data('041', '  ', ...codes.map((code) => ['a', code] as const))] : []),
    ...(isAll ? [] : [data('041', ' 7', ...languages.map((tag) => ['a', tag] as const), ['2', 'rfc5646'])]),
  ];
}

/** `Whales -- Fiction` is a heading and a subdivision. */
function subjectParts(subject: string): (readonly [string, string])[] {
  const [heading = '', ...subdivisions] = subject.split(' -- ');
  return [['a', heading], ...subdivisions.map((part) => ['x', part] as const)];
}

function control(tag: string, value: string): Field {
  return { tag, indicators: '', subfields: [['', value]] };
}

function data(tag: string, indicators: string, ...subfields: Field['subfields']): Field {
  return { tag, indicators, subfields: subfields.map(([code, value]) => [code, printable(value)]) };
}

/** Control characters part fields in one form, and XML has hardly any of them. */
function printable(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\0-\x1f\ufffe\uffff]/g, ' ');
}

function padded(number: number, digits: number): string {
  return String(number).padStart(digits, '0');
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => entities[character]!);
}
