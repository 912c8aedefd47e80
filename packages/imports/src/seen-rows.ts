/**
 * How often each row was seen: of a row only 64 bits of its digest, and 32 of what the first one of its kind said, in flat arrays. That is
 * 21 to 43 bytes a row, where a Map of strings takes over a hundred, and a file has millions of rows.
 */
export class SeenRows {
  /** Four numbers a place: two of the key, what the first one said, and how often it was seen. */
  #places = new Uint32Array(4 * 1024);
  #size = 0;

  /** @returns how often the key was added before, and whether its first time had the same note */
  add(key: Buffer, note: number): { readonly before: number; readonly isAlike: boolean } {
    if (this.#size >= (this.#places.length / 4) * 0.75) this.#grow();
    const [low, high] = [key.readUInt32LE(4), key.readUInt32LE(8)];
    const place = this.#find(low, high);
    const before = this.#places[place + 3]!;
    if (before === 0) {
      this.#places.set([low, high, note], place);
      this.#size++;
    }
    this.#places[place + 3] = before + 1;
    return { before, isAlike: this.#places[place + 2] === note };
  }

  /** The key's place, or the empty one that it can take. */
  #find(low: number, high: number): number {
    const places = this.#places;
    for (let place = (low * 4) % places.length; ; place = (place + 4) % places.length) {
      if (places[place + 3] === 0 || (places[place] === low && places[place + 1] === high)) return place;
    }
  }

  #grow(): void {
    const old = this.#places;
    this.#places = new Uint32Array(old.length * 2);
    for (let place = 0; place < old.length; place += 4) {
      if (old[place + 3] === 0) continue;
      this.#places.set(old.subarray(place, place + 4), this.#find(old[place]!, old[place + 1]!));
    }
  }
}
