import { createHash } from 'node:crypto';
import { BACKWARDS, END, START } from '@kurrent/kurrentdb-client';
import { type EventStore, maxAppendBytes, type RecordedEvent, StreamDeleted } from '@shelfmark/event-sourcing';
import { type Connection, connectToServer } from './connection.js';
import { type Draft, toStored } from './event-codec.js';
import { LogNames } from './log-names.js';
import { readEvents, readLastEvent } from './log-reader.js';
import { type LogRecord, LogRecordStream, type Mark, storedMark } from './log-record.js';
import { LogWriter } from './log-writer.js';
import { Pages } from './pages.js';
import { CopyDiffers, LogTaken } from './store-errors.js';

export interface CopyLogOptions {
  /** The log to copy. Nobody may append to it meanwhile, and nobody should afterwards: the copy is this log from then on. */
  readonly from: EventStore;
  readonly connectionString: string;
  /** The log's name on the server. */
  readonly log: string;
  readonly onProgress?: (progress: CopyProgress) => void;
}

export interface CopyProgress {
  readonly phase: 'copying' | 'comparing';
  /** The position that the copy has come to, of `head`. */
  readonly position: bigint;
  readonly head: bigint;
}

export interface CopiedLog {
  readonly logId: string;
  readonly events: number;
  /** Over every event, as it was read from both sides. */
  readonly sha256: string;
}

/** The most events that are written at once. */
const groupEvents = 512;
/** How far apart the places are that are written down, for whoever reads from a position that was kept. */
const eventsPerMark = 4_096;

/**
 * Copies a log to a KurrentDB server: the same streams, revisions, ids and positions, the same log id. Interrupted, it goes on
 * where it stopped. At its end every event of both sides is read and compared; before that no service opens the copy.
 * @throws LogTaken, CopyDiffers, and what `connectToServer` and `EventStore.append` throw
 */
export async function copyLog({ onProgress = () => {}, ...options }: CopyLogOptions): Promise<CopiedLog> {
  const { from, log } = options;
  const connection = await connectToServer({ ...options, waitForServer: false });
  try {
    const copy = new LogCopy(connection, new LogNames(log), from, (await from.head()) ?? 0n, onProgress);
    return await copy.run();
  } finally {
    await connection.client.dispose();
  }
}

class LogCopy {
  readonly #signal = new AbortController().signal;
  readonly #pages: Pages;
  readonly #writer: LogWriter;
  readonly #recordStream: LogRecordStream;
  #eventsSinceMark = 0;

  constructor(
    connection: Connection,
    private readonly names: LogNames,
    private readonly from: EventStore,
    private readonly head: bigint,
    private readonly onProgress: (progress: CopyProgress) => void,
  ) {
    this.#pages = new Pages(connection, this.#signal);
    this.#writer = new LogWriter(connection, names, this.#signal);
    this.#recordStream = new LogRecordStream(connection, names, this.#signal);
  }

  async run(): Promise<CopiedLog> {
    const { copy } = await this.#begin();
    if (copy === 'begun') await this.#copyEvents();
    const { events, sha256, last, goesOn } = await this.#compare();
    if (copy === 'begun') {
      // To a copy that is complete, services have appended.
      if (goesOn) throw new CopyDiffers(this.names.log, this.head, 'it goes on where the log ends');
      const { position, place } = last ?? { position: 0n, place: { commit: 0n, prepare: 0n } };
      if (place.prepare < position) {
        throw new CopyDiffers(this.names.log, position, 'the server would give its positions to other events');
      }
      const mark = storedMark({ position, place });
      await this.#recordStream.add({ type: 'LogCopied', data: { ...mark, events, sha256 } });
    }
    return { logId: this.from.logId, events, sha256 };
  }

  async #begin(): Promise<LogRecord> {
    const { log } = this.names;
    const { logId } = this.from;
    let record = await this.#recordStream.read();
    if (record === undefined) {
      const [other] = await this.#pages.ofLog(this.names.prefix, { from: END, direction: BACKWARDS, maxEvents: 1 });
      if (other !== undefined) throw new LogTaken(log, 'there are events under its name that are of no log');
      // Two copies that begin at once write the same, and what one has written the other finds.
      await this.#recordStream.begin({ type: 'LogCopyBegun', data: { logId } });
      record = (await this.#recordStream.read())!;
    }
    if (record.logId !== logId) throw new LogTaken(log, `another log is there, ${record.logId}`);
    if (record.copy === 'none') throw new LogTaken(log, 'it is there, and was not copied');
    return record;
  }

