import { deserialize, serialize } from 'node:v8';
import type { AnyAggregate } from './decider.js';
import { Entity, type Folded } from './entity.js';
import type { EventStore } from './event-store.js';

/** So many events are folded rather than to look for a snapshot, and so many lie between two of them. */
const eventsBetweenSnapshots = 250;

/**
 * Folds streams, the long ones from a snapshot on. A snapshot is only ever a short cut: one that other code folded, that is
 * not of this stream as it lies in the log, or that cannot be read is as good as none.
 */
export class Snapshots {
  readonly #store: EventStore;
  readonly #codeVersion: string | undefined;
  /** The revision of the last snapshot that was written or used. */
  readonly #revisions = new WeakMap<Entity, number>();

  /** @param codeVersion another one for any other code that folds; without one, no snapshot is read or written */
  constructor(store: EventStore, codeVersion: string | undefined) {
    this.#store = store;
    this.#codeVersion = codeVersion;
  }

  /** The entity of a stream, as its events give it. */
  async load(stream: string, aggregate: AnyAggregate): Promise<Entity> {
    const folded = await this.#find(stream);
    const entity = new Entity(stream, aggregate, folded);
    if (folded) this.#revisions.set(entity, folded.revision);
    await entity.catchUp(this.#store);
    return entity;
  }

  /** Writes a snapshot of an entity, if one is due; later, so that nobody waits for it. */
  keep(entity: Entity): void {
    if (this.#codeVersion === undefined || !this.#isDue(entity)) return;
    this.#revisions.set(entity, entity.revision);
    setImmediate(() => void this.#write(entity));
  }

  #isDue(entity: Entity): boolean {
    return entity.revision - (this.#revisions.get(entity) ?? -1) >= eventsBetweenSnapshots;
  }

  async #write(entity: Entity): Promise<void> {
    const { revision, stream } = entity;
    try {
      const state = serialize(entity.folded).toString('base64');
      await this.#store.writeSnapshot(stream, { revision, codeVersion: this.#codeVersion!, state });
    } catch {
      // A store that is full, closed or broken says so where it matters. The next one is due in as many events.
    }
  }

  async #find(stream: string): Promise<Folded | undefined> {
    if (this.#codeVersion === undefined) return undefined;
    const last = await this.#read(stream, { direction: 'backwards' });
    if (last === undefined || last.revision < eventsBetweenSnapshots) return undefined;
    const snapshot = await this.#store.readSnapshot(stream);
    if (snapshot?.codeVersion !== this.#codeVersion) return undefined;
    const folded = decoded(snapshot.state);
    const event = folded && (await this.#read(stream, { from: folded.revision }));
    return event !== undefined && event.id === folded?.eventId ? folded : undefined;
  }

  async #read(stream: string, where: { readonly direction: 'backwards' } | { readonly from: number }) {
    for await (const [event] of this.#store.readStream(stream, { ...where, limit: 1 })) return event;
    return undefined;
  }
}

/** What V8 wrote it may refuse to read, if it is an older one than wrote it. */
function decoded(state: unknown): Folded | undefined {
  try {
    return deserialize(Buffer.from(state as string, 'base64')) as Folded;
  } catch {
    return undefined;
  }
}
