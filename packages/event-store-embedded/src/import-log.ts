import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { RevisionConflict, type ProposedEvent, type StreamAppend } from '@shelfmark/event-sourcing';
import { EmbeddedEventStore } from './embedded-event-store.js';
import { exportFormat, exportVersion } from './export-log.js';
import { syncDirectory } from './log-environment.js';
import { ExportUnusable, StoreUnreadable } from './store-errors.js';
import type { Progress } from './verify.js';

const groupEvents = 1024;

/**
 * Makes a log of an export, in a directory that is empty or does not exist: same positions, revisions and ids, but a new
 * log id, since positions of a restored log do not compare with what followed in the old one. It is built beside the
 * directory and renamed at the very end, so an interrupted import leaves nothing that opens as a log.
 *
 * @returns how many events were read
 * @throws ExportUnusable, StoreUnreadable
 */
export async function importLog(
  from: Readable,
  directory: string,
  { onProgress = () => {} }: { onProgress?: (progress: Progress) => void } = {},
): Promise<number> {
  const target = resolve(directory);
  await assertEmpty(target);
  await mkdir(dirname(target), { recursive: true });
  const building = `${target}.importing-${randomUUID()}`;
  try {
    const store = await EmbeddedEventStore.open({ directory: building });
    let events: number;
    try {
      events = await new Import(store, onProgress).run(from);
    } finally {
      await store.close();
    }
    await assertEmpty(target);
    await rmdir(target).catch(ignoreMissing);
    await rename(building, target);
    syncDirectory(dirname(target));
    return events;
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    throw error;
  }
}

class Import {
  readonly #store: EmbeddedEventStore;
  readonly #onProgress: (progress: Progress) => void;
  readonly #digest = createHash('sha256');
  #line = 0;
  #totalEvents = 0;
  #events = 0;
  #deleted = 0;
  #ended = false;
  #group: { position: bigint; append: StreamAppend }[] = [];

  constructor(store: EmbeddedEventStore, onProgress: (progress: Progress) => void) {
    this.#store = store;
    this.#onProgress = onProgress;
  }

  async run(from: Readable): Promise<number> {
    for await (const bytes of lines(from)) {
      this.#line++;
      if (this.#ended) throw this.#unusable('something follows the last line');
      const line = this.#parse(bytes);
      if (this.#line === 1) {
        this.#header(line);
      } else if ('sha256' in line) {
        this.#trailer(line);
      } else {
        this.#digest.update(bytes).update('\n');
        if ('deleted' in line) await this.#deletion(line);
        else await this.#event(line);
      }
    }
    if (!this.#ended) throw this.#unusable(this.#line === 0 ? 'it is empty' : 'it is cut: the last line is missing');
    await this.#flush();
    return this.#events;
  }

  #header({ format, version, events }: Record<string, unknown>): void {
    if (format !== exportFormat) throw this.#unusable('this is not an exported log');
    if (version !== exportVersion) throw this.#unusable(`its version is ${String(version)}, not ${exportVersion}`);
    this.#totalEvents = Number(events);
  }

  async #event({ position, stream, revision, id, type, data, metadata }: Record<string, unknown>): Promise<void> {
    if (this.#deleted > 0) throw this.#unusable('an event follows a deletion');
    if (position !== String(++this.#events)) throw this.#unusable(`position ${this.#events} comes next`);
    if (typeof stream !== 'string' || typeof id !== 'string' || typeof type !== 'string' || data === undefined) {
      throw this.#unusable('this is not an event');
    }
    if (!Number.isSafeInteger(revision)) throw this.#unusable('its revision is not a number');
    const expected = revision === 0 ? 'none' : (revision as number) - 1;
    const event = { id, type, data, metadata } as ProposedEvent;
    this.#group.push({ position: BigInt(this.#events), append: { stream, expected, events: [event] } });
    if (this.#group.length >= groupEvents) await this.#flush();
  }

  async #deletion({ deleted }: Record<string, unknown>): Promise<void> {
    await this.#flush();
    this.#deleted++;
    if (typeof deleted !== 'string') throw this.#unusable('this is not a deletion');
    await this.#store.deleteStream(deleted, 'any');
  }

  #trailer({ events, deleted, sha256 }: Record<string, unknown>): void {
    if (events !== this.#events || events !== this.#totalEvents || deleted !== this.#deleted) {
      throw this.#unusable(`it has ${this.#events} events and ${this.#deleted} deletions, not what it says`);
    }
    if (sha256 !== this.#digest.digest('hex')) throw this.#unusable('its digest does not match: it was changed');
    this.#ended = true;
  }

  /** Appends submitted one after the other keep their order, and share a flush. */
  async #flush(): Promise<void> {
    const group = this.#group;
    this.#group = [];
    const outcomes = await Promise.allSettled(group.map(({ append }) => this.#store.append([append])));
    for (const [index, outcome] of outcomes.entries()) {
      const { position, append } = group[index]!;
      if (outcome.status === 'rejected') {
        if (!(outcome.reason instanceof RevisionConflict)) throw outcome.reason;
        throw this.#unusable(`the event at ${position} does not fit: ${outcome.reason.message}`);
      }
      if (outcome.value[0]!.position !== position) {
        throw this.#unusable(`the event at ${position} repeats one that ${append.stream} has`);
      }
    }
    this.#onProgress({ events: this.#events, totalEvents: this.#totalEvents });
  }

  #parse(bytes: Buffer): Record<string, unknown> {
    try {
      const line: unknown = JSON.parse(bytes.toString());
      if (typeof line === 'object' && line !== null && !Array.isArray(line)) return line as Record<string, unknown>;
    } catch {
      // It is told below.
    }
    throw this.#unusable('this is not a JSON object');
  }

  #unusable(detail: string): ExportUnusable {
    return new ExportUnusable(this.#line, detail);
  }
}

/** Splits at line feeds only: readline would also split at U+2028, which JSON leaves as it is. */
async function* lines(from: Readable): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  for await (const chunk of from as AsyncIterable<Buffer | string>) {
    const bytes = Buffer.from(chunk as Buffer);
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      yield Buffer.concat([...parts, bytes.subarray(start, end)]);
      parts = [];
      start = end + 1;
    }
    if (start < bytes.length) parts.push(bytes.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}

async function assertEmpty(directory: string): Promise<void> {
  const entries = await readdir(directory).catch(ignoreMissing);
  if (entries !== undefined && entries.length > 0) {
    throw new StoreUnreadable(directory, 'an import needs a directory that is empty or does not exist');
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
