import { CsvError, parse } from 'csv-parse/sync';

/** The first row of a CSV file, and what it tells of the others. */
export interface CsvHead {
  readonly delimiter: string;
  /** The columns' names, as the file has them. */
  readonly names: readonly string[];
  /** How many lines of the file it takes. */
  readonly lines: number;
}

/** No line of a table is longer; one that is comes from another kind of file, or from a quotation mark that is not closed. */
export const maxRecordCharacters = 64 * 1024;

/** A row with more lines than this has a quotation mark that is not closed. */
export const maxRecordLines = 200;

/** Names are repeated in reports. */
const maxNameCharacters = 100;

const delimiters = [',', ';', '\t', '|'];

/** Ends the lines of a text: a carriage return alone only where there is no line feed at all, as in files of old Macs. */
export function lineEndIn(head: string): RegExp {
  return head.includes('\r') && !head.includes('\n') ? /\r/ : /\r?\n/;
}

/**
 * Reads the head of a CSV file.
 * @param text the beginning of the file
 * @param isWhole whether that is all of it
 * @returns the head; or nothing, when more of the file is needed; or why the file has none
 */
export function readHead(text: string, isWhole: boolean): CsvHead | { readonly fault: string } | undefined {
  const lines = text.split(lineEndIn(text));
  // Without its end, the last line may go on.
  const complete = isWhole ? lines.length : lines.length - 1;
  let line = 0;
  // Excel tells itself the delimiter in a first line.
  if (complete > 0 && /^sep=.$/i.test(lines[0]!)) line = 1;
  while (line < complete && lines[line]!.trim() === '') line++;
  if (line >= complete) return isWhole ? { fault: 'The file is empty.' } : tooLong(text);

  let record = lines[line]!;
  let next = line + 1;
  while (hasOpenQuote(record) && next < complete && next - line < maxRecordLines) record += `\n${lines[next++]!}`;
  if (record.length > maxRecordCharacters || (hasOpenQuote(record) && isWhole)) return noHead;
  if (hasOpenQuote(record)) return tooLong(text);

  const delimiter = delimiterOf(record);
  try {
    const [names = []] = parse(record, { delimiter, relax_column_count: true });
    return { delimiter, names: names.map((name) => name.trim().slice(0, maxNameCharacters)), lines: next };
  } catch (error) {
    if (error instanceof CsvError) return noHead;
    throw error;
  }
}

const noHead = { fault: 'The first row of the file cannot be read as the names of columns.' };

function tooLong(text: string): typeof noHead | undefined {
  return text.length > maxRecordCharacters ? noHead : undefined;
}

/** Whether a quoted field goes on after the text: each quotation mark within one is doubled. */
export function hasOpenQuote(text: string): boolean {
  let isOpen = false;
  for (let index = text.indexOf('"'); index >= 0; index = text.indexOf('"', index + 1)) isOpen = !isOpen;
  return isOpen;
}

/** The one that stands most often in the head, outside quotation marks. */
function delimiterOf(record: string): string {
  const unquoted = record.replace(/"[^"]*"/g, '');
  const count = (delimiter: string) => unquoted.split(delimiter).length;
  return delimiters.reduce((best, delimiter) => (count(delimiter) > count(best) ? delimiter : best));
}
