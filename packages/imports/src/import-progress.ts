import type { ImportProgressed, ImportTally, ReportedRow } from '@shelfmark/contracts';
import { type RequestedImport, rowsIn } from './file-import.js';
import type { Outcome, RowPlace } from './imported-kind.js';

/** Progress is recorded when one of these has come together: an interrupted import goes on from there, and people see it. */
const recordAfter = { ms: 1_000, rows: 5_000, reportedRows: 250 };

/** Of a file that is nothing but faults, the first ones tell enough. */
const maxReportedRows = 100_000;

/** How far an import is, beyond what is recorded of it. */
export class ImportProgress {
  readonly #tally: { -readonly [Outcome in keyof ImportTally]: number };
  #bytes: number;
  #report: ReportedRow[] = [];
  /** So many rows may still be reported. */
  #room: number;
  #recordedRows: number;
  #recordedBytes: number;
  #recordedAtMs = performance.now();

  constructor({ tally, bytes, reported }: RequestedImport) {
    this.#tally = { ...tally };
    this.#bytes = bytes;
    this.#room = maxReportedRows - reported;
    this.#recordedRows = rowsIn(tally);
    this.#recordedBytes = bytes;
  }

  add(place: RowPlace, outcome: Outcome): void {
    this.#tally[outcome.outcome]++;
    if (!('reason' in outcome) || this.#report.length >= this.#room) return;
    this.#report.push({ ...place, ...outcome });
  }

  /** So much of the file has been read. */
  reach(bytes: number): void {
    this.#bytes = Math.max(this.#bytes, bytes);
  }

  get rows(): number {
    return rowsIn(this.#tally);
  }

  get isDue(): boolean {
    const rows = this.rows - this.#recordedRows;
    return (
      rows >= recordAfter.rows ||
      this.#report.length >= recordAfter.reportedRows ||
      (rows > 0 && performance.now() - this.#recordedAtMs >= recordAfter.ms)
    );
  }

  /** Whether anything of it is not recorded yet. */
  get isAhead(): boolean {
    return this.rows > this.#recordedRows || this.#bytes > this.#recordedBytes;
  }

  /** What is to be recorded; from now on it counts as recorded. */
  take(): ImportProgressed {
    const progressed = { bytes: this.#bytes, tally: { ...this.#tally }, report: this.#report };
    this.#room -= this.#report.length;
    this.#report = [];
    this.#recordedRows = this.rows;
    this.#recordedBytes = this.#bytes;
    this.#recordedAtMs = performance.now();
    return progressed;
  }
}
