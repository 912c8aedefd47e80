/** Asks for a place that a file can be sent to. */
export interface OpenUpload {
  /**
   * How large the file will be, where that is known.
   * @TJS-type integer
   * @minimum 0
   */
  bytes?: number;
}

/** Where a file can be sent to: one process keeps it, and only it can be told what to do with it. */
export interface UploadPlace {
  /** Stands for the aggregate in the subjects of what is sent to that process. */
  address: string;
  uploadId: string;
}

/** A part of a file that is being sent. */
export interface WriteUpload {
  /** @format uuid */
  uploadId: string;
  /**
   * Where in the file it belongs.
   * @TJS-type integer
   * @minimum 0
   */
  offset: number;
  /**
   * In base64; at most 128 KiB once decoded.
   * @minLength 1
   * @maxLength 174764
   */
  content: string;
}

/** How much of that part is written; or why the file is of no use, as far as it has come. */
export interface UploadWritten {
  /** @TJS-type integer */
  bytes?: number;
  refusal?: ImportRefusal;
}

/** No other part of a file will be sent. */
export interface AbandonUpload {
  /** @format uuid */
  uploadId: string;
}

/** All parts of a file were sent, and it is to be imported. */
export interface CompleteUpload {
  /** @format uuid */
  uploadId: string;
  /** @format uuid */
  importId: string;
  file: ImportFile;
  dryRun: boolean;
}

/** The rows of a file are to enter the catalogue. */
export interface RequestImport {
  /**
   * The import's id: the command's own id, so that a repeated request is the same import.
   * @format uuid
   */
  importId: string;
  file: ImportFile;
  /** Whether it is only to be said what would happen. */
  dryRun: boolean;
}

/** A file, by what it holds. */
export interface ImportFile {
  /** @TJS-type integer */
  bytes: number;
  /**
   * In hexadecimal.
   * @pattern ^[0-9a-f]{64}$
   */
  sha256: string;
}

/** The file is about to be read, from its first row. */
export interface StartImport {
  /** @format uuid */
  importId: string;
  format: FileFormat;
}

/** How a file turned out to be written. */
export interface FileFormat {
  /** CSV where it is not said. */
  type?: FileType;
  /** UTF-8, UTF-16LE, UTF-16BE or Windows-1252; of records in ISO 2709 each says which it is in, MARC-8 or UTF-8. */
  encoding: string;
  /** Of CSV. */
  delimiter?: string;
  /** Of CSV; of records, none. */
  columns: ImportColumn[];
  /** Those that mean nothing here, as the file calls them. */
  ignoredColumns: string[];
}

/** Rows of a table; or records of MARC 21, in ISO 2709 or in XML. */
export type FileType = 'csv' | 'marc' | 'marcxml';

/** A column of a file, and what it was taken for. */
export interface ImportColumn {
  /** As the file calls it. */
  name: string;
  field: string;
}

/** All rows up to here have been dealt with. */
export interface RecordImportProgress {
  /** @format uuid */
  importId: string;
  /** @TJS-type integer */
  bytes: number;
  tally: ImportTally;
  report: ReportedRow[];
}

/** The last row has been dealt with. */
export interface CompleteImport {
  /** @format uuid */
  importId: string;
}

/** The rows that are left cannot be dealt with. */
export interface FailImport {
  /** @format uuid */
  importId: string;
  code: ImportFailure;
  detail?: string;
}

/** How many rows came to what; together they are the rows that have been dealt with. */
export interface ImportTally {
  /** @TJS-type integer */
  added: number;
  /** @TJS-type integer */
  alreadyThere: number;
  /** @TJS-type integer */
  deletedSince: number;
  /** @TJS-type integer */
  different: number;
  /** @TJS-type integer */
  refused: number;
}

/** A row that came to something that its sender may want to know. */
export interface ReportedRow {
  /**
   * Where it begins in a file of lines; the first line is 1.
   * @TJS-type integer
   */
  line?: number;
  /**
   * Which record it is in a file of records; the first is 1.
   * @TJS-type integer
   */
  record?: number;
  outcome: RowOutcome;
  reason: string;
  /** The column at fault, as the file calls it; of a record of MARC 21, the field. */
  column?: string;
  /** What was put right, where the row was damaged and it is certain what it had been. */
  repaired?: RepairedValue;
  /** The book that was meant, of a row about a book. */
  bookId?: string;
}

/** A value that was read otherwise than it stands in the file. */
export interface RepairedValue {
  from: string;
  to: string;
}

