import { v5 as uuidv5 } from 'uuid';

/** What another system calls something. Two systems may call theirs alike, so the column's name is a part of it. */
export interface ExternalId {
  /** Its plain name. */
  readonly column: string;
  readonly value: string;
}

/** What columns with a book's id are called; of two, the first here is taken. */
export const bookIdColumns = ['externalid', 'gutenbergid', 'bookid', 'recordid', 'id'];

/** What columns with a person's id are called. */
export const personIdColumns = ['externalid', 'memberid', 'patronid', 'borrowernumber', 'cardnumber', 'userid', 'id'];

/** The namespaces of the ids that rows give; with other ones, every file would be new again. */
export const bookNamespace = '0e7f6d3c-52a4-5b8e-8c19-7d1f0a94b6e2';
const personNamespace = 'b7c1f7be-3f0b-5d8c-9c55-0d6a4f2b8e13';

export function bookIdOf(id: ExternalId): string {
  return ownId(id) ?? uuidv5(nameOf(id), bookNamespace);
}

export function personIdOf(id: ExternalId): string {
  return ownId(id) ?? uuidv5(nameOf(id), personNamespace);
}

function nameOf({ column, value }: ExternalId): string {
  return JSON.stringify(['id', column, value]);
}

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of something in an export of ours: back in its library, or in another one, it is the same. */
function ownId({ column, value }: ExternalId): string | undefined {
  return column === 'id' && uuid.test(value) ? value : undefined;
}
