import type { FileFormat, ImportRefusal } from '@shelfmark/contracts';
import {
  CsvFile,
  type Encoding,
  type RowFile,
  type Rows,
  decodeHead,
  headOf,
  readBytes,
  readText,
  refusalOfCsv,
  xmlEncoding,
} from '@shelfmark/imports';
import { type BookItem, bookTable } from './book-row.js';
import { Iso2709Records, beginsIso2709 } from './marc/iso2709-records.js';
import { readMarcBook } from './marc/marc-book.js';
import { MarcXmlRecords, beginsMarcXml, hasMarcXmlRecord } from './marc/marcxml-records.js';

/**
 * A file of books: CSV, or records of MARC 21. What it holds tells which.
 * @returns nothing where the file has no books that could be read @throws what `open` throws where there is no such file
 */
export async function openBookFile(path: string): Promise<RowFile<BookItem> | undefined> {
  const head = await headOf(path);
  const text = decodeHead(head);
  if (refusalOf(head, false)) return undefined;
  if (beginsIso2709(text)) return new Iso2709File(path);
  if (beginsMarcXml(text)) return new MarcXmlFile(path, xmlEncoding(head));
  return CsvFile.open(path, bookTable);
}

/** Why a file is not imported, as far as its beginning tells. */
export function refusalOf(head: Uint8Array, isWhole: boolean): ImportRefusal | undefined {
  const text = decodeHead(head);
  if (beginsIso2709(text)) return undefined;
  if (!beginsMarcXml(text)) return refusalOfCsv(bookTable, head, isWhole);
  if (hasMarcXmlRecord(text)) return undefined;
  return { code: 'NoRecords', detail: 'The file is XML, and no record of MARC 21 begins in its first part.' };
}

class Iso2709File implements RowFile<BookItem> {
  readonly format: FileFormat = { type: 'marc', encoding: 'MARC-8, UTF-8', columns: [], ignoredColumns: [] };

  constructor(private readonly path: string) {}

  async *rows(): AsyncGenerator<Rows<BookItem>> {
    const records = new Iso2709Records();
    let read = 0;
    for await (const { content, bytes } of readBytes(this.path)) {
      read = bytes;
      yield { rows: records.push(content).map(readMarcBook), bytes };
    }
    yield { rows: records.end().map(readMarcBook), bytes: read };
  }
}

class MarcXmlFile implements RowFile<BookItem> {
  constructor(
    private readonly path: string,
    private readonly encoding: Encoding,
  ) {}

  get format(): FileFormat {
    return { type: 'marcxml', encoding: this.encoding, columns: [], ignoredColumns: [] };
  }

  async *rows(): AsyncGenerator<Rows<BookItem>> {
    const records = new MarcXmlRecords();
    let read = 0;
    for await (const { text, bytes } of readText(this.path, this.encoding)) {
      read = bytes;
      yield { rows: records.push(text).map(readMarcBook), bytes };
    }
    yield { rows: records.end().map(readMarcBook), bytes: read };
  }
}