/**
 * What a row came to: its book was added, was there, was deleted after an earlier import of it, or is there with other content; or the
 * row is no book.
 */
export type RowOutcome = 'added' | 'alreadyThere' | 'deletedSince' | 'different' | 'refused';

/** Why an import ended before its last row: the file is gone or has no column that it needs, or the program went wrong. */
export type ImportFailure = 'FileMissing' | 'NoTitleColumn' | 'InternalError';

/** Somebody sent a file to be imported. */
export interface ImportRequested {
  file: ImportFile;
  dryRun: boolean;
}

/** The first row is about to be dealt with. */
export interface ImportStarted {
  format: FileFormat;
}

/** So far has the import come, in the order of the file. */
export interface ImportProgressed {
  /**
   * How much of the file has been read.
   * @TJS-type integer
   */
  bytes: number;
  /** Of all rows so far. */
  tally: ImportTally;
  /** Rows that are reported since the last progress, in the order of the file. */
  report: ReportedRow[];
}

/** All rows have been dealt with. */
export interface ImportCompleted {
  tally: ImportTally;
}

/** The import ended before the last row; what it had added stays. */
export interface ImportFailed {
  code: ImportFailure;
  detail?: string;
}

/**
 * What a service does about imports, when it tells itself.
 * @internal
 * @service book user rent
 */
export interface ImportCommands {
  RequestImport: RequestImport;
  StartImport: StartImport;
  RecordImportProgress: RecordImportProgress;
  CompleteImport: CompleteImport;
  FailImport: FailImport;
}

/**
 * What happens in an Import stream, which is in the log of the service that owns what is imported.
 * @service book user rent
 */
export interface ImportEvents {
  ImportRequested: ImportRequested;
  ImportStarted: ImportStarted;
  ImportProgressed: ImportProgressed;
  ImportCompleted: ImportCompleted;
  ImportFailed: ImportFailed;
}

/** Why a file is not imported at all: a table has no column of titles or another that it needs, or a file no records. */
export type ImportRejection = 'NoTitleColumn' | 'MissingColumns' | 'NoRecords';

/** A file is not imported at all. */
export interface ImportRefusal {
  code: ImportRejection;
  detail: string;
}

/** Asks how far an import is. */
export interface GetImport {
  /** @format uuid */
  importId: string;
  /**
   * The report begins after this place; without it, at its beginning.
   * @pattern ^\d{1,15}\.\d{1,15}$
   */
  after?: string;
  /**
   * How many rows of the report to give.
   * @TJS-type integer
   * @minimum 1
   * @maximum 100
   */
  limit: number;
}

/** How far an import is, and a page of its report. */
export interface ImportProgress {
  /** Without it there is no such import. */
  operation?: ImportOperation;
}

/** An import, as its stream tells it. */
export interface ImportOperation {
  state: ImportState;
  dryRun: boolean;
  file: ImportFile;
  /** @TJS-type integer */
  bytesDone: number;
  /** @TJS-type integer */
  rows: number;
  tally: ImportTally;
  format?: FileFormat;
  failure?: ImportEnd;
  /** @format date-time */
  requestedAt: string;
  /** @format date-time */
  startedAt?: string;
  /** @format date-time */
  finishedAt?: string;
  /**
   * How many rows are in the whole report; of a file with very many to report, the first ones.
   * @TJS-type integer
   */
  reported: number;
  /** A page of it, in the order of the file. */
  report: ReportedRow[];
  /** Where the next page of the report begins. */
  next?: string;
  /** The position of the import's last event, in decimal: whoever has seen it has seen what the import added. */
  position: string;
}

/** Why an import ended before its last row. */
export interface ImportEnd {
  code: ImportFailure;
  detail?: string;
}

/** What an import is doing. */
export type ImportState = 'queued' | 'running' | 'completed' | 'failed';

/**
 * What a service answers about imports.
 * @service book rent user
 * @word import
 */
export interface ImportQueries {
  OpenUpload: OpenUpload;
  GetImport: GetImport;
}

/**
 * What the process of a service that keeps a file answers about it; each has an address of its own.
 * @service book rent user
 * @word import.*
 */
export interface UploadQueries {
  WriteUpload: WriteUpload;
  AbandonUpload: AbandonUpload;
}

/**
 * What that process does about the file when told.
 * @internal
 * @service book rent user
 * @word import.*
 */
export interface UploadCommands {
  /** @from edge */
  CompleteUpload: CompleteUpload;
}
