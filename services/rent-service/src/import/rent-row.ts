import type { ImportRefusal } from '@shelfmark/contracts';
import {
  type Columns,
  type ExternalId,
  type RowFault,
  type Table,
  bookIdColumns,
  personIdColumns,
  plainName,
  plainText,
} from '@shelfmark/imports';

/** A copy that is out: what the file calls the book and who has it, and until when. */
export interface RentItem {
  readonly book: ExternalId;
  readonly person: { readonly email: string } | ExternalId;
  readonly dueOn: string;
  readonly rentedOn?: string;
}

/** What columns are called, each name in lower case and without spaces and the like; of two for one field, the first here is taken. */
const aliases = {
  book: bookIdColumns.filter((name) => name !== 'id'),
  email: ['email', 'emailaddress', 'mail'],
  // An id that says no more is the rent's own.
  person: personIdColumns.filter((name) => name !== 'id' && name !== 'externalid'),
  dueOn: ['dueon', 'duedate', 'datedue', 'due'],
  rentedOn: ['rentedon', 'rentedat', 'rented', 'issuedate', 'checkoutdate', 'loandate'],
  state: ['state', 'status'],
};

type Field = keyof typeof aliases;

/** Open rents as a table has them. Of a row that is refused nothing is repeated: reports are no place for addresses. */
export const rentTable: Table<Field, RentItem> = {
  columns: (names) => mapColumns(names) ?? missingColumns,
  read: readRent,
};

const missingColumns: ImportRefusal = {
  code: 'MissingColumns',
  detail:
    'The first row names no column of books ("book_id"), of people ("email" or "user_id"), or of due days ("due_date").',
};

function mapColumns(names: readonly string[]): Columns<Field> | undefined {
  const plain = names.map(plainName);
  const mapped = (Object.entries(aliases) as [Field, string[]][]).flatMap(([field, known]) => {
    const index = known.map((alias) => plain.indexOf(alias)).find((found) => found >= 0);
    return index === undefined ? [] : [{ name: names[index]!, field, index }];
  });
  const has = (field: Field) => mapped.some((column) => column.field === field);
  if (!has('book') || !has('dueOn') || !(has('email') || has('person'))) return undefined;
  return { mapped, ignored: names.filter((_name, index) => !mapped.some((column) => column.index === index)) };
}

function readRent(fields: readonly string[], { mapped }: Columns<Field>): { readonly item: RentItem } | RowFault {
  const cell = (field: Field) => {
    const column = mapped.find((candidate) => candidate.field === field);
    return { name: column?.name, text: plainText(fields[column?.index ?? -1] ?? '') };
  };
  const fault = (field: Field, reason: string): RowFault => {
    const { name } = cell(field);
    return { reason, ...(name !== undefined && { column: name }) };
  };
  const [book, email, person] = [cell('book'), cell('email'), cell('person')];
  const state = cell('state').text.toLowerCase();
  if (state !== '' && state !== 'open') return fault('state', 'only what is open can be taken over');
  if (book.text === '') return fault('book', 'is missing');
  if (email.text === '' && person.text === '')
    return fault(email.name === undefined ? 'person' : 'email', 'is missing');
  const [dueOn, rentedOn] = [dayOf(cell('dueOn').text), dayOf(cell('rentedOn').text)];
  if (dueOn === undefined) return fault('dueOn', notADay);
  if (rentedOn === undefined && cell('rentedOn').text !== '') return fault('rentedOn', notADay);
  return {
    item: {
      book: { column: plainName(book.name!), value: book.text },
      person: email.text === '' ? { column: plainName(person.name!), value: person.text } : { email: email.text },
      dueOn,
      ...(rentedOn !== undefined && { rentedOn }),
    },
  };
}

const notADay = 'is no day such as 2026-01-31 or 31.1.2026';

/** 1/2/2026 is another day in every country, so it is none. */
function dayOf(text: string): string | undefined {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)(?:$|[T ])/.exec(text) ?? germanDay(text);
  if (year === undefined) return undefined;
  const iso = `${year}-${month}-${day}`;
  const time = Date.parse(`${iso}T00:00:00Z`);
  return Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== iso ? undefined : iso;
}

function germanDay(text: string): readonly string[] {
  const [, day, month, year] = /^(\d{1,2})\.(\d{1,2})\.(\d{4})$/.exec(text) ?? [];
  return year === undefined ? [] : ['', year, month!.padStart(2, '0'), day!.padStart(2, '0')];
}
