import type { FileFormat, ImportRefusal, ReportedRow, RowOutcome } from '@shelfmark/contracts';
import type { Cause } from '@shelfmark/event-sourcing';

/** What a service imports, and how: books, people. */
export interface ImportedKind<Item, Known extends KnownItem> {
  /** Why a file is not imported at all, as far as its beginning tells. */
  refusalOf(head: Uint8Array, isWhole: boolean): ImportRefusal | undefined;
  /** @returns nothing where the file cannot be read as one of these @throws what `open` throws where there is no such file */
  open(path: string): Promise<RowFile<Item> | undefined>;
  /** @param importId of an import that begins with its first row, or is read from there again after a crash */
  begin(importId: string): ImportedItems<Item, Known>;
}

/** The items of one file. */
export interface ImportedItems<Item, Known extends KnownItem> {
  /** Called for every item in the order of the file, also for those that were dealt with before a crash. */
  identify(item: Item, place: RowPlace): Known;
  /** Adds the item, unless it is there or was. To do it again, after a crash, gives the same outcome. */
  add(known: Known, by: AddedBy): Promise<Outcome>;
  /** What adding it would come to. */
  preview(known: Known, by: AddedBy): Promise<Outcome>;
}

export interface KnownItem {
  /** Whether an item before it is about the same thing, and has to be dealt with first. */
  readonly isRepeated: boolean;
}

/** On whose behalf items are added. */
export interface AddedBy {
  readonly cause: Cause;
  /** Where the import's start lies in the log. Imports run one after the other, so what rows made that lies after it was added by it. */
  readonly startedAt: bigint;
  readonly signal: AbortSignal;
}

/** What a row came to; it is reported where there is something to say of it. */
export type Outcome = { readonly outcome: RowOutcome } | Omit<ReportedRow, 'line' | 'record'>;

/** A file, as it turned out to be written. */
export interface RowFile<Item> {
  readonly format: FileFormat;
  /** Reads the file from its beginning, a piece at a time. */
  rows(): AsyncGenerator<Rows<Item>>;
}

/** Some rows of a file, in its order. */
export interface Rows<Item> {
  readonly rows: readonly Row<Item>[];
  /** So much of the file has been read. */
  readonly bytes: number;
}

/** Where a row is in its file: the line that it begins on, or the number of its record; the first is 1. */
export type RowPlace = { readonly line: number } | { readonly record: number };

/** A row of a file: something that could be added, or why it is not. */
export type Row<Item> = RowPlace & ({ readonly item: Item; readonly repair?: Repair } | RowFault);

/** Why a row is refused, and which column of it, or field of a record, is at fault. */
export interface RowFault {
  readonly reason: string;
  readonly column?: string;
}

/** What was put right in a row, and how that is certain. */
export type Repair = Required<Pick<ReportedRow, 'reason' | 'column' | 'repaired'>>;