  async #copyEvents(): Promise<void> {
    const last = await readLastEvent(this.#pages, this.names);
    let group = new Group(this.names);
    for await (const events of this.from.readLog(last && { after: last.event.position })) {
      for (const event of events) {
        if (!group.takes(event)) {
          await this.#write(group);
          group = new Group(this.names);
        }
        group.add(event);
      }
    }
    await this.#write(group);
  }

  async #write({ drafts, events, last }: Group): Promise<void> {
    if (last === undefined) return;
    await this.#writer.write(drafts);
    this.#eventsSinceMark += events;
    if (this.#eventsSinceMark >= eventsPerMark) {
      this.#eventsSinceMark = 0;
      const [written] = await this.#writer.readAt(last.stream, last.revision, 1);
      const mark = storedMark({ position: last.position, place: written!.place });
      await this.#recordStream.add({ type: 'LogCopyMarked', data: mark });
    }
    this.onProgress({ phase: 'copying', position: last.position, head: this.head });
  }

  /** Reads both sides to their ends, and deletes what is deleted over there. */
  async #compare(): Promise<{ events: number; sha256: string; last: Mark | undefined; goesOn: boolean }> {
    const digest = createHash('sha256');
    let events = 0;
    let last: Mark | undefined;
    const copied = readEvents(this.#pages, this.names, START);
    const deleted: string[] = [];
    let page: { readonly value: RecordedEvent; readonly mark: Mark }[] = [];
    for await (const originals of this.from.readLog()) {
      for (const original of originals) {
        if (page.length === 0) {
          const next = await copied.next();
          if (next.done) throw new CopyDiffers(this.names.log, original.position, 'it ends before');
          page = next.value.map(({ event, place }) => ({ value: event, mark: { position: event.position, place } }));
        }
        const { value: copy, mark } = page.shift()!;
        const line = canonical(original);
        if (canonical(copy) !== line) throw new CopyDiffers(this.names.log, original.position, `it holds ${copy.id}`);
        digest.update(line).update('\n');
        events++;
        last = mark;
        if (original.revision === 0 && (await this.#isDeleted(original.stream))) deleted.push(original.stream);
      }
      this.onProgress({ phase: 'comparing', position: originals.at(-1)!.position, head: this.head });
    }
    const goesOn = page.length > 0 || (await copied.next()).done !== true;
    for (const stream of deleted) await this.#delete(stream);
    return { events, sha256: digest.digest('hex'), last, goesOn };
  }

  async #isDeleted(stream: string): Promise<boolean> {
    for await (const _ of this.from.readStream(stream, { limit: 1 })) return false;
    return true;
  }

  async #delete(stream: string): Promise<void> {
    try {
      await this.#writer.tombstone(stream, 'any');
    } catch (error) {
      if (!(error instanceof StreamDeleted)) throw error;
    }
  }
}

/** Events that follow each other in the log and can be written at once without changing their order. */
class Group {
  readonly #drafts = new Map<string, Draft>();
  #bytes = 0;
  events = 0;
  last: RecordedEvent | undefined;

  constructor(private readonly names: LogNames) {}

  get drafts(): readonly Draft[] {
    return [...this.#drafts.values()];
  }

  /** The events of a stream are written side by side: one that comes to a stream again, after another's, has to wait. */
  takes(event: RecordedEvent): boolean {
    if (this.last === undefined) return true;
    const comesBack = event.stream !== this.last.stream && this.#drafts.has(event.stream);
    return !comesBack && this.events < groupEvents && this.#bytes + weightBytes(event) <= maxAppendBytes;
  }

  add(event: RecordedEvent): void {
    const { stream, revision, position } = event;
    const draft = this.#drafts.get(stream) ?? {
      stream,
      stored: this.names.stored(stream),
      expected: revision === 0 ? ('none' as const) : revision - 1,
      events: [],
    };
    draft.events.push(toStored(event, position));
    this.#drafts.set(stream, draft);
    this.#bytes += weightBytes(event);
    this.events++;
    this.last = event;
  }
}

function weightBytes({ data, metadata }: RecordedEvent): number {
  return Buffer.byteLength(JSON.stringify(data)) + Buffer.byteLength(JSON.stringify(metadata));
}

/** Everything that an event is, in one order. */
function canonical({ position, stream, revision, id, type, data, metadata }: RecordedEvent): string {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([String(position), stream, revision, id, type, data, sorted]);
}
