import { CsvError, parse } from 'csv-parse/sync';
import { type CsvHead, hasOpenQuote, maxRecordCharacters, maxRecordLines } from './csv-head.js';

/** A row of a CSV file, or why what stands there is none. */
export type CsvRecord = { readonly line: number } & (
  { readonly fields: readonly string[] } | { readonly damage: string }
);

/** Lines that belong together, as far as their quotation marks tell. */
interface Frame {
  /** Places among the pending lines; the end is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly damage?: string;
}

const tooLong = `the line is longer than ${maxRecordCharacters} characters`;
const notClosed = 'a quotation mark is not closed';
const otherColumns = 'the row does not have the columns of the first row';

const damages: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: notClosed,
  CSV_INVALID_CLOSING_QUOTE: 'something stands between a closing quotation mark and the next column',
  INVALID_OPENING_QUOTE: 'a quotation mark stands within a column that does not begin with one',
};

/** Stands for a line that was too long to be kept; a line that is read holds no line feed. */
const overlong = '\n';

/**
 * Makes rows of the text of a CSV file (RFC 4180). A damaged row is lost alone: where a quotation mark is not closed, or only
 * in a later row, the line that opens it is given up, and reading goes on with the one after it.
 */
export class CsvRecords {
  readonly #delimiter: string;
  readonly #columns: number;
  readonly #lineEnd: RegExp;
  /** Lines of the head that are still to come. */
  #headLines: number;
  #pending: string[] = [];
  /** The number of the first pending line. */
  #line = 1;
  /** The beginning of a line whose end has not been read yet. */
  #open = '';
  /** Whether the beginning of that line was let go of, because it is too long. */
  #isOverlong = false;

  constructor({ delimiter, names, lines }: CsvHead, lineEnd: RegExp) {
    this.#delimiter = delimiter;
    this.#columns = names.length;
    this.#headLines = lines;
    this.#lineEnd = lineEnd;
  }

  /** Takes the next piece of the file, from its first character on. @returns the rows that are complete by now */
  push(text: string): CsvRecord[] {
    const lines = (this.#open + text).split(this.#lineEnd);
    this.#open = lines.pop()!;
    if (this.#isOverlong && lines.length > 0) {
      lines[0] = overlong;
      this.#isOverlong = false;
    }
    if (this.#open.length > maxRecordCharacters) {
      this.#isOverlong = true;
      this.#open = '';
    }
    return this.#take(lines, false);
  }

  /** @returns the rows that are left when the file has ended */
  end(): CsvRecord[] {
    const last = this.#isOverlong ? overlong : this.#open;
    return this.#take(last === '' ? [] : [last], true);
  }

  #take(lines: readonly string[], isEnd: boolean): CsvRecord[] {
    this.#pending = this.#pending.concat(lines);
    const headLines = Math.min(this.#headLines, this.#pending.length);
    this.#headLines -= headLines;
    this.#drop(headLines);

    const frames: Frame[] = [];
    let end = this.#skipBlank(0);
    for (let frame = this.#frame(end, isEnd); frame; frame = this.#frame(end, isEnd)) {
      frames.push(frame);
      end = this.#skipBlank(frame.end);
    }
    const records = this.#parseAll(frames);
    if (!records) return this.#takeOneByOne(isEnd);
    this.#drop(end);
    return records;
  }

  #takeOneByOne(isEnd: boolean): CsvRecord[] {
    const records: CsvRecord[] = [];
    let end = this.#skipBlank(0);
    for (let frame = this.#frame(end, isEnd); frame; frame = this.#frame(end, isEnd)) {
      const record = this.#parse(frame);
      records.push(record);
      // The lines after the first of a damaged row may be rows of their own.
      end = this.#skipBlank('damage' in record ? frame.start + 1 : frame.end);
    }
    this.#drop(end);
    return records;
  }

  #skipBlank(from: number): number {
    let line = from;
    while (line < this.#pending.length && isBlank(this.#pending[line]!)) line++;
    return line;
  }

  /** The next lines that belong together; nothing where more of the file is needed to tell. */
  #frame(start: number, isEnd: boolean): Frame | undefined {
    const first = this.#pending[start];
    if (first === undefined) return undefined;
    const damaged = (damage: string) => ({ start, end: start + 1, text: '', damage });
    if (first === overlong || first.length > maxRecordCharacters) return damaged(tooLong);
    let isOpen = hasOpenQuote(first);
    let characters = first.length;
    for (let end = start + 1; ; end++) {
      if (!isOpen) return { start, end, text: this.#pending.slice(start, end).join('\n') };
      const next = this.#pending[end];
      if (next === undefined) return isEnd ? damaged(notClosed) : undefined;
      characters += next.length + 1;
      if (next === overlong || characters > maxRecordCharacters || end - start >= maxRecordLines) {
        return damaged(notClosed);
      }
      if (hasOpenQuote(next)) isOpen = false;
    }
  }

  /** All in one go, which is ten times faster than one by one; nothing where one of them is damaged. */
  #parseAll(frames: readonly Frame[]): CsvRecord[] | undefined {
    if (frames.some(({ damage }) => damage !== undefined)) return undefined;
    const rows = this.#parseText(frames.map(({ text }) => text).join('\n'));
    if (rows instanceof CsvError || rows.length !== frames.length) return undefined;
    const records = frames.map((frame, index) => this.#record(frame, rows[index]!));
    return records.some((record) => 'damage' in record) ? undefined : records;
  }

  #parse(frame: Frame): CsvRecord {
    const line = this.#line + frame.start;
    if (frame.damage !== undefined) return { line, damage: frame.damage };
    const rows = this.#parseText(frame.text);
    if (rows instanceof CsvError) {
      // In several lines, its first quotation mark was closed by another row's.
      return { line, damage: frame.end - frame.start > 1 ? notClosed : (damages[rows.code] ?? rows.code) };
    }
    return this.#record(frame, rows[0]!);
  }

  #record(frame: Frame, fields: readonly string[]): CsvRecord {
    const line = this.#line + frame.start;
    if (frame.end - frame.start === 1) return { line, fields };
    // The quotation mark that closed this row was another row's.
    if (fields.length !== this.#columns) return { line, damage: otherColumns };
    return this.#holdsRows(frame) ? { line, damage: notClosed } : { line, fields };
  }

  /** Whether what is quoted are rows: no text has, line by line, just as many delimiters as there are columns to part. */
  #holdsRows({ start, end }: Frame): boolean {
    if (end - start < 3 || this.#columns < 3) return false;
    const lines = this.#pending.slice(start, end);
    return lines.every((line) => line.split(this.#delimiter).length === this.#columns);
  }

  #parseText(text: string): string[][] | CsvError {
    try {
      return parse(text, { delimiter: this.#delimiter, record_delimiter: '\n', relax_column_count: true });
    } catch (error) {
      if (error instanceof CsvError) return error;
      throw error;
    }
  }

  #drop(lines: number): void {
    this.#pending = this.#pending.slice(lines);
    this.#line += lines;
  }
}

function isBlank(line: string): boolean {
  return line !== overlong && line.trim() === '';
}
