import { randomUUID } from 'node:crypto';
import {
  FORWARDS,
  jsonEvent,
  NO_STREAM,
  type Position,
  type ReadPosition,
  START,
  WrongExpectedVersionError,
} from '@kurrent/kurrentdb-client';
import { untilKnown } from './attempts.js';
import { type Connection, connectToServer } from './connection.js';
import { LogNames } from './log-names.js';
import { Pages, pageEvents } from './pages.js';
import { LogIncomplete, NoSuchLog } from './store-errors.js';

/** What lies in a log's own stream. Positions are decimal texts. */
export type LogFact =
  | { readonly type: 'LogCreated'; readonly data: { readonly logId: string } }
  | { readonly type: 'LogCopyBegun'; readonly data: { readonly logId: string } }
  /** The event that had this position in the other store lies here. */
  | { readonly type: 'LogCopyMarked'; readonly data: StoredMark }
  | { readonly type: 'LogCopied'; readonly data: StoredMark & { readonly events: number; readonly sha256: string } }
  | { readonly type: 'LogIdRenewed'; readonly data: { readonly logId: string } };

interface StoredMark {
  readonly position: string;
  readonly commit: string;
  readonly prepare: string;
}

/** An event that was copied: the position that it keeps, and the place where the server has it. */
export interface Mark {
  readonly position: bigint;
  readonly place: Position;
}

/** Which log it is, and where its copied events lie: folded from the log's own stream. */
export class LogRecord {
  logId = '';
  /** How far a copy is: none, begun, or at its end. */
  copy: 'none' | 'begun' | 'complete' = 'none';
  /** Where positions that were kept end. */
  lastCopied: Mark | undefined;
  readonly #marks: Mark[] = [];

  apply({ type, data }: LogFact): void {
    switch (type) {
      case 'LogCreated':
      case 'LogIdRenewed':
        this.logId = data.logId;
        break;
      case 'LogCopyBegun':
        this.logId = data.logId;
        this.copy = 'begun';
        break;
      case 'LogCopyMarked':
        this.#marks.push(markOf(data));
        break;
      case 'LogCopied':
        this.copy = 'complete';
        if (data.events > 0) this.lastCopied = markOf(data);
        break;
    }
  }

  /**
   * Where to read from to come to what follows a position. It may be a while before it: of copied events only some places are
   * known.
   */
  placeBefore(position: bigint | undefined): ReadPosition {
    if (position === undefined || position < 0n) return START;
    if (this.lastCopied === undefined || position > this.lastCopied.position)
      return { commit: position, prepare: position };
    if (position === this.lastCopied.position) return this.lastCopied.place;
    return this.#marks.findLast((mark) => mark.position <= position)?.place ?? START;
  }
}

export function storedMark({ position, place }: Mark): StoredMark {
  return { position: String(position), commit: String(place.commit), prepare: String(place.prepare) };
}

function markOf({ position, commit, prepare }: StoredMark): Mark {
  return { position: BigInt(position), place: { commit: BigInt(commit), prepare: BigInt(prepare) } };
}

/** A log's own stream. */
export class LogRecordStream {
  readonly #pages: Pages;

  constructor(
    private readonly connection: Connection,
    private readonly names: LogNames,
    private readonly closed: AbortSignal,
  ) {
    this.#pages = new Pages(connection, closed);
  }

  /** Nothing where there is no log yet. */
  async read(): Promise<LogRecord | undefined> {
    const record = new LogRecord();
    for (let from = 0n; ; from += BigInt(pageEvents)) {
      const page = await this.#pages.ofStream(this.names.record, {
        from: from === 0n ? START : from,
        direction: FORWARDS,
        maxEvents: pageEvents,
      });
      for (const { event } of page) record.apply(event as unknown as LogFact);
      if (page.length < pageEvents) break;
    }
    return record.logId === '' ? undefined : record;
  }

  /** Begins a log. @returns whether it was this that began it, and not somebody else at the same time */
  async begin(fact: LogFact): Promise<boolean> {
    const event = eventOf(fact);
    try {
      await this.#append(event, NO_STREAM);
      return true;
    } catch (error) {
      if (error instanceof WrongExpectedVersionError) return false;
      throw error;
    }
  }

  async add(fact: LogFact): Promise<void> {
    await this.#append(eventOf(fact), 'any');
  }

  async #append(event: ReturnType<typeof eventOf>, streamState: typeof NO_STREAM | 'any'): Promise<void> {
    await untilKnown('record what the log is', this.closed, () =>
      this.connection.client.appendToStream(this.names.record, event, { streamState }),
    );
  }
}

function eventOf({ type, data }: LogFact) {
  return jsonEvent({ id: randomUUID(), type, data: data as never, metadata: {} });
}

/** The log's record; a log that does not exist is made. @throws LogIncomplete */
export async function openLogRecord(stream: LogRecordStream, { log }: LogNames): Promise<LogRecord> {
  for (;;) {
    const record = await stream.read();
    if (record?.copy === 'begun') throw new LogIncomplete(log);
    if (record !== undefined) return record;
    await stream.begin({ type: 'LogCreated', data: { logId: randomUUID() } });
  }
}

/**
 * Gives a log a new id: after the server was restored from a backup, since the positions that were given out after the backup
 * will be given out again. Mirrors and views are made anew then.
 * @returns the new log id
 * @throws NoSuchLog, LogIncomplete, and what `connectToServer` throws
 */
export async function renewLogId(options: {
  readonly connectionString: string;
  readonly log: string;
}): Promise<string> {
  const names = new LogNames(options.log);
  const connection = await connectToServer({ ...options, waitForServer: false });
  try {
    const stream = new LogRecordStream(connection, names, new AbortController().signal);
    const record = await stream.read();
    if (record === undefined) throw new NoSuchLog(options.log);
    if (record.copy === 'begun') throw new LogIncomplete(options.log);
    const logId = randomUUID();
    await stream.add({ type: 'LogIdRenewed', data: { logId } });
    return logId;
  } finally {
    await connection.client.dispose();
  }
}
