import { type CreateBook, type ImportRefusal, schema } from '@shelfmark/contracts';
import { SchemaValidator } from '@shelfmark/event-sourcing';
import {
  type Columns,
  type ExternalId,
  type Repair,
  type RowFault,
  type Table,
  numberIn,
  plainName,
  plainText,
} from '@shelfmark/imports';
import { book } from '../book/book.js';
import { type Field, mapColumns } from './columns.js';
import { readIsbn } from './isbn-repair.js';

/** What a row says of a book. */
export type BookContent = Omit<CreateBook, 'bookId'>;

/** A book that the catalogue would take, and what another system calls it. */
export interface BookItem {
  readonly content: BookContent;
  readonly externalId?: ExternalId;
}

const validator = new SchemaValidator(schema);

/** A cell may hold anything, and reports are not to. */
const maxShownCharacters = 100;

/** Stands in until it is known which book it is; no rule depends on it. */
const anyBookId = '00000000-0000-0000-0000-000000000000';

/**
 * Books as a table has them. What people write in more than one way is brought into one form (NFC, single spaces, an ISBN-13), so that rows alike
 * have the same content.
 */
export const bookTable: Table<Field, BookItem> = {
  columns: (names) => mapColumns(names) ?? noTitleColumn(names),
  read: readBook,
};

function noTitleColumn(names: readonly string[]): ImportRefusal {
  const some = names.slice(0, 20).join(', ');
  return { code: 'NoTitleColumn', detail: `The first row names no column "title", but: ${some}.` };
}

function readBook(
  fields: readonly string[],
  { mapped }: Columns<Field>,
): { readonly item: BookItem; readonly repair?: Repair } | RowFault {
  const cellsOf = (field: Field) =>
    mapped
      .filter((column) => column.field === field)
      .map(({ name, index }) => ({ column: name, text: plainText(fields[index] ?? '') }));
  const text = (field: Field): string => cellsOf(field)[0]?.text ?? '';
  const [year, amount] = [numberIn(yearIn(text('year'))), numberIn(text('amount'))];
  const isbn = firstIsbn(
    cellsOf('isbn').flatMap(({ column, text }) => isbnsIn(text).map((each) => ({ column, text: each }))),
  );
  if (isbn?.fault !== undefined) return { reason: isbn.fault, column: isbn.column };
  const content = {
    ...(text('title') !== '' && { title: text('title') }),
    authors: listed(text('authors'), /;/),
    ...(isbn && { isbn: isbn.isbn }),
    // No language tag holds any of these.
    languages: listed(text('languages').replaceAll('_', '-'), /[/;,|]/),
    subjects: listed(text('subjects'), /;/),
    ...(year !== undefined && { year }),
    amount: amount ?? 1,
  };
  const refusal = refusalOf(content);
  if (refusal) {
    const column = mapped.find(({ field }) => field === refusal.field)?.name;
    return { reason: refusal.reason, ...(column !== undefined && { column }) };
  }
  const [id] = cellsOf('externalId');
  const externalId = id && id.text !== '' && { column: plainName(id.column), value: id.text };
  return {
    item: { content: content as BookContent, ...(externalId && { externalId }) },
    ...(isbn?.repair && { repair: isbn.repair }),
  };
}

/** Why the catalogue would not take a book, by the contract and by the book's own rules; neither depends on what is there. */
export function refusalOf(content: object): { readonly reason: string; readonly field?: string } | undefined {
  const command = { bookId: anyBookId, ...content };
  const [fault] = validator.validate('CreateBook', command);
  if (fault) return { reason: fault.message, field: fault.pointer.split('/')[1]! };
  const decision = book.decide.CreateBook(book.initial, command as CreateBook, context, {});
  if (!('rejection' in decision)) return undefined;
  const { code, detail = code } = decision.rejection;
  return { reason: detail, ...(code === 'InvalidIsbn' && { field: 'isbn' }) };
}

const context = { now: new Date(0), newId: () => anyBookId };

function listed(text: string, separator: RegExp): string[] {
  const parts = text.split(separator).map((part) => part.trim());
  return [...new Set(parts.filter((part) => part !== ''))];
}

/** The first ISBN that is one as it stands; else the first that can be repaired; else the first that cannot, and why. */
export function firstIsbn(cells: readonly { readonly column: string; readonly text: string }[]): IsbnCell | undefined {
  const found = cells.map(({ column, text }) => isbnCell(column, text));
  const whole = found.find((cell) => cell.fault === undefined && !cell.repair);
  return whole ?? found.find((cell) => cell.fault === undefined) ?? found[0];
}

type IsbnCell =
  | { readonly isbn: string; readonly repair?: Repair; readonly fault?: never }
  | { readonly fault: string; readonly column: string; readonly repair?: never };

function isbnCell(column: string, text: string): IsbnCell {
  const read = readIsbn(text);
  if ('fault' in read) return { ...read, column };
  const { isbn } = read;
  if (!('repair' in read)) return { isbn };
  const repaired = { from: text.slice(0, maxShownCharacters), to: isbn };
  return { isbn, repair: { column, reason: read.repair, repaired } };
}

/** A cell may hold several. The comma of 9,78043902348E+12 parts nothing. */
function isbnsIn(text: string): string[] {
  return listed(text, /[;|/]|,(?!\d*e\+?\d)/i);
}

/** A date tells the year, too: 2008-09-14, 14.9.2008, 9/14/2008. */
function yearIn(text: string): string {
  return /^(-?\d{4})-\d\d(?:-\d\d)?$/.exec(text)?.[1] ?? /^\d{1,2}([./])\d{1,2}\1(\d{4})$/.exec(text)?.[2] ?? text;
}
