import type { Entity } from './entity.js';

/**
 * The entities that were used last, in two generations: what is used comes into the younger one, and when that holds half of
 * the capacity, the older one is let go of as a whole. To keep all of them in the order of their use would cost more than
 * most commands: a `Map` whose oldest key is always deleted is slow to tell the next.
 */
export class EntityCache {
  readonly #generationSize: number;
  #younger = new Map<string, Entity>();
  #older = new Map<string, Entity>();

  /** @param capacity at most so many entities are kept */
  constructor(capacity: number) {
    this.#generationSize = Math.max(1, Math.floor(capacity / 2));
  }

  get(stream: string): Entity | undefined {
    const young = this.#younger.get(stream);
    if (young) return young;
    const old = this.#older.get(stream);
    if (old) this.set(old);
    return old;
  }

  /** Keeps an entity. One that falls out while a command holds it is only read again the next time. */
  set(entity: Entity): void {
    this.#younger.set(entity.stream, entity);
    if (this.#younger.size < this.#generationSize) return;
    this.#older = this.#younger;
    this.#younger = new Map();
  }

  delete(stream: string): void {
    this.#younger.delete(stream);
    this.#older.delete(stream);
  }
}
