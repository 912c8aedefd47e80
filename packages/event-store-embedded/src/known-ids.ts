import { fingerprint, FingerprintTable } from './fingerprint-table.js';
import { readRecord, type Trees } from './log-environment.js';
import type { StreamDirectory, StreamHead } from './stream-directory.js';

const shortStreamEvents = 4;
const rememberedIds = 1_000_000;
/** What a table costs beside its ids, so that many small ones are not kept for nothing. */
const idsWorthOneTable = 16;

/**
 * Which events a stream holds, by their ids. Only an append that expects `any` or `exists` has to know. A short stream is
 * read; of a longer one the ids are collected once and then kept up to date, about 20 bytes each, for the streams asked
 * about last.
 */
export class KnownIds {
  readonly #trees: Trees;
  readonly #directory: StreamDirectory;
  /** Least recently used first. */
  readonly #tables = new Map<number, FingerprintTable>();
  #ids = 0;

  constructor(trees: Trees, directory: StreamDirectory) {
    this.#trees = trees;
    this.#directory = directory;
  }

  /** The last revision with this id, among what is flushed. */
  revisionOf(head: StreamHead, id: string): number | undefined {
    if (head.revision < shortStreamEvents) {
      for (let revision = head.revision, position = head.position; revision >= 0; revision--) {
        const record = readRecord(this.#trees, position);
        if (record.id === id) return revision;
        position = record.previousPosition;
      }
      return undefined;
    }
    return this.#table(head).find(fingerprint(id), (revision) => {
      const [position] = this.#directory.positions(head, revision);
      return readRecord(this.#trees, position!).id === id;
    });
  }

  /** Takes in events that are flushed now. */
  add(streamNumber: number, firstRevision: number, ids: readonly string[]): void {
    const table = this.#tables.get(streamNumber);
    if (table === undefined) return;
    for (const [index, id] of ids.entries()) table.add(fingerprint(id), firstRevision + index);
    this.#ids += ids.length;
  }

  #table(head: StreamHead): FingerprintTable {
    let table = this.#tables.get(head.number);
    if (table === undefined) {
      table = new FingerprintTable();
      for (let revision = 0; revision <= head.revision;) {
        for (const position of this.#directory.positions(head, revision)) {
          table.add(fingerprint(readRecord(this.#trees, position).id), revision++);
        }
      }
      this.#ids += table.size + idsWorthOneTable;
    }
    this.#tables.delete(head.number);
    this.#tables.set(head.number, table);
    for (const [number, { size }] of this.#tables) {
      if (this.#ids <= rememberedIds || number === head.number) break;
      this.#tables.delete(number);
      this.#ids -= size + idsWorthOneTable;
    }
    return table;
  }
}
