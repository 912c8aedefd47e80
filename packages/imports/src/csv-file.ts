import type { FileFormat, ImportColumn, ImportRefusal } from '@shelfmark/contracts';
import { type CsvHead, lineEndIn, readHead } from './csv-head.js';
import { CsvRecords, type CsvRecord } from './csv-records.js';
import { type Encoding, decodeHead, detectEncoding, headOf, readText } from './encoding.js';
import type { Repair, Row, RowFault, RowFile, Rows } from './imported-kind.js';

/** Where in a row each field is. */
export interface Columns<Field extends string> {
  readonly mapped: readonly MappedColumn<Field>[];
  /** The names of those that mean nothing here. */
  readonly ignored: readonly string[];
}

export interface MappedColumn<Field extends string> extends ImportColumn {
  readonly field: Field;
  readonly index: number;
}

/** What a table can hold, and how its rows are read. */
export interface Table<Field extends string, Item> {
  /** By the names in the first row. @returns why these are none of it */
  columns(names: readonly string[]): Columns<Field> | ImportRefusal;
  /** Makes something of the fields of a row, of which at least one is not blank. */
  read(
    fields: readonly string[],
    columns: Columns<Field>,
  ): { readonly item: Item; readonly repair?: Repair } | RowFault;
}

/** Stands for bytes that are not in the encoding. */
const broken = '\ufffd';

/** A CSV file. */
export class CsvFile<Field extends string, Item> implements RowFile<Item> {
  private constructor(
    private readonly path: string,
    private readonly table: Table<Field, Item>,
    private readonly encoding: Encoding,
    private readonly head: CsvHead,
    private readonly columns: Columns<Field>,
    private readonly lineEnd: RegExp,
  ) {}

  /** @returns nothing where the file has none of the columns that it needs @throws what `open` throws where there is no such file */
  static async open<Field extends string, Item>(
    path: string,
    table: Table<Field, Item>,
  ): Promise<CsvFile<Field, Item> | undefined> {
    const encoding = await detectEncoding(path);
    const text = decodeHead(await headOf(path), encoding);
    const head = readHead(text, true);
    if (!head || 'fault' in head) return undefined;
    const columns = table.columns(head.names);
    return 'code' in columns ? undefined : new CsvFile(path, table, encoding, head, columns, lineEndIn(text));
  }

  get format(): FileFormat {
    return {
      type: 'csv',
      encoding: this.encoding,
      delimiter: this.head.delimiter,
      columns: this.columns.mapped.map(({ name, field }) => ({ name, field })),
      ignoredColumns: [...this.columns.ignored],
    };
  }

  async *rows(): AsyncGenerator<Rows<Item>> {
    const records = new CsvRecords(this.head, this.lineEnd);
    let bytes = 0;
    for await (const piece of readText(this.path, this.encoding)) {
      bytes = piece.bytes;
      yield { rows: this.#rows(records.push(piece.text)), bytes };
    }
    yield { rows: this.#rows(records.end()), bytes };
  }

  #rows(records: readonly CsvRecord[]): Row<Item>[] {
    return records
      .map((record) => readRow(record, this.table, this.columns, this.head.names.length))
      .filter((row) => row !== undefined);
  }
}

/** Why a table is not imported, as far as the beginning of its file tells. */
export function refusalOfCsv<Field extends string, Item>(
  table: Table<Field, Item>,
  head: Uint8Array,
  isWhole: boolean,
): ImportRefusal | undefined {
  const read = readHead(decodeHead(head), isWhole);
  if (!read) return undefined;
  const found = 'fault' in read ? { code: 'NoTitleColumn' as const, detail: read.fault } : table.columns(read.names);
  return 'code' in found ? found : undefined;
}

/** @returns nothing for a row that is blank */
export function readRow<Field extends string, Item>(
  record: CsvRecord,
  table: Table<Field, Item>,
  columns: Columns<Field>,
  width: number,
): Row<Item> | undefined {
  const { line } = record;
  if ('damage' in record) return { line, reason: record.damage };
  const { fields } = record;
  if (fields.every((field) => field.trim() === '')) return undefined;
  if (fields.slice(width).some((field) => field.trim() !== '')) {
    return { line, reason: `the row has ${fields.length} columns, more than the first row` };
  }
  const damaged = columns.mapped.find(({ index }) => fields[index]?.includes(broken));
  if (damaged) return { line, reason: 'holds bytes that are not in the encoding of the file', column: damaged.name };
  return { line, ...table.read(fields, columns) };
}
