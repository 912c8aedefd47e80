/** The values of a statement, so that none of them ever becomes part of its text. */
export class SqlValues {
  readonly #values: unknown[] = [];

  /** @returns the placeholder that stands for the value */
  add(value: unknown): string {
    return `$${this.#values.push(value)}`;
  }

  list(): unknown[] {
    return this.#values;
  }
}
