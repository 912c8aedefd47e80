const everyMs = 5_000;

/** Tells a person how far something is: on a terminal in one line that moves, elsewhere in a line now and then. */
export class ProgressLine {
  readonly #output: NodeJS.WriteStream;
  #moving = false;
  #saidAt = performance.now();

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  /** How far it is; the next one takes its place. */
  show(text: string): void {
    if (this.#output.isTTY) {
      this.#output.write(`\r${text.slice(0, (this.#output.columns || 80) - 1)}\u001b[K`);
      this.#moving = true;
    } else if (performance.now() - this.#saidAt > everyMs) {
      this.step(text);
    }
  }

  /** Something that stays. */
  step(text: string): void {
    this.end();
    this.#saidAt = performance.now();
    this.#output.write(`${text}\n`);
  }

  /** Makes room for other output. */
  end(): void {
    if (this.#moving) this.#output.write('\r\u001b[K');
    this.#moving = false;
  }
}
