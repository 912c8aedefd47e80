import { fingerprint, FingerprintTable } from './fingerprint-table.js';
import {
  asBuffer,
  chunkKey,
  decodeChunk,
  eventsPerChunk,
  eventsPerTrailRow,
  lastPosition,
  readRecord,
  type Trees,
} from './log-environment.js';
import { StoreDamaged } from './store-errors.js';

/** Where a stream ends. */
export interface StreamHead {
  readonly number: number;
  readonly revision: number;
  readonly position: number;
}

const rememberedNames = 50_000;

/**
 * Where every stream ends, in memory: about 32 bytes a stream. It holds only what is flushed, so that nothing rests on
 * more. On opening it is filled from the trail, which takes about a second for ten million events.
 */
export class StreamDirectory {
  readonly #trees: Trees;
  readonly #byName = new FingerprintTable();
  #revisions = new Uint32Array(1024);
  #positions = new Float64Array(1024);
  /** The names looked up last, which saves hashing them and comparing them with the log. */
  #recent = new Map<string, number>();
  #lastPosition = 0;
  #lastRow: Buffer = Buffer.alloc(0);

  constructor(trees: Trees) {
    this.#trees = trees;
    for (const { key, value } of trees.trail.getRange({ start: 0, end: 2 ** 48 - 1 })) {
      const row = asBuffer(value);
      if (key * eventsPerTrailRow !== this.#lastPosition)
        throw new StoreDamaged(this.#lastPosition, 'the trail is broken');
      for (let offset = 0; offset < row.length; offset += 4) {
        const number = row.readUInt32LE(offset);
        if (number === this.#byName.size) this.#addStream(row.readUInt32LE((offset += 4)));
        this.#advance(number, this.#lastPosition + 1);
      }
      this.setLastTrailRow(row);
    }
    const end = lastPosition(trees);
    if (end !== this.#lastPosition) {
      throw new StoreDamaged(end, `the trail ends at ${this.#lastPosition}, the log at ${end}`);
    }
  }

  /** The position of the last event. */
  get lastPosition(): number {
    return this.#lastPosition;
  }

  get streams(): number {
    return this.#byName.size;
  }

  /** The trail's last row, as long as it is not full. */
  get lastTrailRow(): Buffer {
    return this.#lastRow;
  }

  head(stream: string): StreamHead | undefined {
    let number = this.#recent.get(stream);
    if (number === undefined) {
      number = this.#byName.find(
        fingerprint(stream),
        (candidate) => readRecord(this.#trees, this.#positions[candidate]!).stream === stream,
      );
      if (number === undefined) return undefined;
      this.#remember(stream, number);
    }
    return { number, revision: this.#revisions[number]!, position: this.#positions[number]! };
  }

  /** Takes in an event that is flushed now; a number that is new comes with the stream's fingerprint. */
  apply(stream: string, number: number, position: number, print: number | undefined): void {
    if (print !== undefined) {
      this.#addStream(print);
      this.#remember(stream, number);
    }
    this.#advance(number, position);
  }

  setLastTrailRow(row: Buffer): void {
    this.#lastRow = this.#lastPosition % eventsPerTrailRow === 0 ? Buffer.alloc(0) : row;
  }

  /** The positions of the revisions `first`…, as far as the chunk of `first` goes or the stream does. */
  positions({ number, revision, position }: StreamHead, first: number): number[] {
    const chunk = Math.floor(first / eventsPerChunk);
    const start = chunk * eventsPerChunk;
    if (start + eventsPerChunk <= revision + 1) {
      const bytes = this.#trees.chunks.get(chunkKey(number, chunk));
      if (bytes === undefined) throw new StoreDamaged(position, `chunk ${chunk} of its stream is missing`);
      return decodeChunk(asBuffer(bytes)).slice(first - start);
    }
    const positions: number[] = [];
    for (let at = revision, place = position; at >= first; at--) {
      positions.push(place);
      if (at > first) place = readRecord(this.#trees, place).previousPosition;
    }
    return positions.reverse();
  }

  /** The positions of the revisions `last`, `last` - 1, …, as many as are wanted and as far as the chunk of `last` goes. */
  positionsBefore(head: StreamHead, last: number, atMost: number): number[] {
    // Each that lies in no chunk yet costs a record to read, and a stream's last event alone is what is asked for most.
    const first = Math.max(last - (last % eventsPerChunk), last - atMost + 1);
    return this.positions(head, first)
      .slice(0, last - first + 1)
      .reverse();
  }

  #addStream(print: number): void {
    const number = this.#byName.size;
    if (number === this.#revisions.length) {
      const [revisions, positions] = [this.#revisions, this.#positions];
      this.#revisions = new Uint32Array(number * 2);
      this.#positions = new Float64Array(number * 2);
      this.#revisions.set(revisions);
      this.#positions.set(positions);
    }
    this.#byName.add(print, number);
  }

  #advance(number: number, position: number): void {
    if (number >= this.#byName.size) throw new StoreDamaged(position, 'the trail names a stream that does not exist');
    if (this.#positions[number] !== 0) this.#revisions[number]!++;
    this.#positions[number] = position;
    this.#lastPosition = position;
  }

  #remember(stream: string, number: number): void {
    if (this.#recent.size >= rememberedNames) this.#recent = new Map();
    this.#recent.set(stream, number);
  }
}
