const REDRAWN_EVERY_MS = 100;

/** Where it is told: a terminal, or anything that takes text. */
type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** Tells a person what happens, in lines that begin with the seconds since the start; on a terminal with one line that moves. */
export class Progress {
  readonly #startedAt = Date.now();
  readonly #output: Output;
  #moving = false;
  #quarter = 0;
  #drawnAt = 0;

  constructor(output: Output) {
    this.#output = output;
    // The terminal may be gone (SIGHUP), and the ordered stop must not end in an error about that.
    output.on('error', () => undefined);
  }

  /** Something is done. */
  step(text: string): void {
    this.say(`${this.#dim(this.#elapsed())}  ${text}`);
  }

  /** Something is wrong. */
  alarm(text: string): void {
    this.say(`${this.#dim(this.#elapsed())}  ${this.#output.isTTY ? `\u001b[33m${text}\u001b[0m` : text}`);
  }

  say(text: string): void {
    this.#clear();
    this.#output.write(`${text}\n`);
  }

  /** What is being waited for. Gone with the next line; not shown where lines cannot be taken back. */
  waiting(text: string): void {
    if (!this.#output.isTTY) return;
    this.#clear();
    const elapsed = this.#elapsed();
    const room = (this.#output.columns || 80) - elapsed.length - 3;
    this.#output.write(`${this.#dim(elapsed)}  ${text.slice(0, room)}`);
    this.#moving = true;
  }

  bar(done: number, total: number, what: string): void {
    if (this.#output.isTTY) {
      if (done < total && Date.now() - this.#drawnAt < REDRAWN_EVERY_MS) return;
      this.#drawnAt = Date.now();
      const filled = Math.round((done / total) * 30);
      this.waiting(`${'█'.repeat(filled)}${'░'.repeat(30 - filled)} ${done} of ${total} ${what}`);
      return;
    }
    const quarter = Math.floor((done / total) * 4);
    if (quarter > this.#quarter) this.step(`${done} of ${total} ${what}`);
    this.#quarter = quarter;
  }

  #elapsed(): string {
    return `${((Date.now() - this.#startedAt) / 1000).toFixed(1).padStart(5)} s`;
  }

  #dim(text: string): string {
    return this.#output.isTTY ? `\u001b[2m${text}\u001b[0m` : text;
  }

  #clear(): void {
    if (this.#moving) this.#output.write('\r\u001b[2K');
    this.#moving = false;
  }
}
