export { numberIn, plainName, plainText } from './cells.js';
export { type Columns, CsvFile, type MappedColumn, type Table, readRow, refusalOfCsv } from './csv-file.js';
export { type Encoding, decodeHead, headOf, readBytes, readText, xmlEncoding } from './encoding.js';
export { type ExternalId, bookIdColumns, bookIdOf, bookNamespace, personIdColumns, personIdOf } from './external-id.js';
export type {
  AddedBy,
  ImportedItems,
  ImportedKind,
  KnownItem,
  Outcome,
  Repair,
  Row,
  RowFault,
  RowFile,
  RowPlace,
  Rows,
} from './imported-kind.js';
export { ImportsModule } from './imports.module.js';
export { SeenRows } from './seen-rows.js';
export { untilRoom } from './until-room.js';
