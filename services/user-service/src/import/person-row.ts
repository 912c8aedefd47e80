import { type RegisterUser, schema } from '@shelfmark/contracts';
import { SchemaValidator } from '@shelfmark/event-sourcing';
import {
  type Columns,
  type ExternalId,
  type RowFault,
  type Table,
  numberIn,
  personIdColumns,
  plainName,
  plainText,
} from '@shelfmark/imports';

/** What a row says of a person. */
export type Person = Omit<RegisterUser, 'userId'>;

/** Somebody who could be registered, and what another system calls them. */
export interface PersonItem {
  readonly person: Person;
  readonly externalId?: ExternalId;
}

/** What a column can hold, and what it is called: each name in lower case and without spaces and the like; of two for one field, the first here is taken. */
const aliases = {
  name: ['name', 'fullname', 'username', 'displayname', 'patronname', 'borrowername'],
  email: ['email', 'emailaddress', 'mail'],
  rentLimit: ['rentlimit', 'limit', 'loanlimit'],
  externalId: personIdColumns,
};

type Field = keyof typeof aliases;

const validator = new SchemaValidator(schema);

/** Stands in until it is known who it is; no rule depends on it. */
const anyUserId = '00000000-0000-0000-0000-000000000000';

/** People as a table has them. What it says of a row that it refuses holds nothing of the row itself: reports are no place for addresses. */
export const peopleTable: Table<Field, PersonItem> = {
  columns: (names) => {
    const columns = mapColumns(names);
    const missing = (['name', 'email'] as const).filter(
      (field) => !columns.mapped.some((column) => column.field === field),
    );
    if (missing.length === 0) return columns;
    // What stands there instead may be a person.
    return {
      code: 'MissingColumns',
      detail: `The first row names no column ${missing.map((name) => `"${name}"`).join(' and no ')}.`,
    };
  },
  read: readPerson,
};

function mapColumns(names: readonly string[]): Columns<Field> {
  const plain = names.map(plainName);
  const mapped = (Object.entries(aliases) as [Field, string[]][]).flatMap(([field, known]) => {
    const index = known.map((alias) => plain.indexOf(alias)).find((found) => found >= 0);
    return index === undefined ? [] : [{ name: names[index]!, field, index }];
  });
  return { mapped, ignored: names.filter((_name, index) => !mapped.some((column) => column.index === index)) };
}

function readPerson(fields: readonly string[], { mapped }: Columns<Field>): { readonly item: PersonItem } | RowFault {
  const column = (field: Field) => mapped.find((candidate) => candidate.field === field);
  const text = (field: Field): string => plainText(fields[column(field)?.index ?? -1] ?? '');
  const rentLimit = numberIn(text('rentLimit'));
  const person = {
    ...(text('name') !== '' && { name: text('name') }),
    ...(text('email') !== '' && { email: text('email') }),
    ...(rentLimit !== undefined && { rentLimit }),
  };
  const [fault] = validator.validate('RegisterUser', { userId: anyUserId, ...person });
  if (fault) {
    const name = mapped.find(({ field }) => `/${field}` === fault.pointer)?.name;
    return { reason: fault.message, ...(name !== undefined && { column: name }) };
  }
  const [id, value] = [column('externalId'), text('externalId')];
  return {
    item: {
      person: person as Person,
      ...(id && value !== '' && { externalId: { column: plainName(id.name), value } }),
    },
  };
}
