import { Readable } from 'node:stream';

interface Batches<Row> {
  next(): Promise<readonly Row[]>;
  close(): Promise<void>;
}

/** How rows become text. */
export interface RowFormat<Row> {
  readonly heading: string;
  write(rows: readonly Row[]): string;
  readonly ending: string;
}

/** Rows as text, read when they are wanted, and no further than the buffer is wide. */
export class RowStream<Row> extends Readable {
  /** @param first the first rows, which were read already */
  constructor(
    private readonly batches: Batches<Row>,
    private first: readonly Row[] | undefined,
    private readonly format: RowFormat<Row>,
  ) {
    super({ highWaterMark: 64 * 1024 });
    if (format.heading !== '') this.push(format.heading);
  }

  override _read(): void {
    const rows = this.first;
    this.first = undefined;
    if (rows) this.#give(rows);
    else
      this.batches.next().then(
        (next) => this.#give(next),
        (error: Error) => this.destroy(error),
      );
  }

  // The connection is cut without the last chunk, so that a file which is not whole is not taken for one that is.
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    void this.batches.close().then(() => done(error));
  }

  #give(rows: readonly Row[]): void {
    if (this.destroyed) return;
    if (rows.length > 0) return void this.push(this.format.write(rows));
    if (this.format.ending !== '') this.push(this.format.ending);
    this.push(null);
  }
}
