/** What a cell of a CSV file can hold; `null` is an empty one. */
export type Cell = string | number | boolean | Date | null;

export interface CsvOptions {
  /** Whether the file is to be opened in a spreadsheet, which would run a text that looks like a formula. */
  readonly forSpreadsheet: boolean;
}

/** Without it a spreadsheet takes UTF-8 for something else. */
export const byteOrderMark = '\uFEFF';

/** One record of RFC 4180, with its line end. */
export function csvRecord(cells: readonly Cell[], { forSpreadsheet }: CsvOptions): string {
  return `${cells.map((cell) => quoted(forSpreadsheet ? unformulated(cell) : cell)).join(',')}\r\n`;
}

function quoted(cell: Cell): string {
  const text = cell === null ? '' : cell instanceof Date ? cell.toISOString() : String(cell);
  // Blanks at the edges are data too, and some readers drop them where there are no quotes.
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** An apostrophe before it makes a spreadsheet show a text as it is. A number is never a formula. */
function unformulated(cell: Cell): Cell {
  return typeof cell === 'string' && /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
}
