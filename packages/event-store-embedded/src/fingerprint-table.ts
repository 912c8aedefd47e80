import { hash } from 'node:crypto';

/**
 * A 32-bit fingerprint of a name or an id. It is cut from SHA-256, so that nobody who chooses names can cheaply make many
 * of them fall on one place of the table.
 */
export function fingerprint(text: string): number {
  return hash('sha256', text, 'buffer').readUInt32LE(0);
}

/**
 * Numbers by fingerprint, in two flat arrays: 13 to 27 bytes an entry, where a Map of strings takes over a hundred. Two
 * keys may share a fingerprint, so what it finds are candidates that the caller compares with the log.
 */
export class FingerprintTable {
  #fingerprints = new Uint32Array(16);
  /** One more than the number, so that zero is an empty place. */
  #numbers = new Uint32Array(16);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(print: number, value: number): void {
    if (this.#size >= this.#numbers.length * 0.6) this.#grow();
    this.#place(print, value + 1);
    this.#size++;
  }

  /** The last number added under this fingerprint that `matches`. */
  find(print: number, matches: (value: number) => boolean): number | undefined {
    const mask = this.#numbers.length - 1;
    let found: number | undefined;
    for (let place = print & mask; this.#numbers[place] !== 0; place = (place + 1) & mask) {
      if (this.#fingerprints[place] !== print) continue;
      const value = this.#numbers[place]! - 1;
      if ((found === undefined || value > found) && matches(value)) found = value;
    }
    return found;
  }

  #place(print: number, stored: number): void {
    const mask = this.#numbers.length - 1;
    let place = print & mask;
    while (this.#numbers[place] !== 0) place = (place + 1) & mask;
    this.#fingerprints[place] = print;
    this.#numbers[place] = stored;
  }

  #grow(): void {
    const [prints, numbers] = [this.#fingerprints, this.#numbers];
    this.#fingerprints = new Uint32Array(prints.length * 2);
    this.#numbers = new Uint32Array(numbers.length * 2);
    for (let place = 0; place < numbers.length; place++) {
      if (numbers[place] !== 0) this.#place(prints[place]!, numbers[place]!);
    }
  }
}
