import {
  ANY,
  type AppendStreamState,
  FORWARDS,
  MaxAppendSizeExceededError,
  NO_STREAM,
  STREAM_EXISTS,
  StreamDeletedError,
  StreamTombstonedError,
  TransactionMaxSizeExceededError,
  WrongExpectedVersionError,
} from '@kurrent/kurrentdb-client';
import {
  AppendTooLarge,
  type ExpectedRevision,
  RevisionConflict,
  type StreamAppended,
  StreamDeleted,
} from '@shelfmark/event-sourcing';
import { givesUpAfterMs, untilKnown } from './attempts.js';
import type { Connection } from './connection.js';
import { type Draft, fromStored, type StoredEvent } from './event-codec.js';
import type { LogNames } from './log-names.js';
import { Pages } from './pages.js';
import { Turns } from './turns.js';

/** What became of a stream; its position, where the answer tells it. */
type Written = Omit<StreamAppended, 'position'> & { readonly position: bigint | undefined };

/** Writes to the streams of one log. Whatever it is asked has one effect, however often it has to be sent. */
export class LogWriter {
  readonly #pages: Pages;
  readonly #turns = new Turns();

  /** @param copiedUpTo the place of the last event that was copied from another store */
  constructor(
    private readonly connection: Connection,
    private readonly names: LogNames,
    private readonly closed: AbortSignal,
    private readonly copiedUpTo: bigint = -1n,
  ) {
    this.#pages = new Pages(connection, closed);
  }

  /** @throws RevisionConflict, StreamDeleted, AppendTooLarge, Overloaded, StoreFailure */
  async append(drafts: readonly Draft[]): Promise<readonly StreamAppended[]> {
    try {
      const written = await this.#turns.take(givesUpAfterMs, () => this.#write(drafts));
      return await Promise.all(written.map((stream) => this.#placed(stream)));
    } catch (error) {
      throw this.#refusal(error, drafts);
    }
  }

  /** Appends, for whoever does not ask where: the positions of several streams would have to be read. @throws as `append` */
  async write(drafts: readonly Draft[]): Promise<void> {
    try {
      await this.#write(drafts);
    } catch (error) {
      throw this.#refusal(error, drafts);
    }
  }

  /** @throws RevisionConflict, StreamDeleted, StoreFailure */
  async tombstone(stream: string, expected: ExpectedRevision): Promise<void> {
    const stored = this.names.stored(stream);
    for (;;) {
      const expectedRevision = await this.#tombstoneRevision(stored, expected);
      try {
        return await untilKnown('delete a stream', this.closed, async (before) => {
          try {
            await this.connection.client.tombstoneStream(stored, { expectedRevision, requiresLeader: true });
          } catch (error) {
            // Its own former attempt is the likeliest reason.
            if (!(before > 0 && error instanceof StreamDeletedError)) throw error;
          }
        });
      } catch (error) {
        if (error instanceof StreamDeletedError) throw new StreamDeleted(stream);
        if (!(error instanceof WrongExpectedVersionError)) throw error;
        const refusal = conflict(stream, expected, error);
        if (expected !== 'exists' || refusal.actual === undefined) throw refusal;
      }
    }
  }

  /** The events of a stream from a revision on. */
  async readAt(stream: string, from: number, maxEvents: number): Promise<StoredEvent[]> {
    const stored = this.names.stored(stream);
    const page = await this.#pages.ofStream(stored, { from: BigInt(from), direction: FORWARDS, maxEvents });
    return page.flatMap(({ event }) => fromStored(event, this.names) ?? []);
  }

  async #write(drafts: readonly Draft[]): Promise<readonly Written[]> {
    try {
      return await untilKnown('answer an append', this.closed, () => this.#send(drafts));
    } catch (error) {
      const repeated = error instanceof WrongExpectedVersionError ? await this.#alreadyAppended(drafts) : undefined;
      if (repeated) return repeated;
      throw error;
    }
  }

  async #send(drafts: readonly Draft[]): Promise<readonly Written[]> {
    const [first, ...others] = drafts;
    if (others.length > 0) {
      const requests = drafts.map(({ stored, expected, events }) => {
        return { streamName: stored, expectedState: stateOf(expected), events };
      });
      const { responses } = await this.connection.client.multiStreamAppend(requests);
      // The answer has one position for all of them.
      const revisions = new Map(responses.map(({ streamName, revision }) => [streamName, Number(revision)]));
      return drafts.map(({ stream, stored }) => ({ stream, revision: revisions.get(stored)!, position: undefined }));
    }
    const { stream, stored, expected, events } = first!;
    const options = { streamState: stateOf(expected), requiresLeader: true };
    const { nextExpectedRevision, position } = await this.connection.client.appendToStream(stored, events, options);
    const revision = Number(nextExpectedRevision);
    // An event that was copied keeps another position than the server's; only a repetition comes upon one.
    const isKept = position === undefined || position.commit <= this.copiedUpTo;
    return [{ stream, revision, position: isKept ? undefined : position.commit }];
  }

  async #placed({ stream, revision, position }: Written): Promise<StreamAppended> {
    if (position !== undefined) return { stream, revision, position };
    const [last] = await this.readAt(stream, revision, 1);
    // It was there a moment ago, and only a deletion takes it away.
    if (last === undefined) throw new StreamDeletedError(undefined, this.names.stored(stream));
    return { stream, revision, position: last.event.position };
  }

  /** Servers recognise many repetitions themselves, but do not promise it for those over several streams. */
  async #alreadyAppended(drafts: readonly Draft[]): Promise<readonly StreamAppended[] | undefined> {
    const answers: StreamAppended[] = [];
    for (const { stream, expected, events } of drafts) {
      if (expected === 'any' || expected === 'exists') return undefined;
      const recorded = await this.readAt(stream, expected === 'none' ? 0 : expected + 1, events.length);
      const isSame = events.every(({ id }, index) => recorded[index]?.event.id === id);
      if (!isSame) return undefined;
      const { revision, position } = recorded.at(-1)!.event;
      answers.push({ stream, revision, position });
    }
    return answers;
  }

  /** A server takes `exists` for an append, but not for a deletion. */
  async #tombstoneRevision(
    stored: string,
    expected: ExpectedRevision,
  ): Promise<typeof ANY | typeof NO_STREAM | bigint> {
    if (expected === 'any') return ANY;
    if (expected === 'none') return NO_STREAM;
    if (expected !== 'exists') return BigInt(expected);
    const last = await this.#pages.lastOfStream(stored);
    return last?.event?.revision ?? 0n;
  }

  #refusal(error: unknown, drafts: readonly Draft[]): unknown {
    if (error instanceof WrongExpectedVersionError) {
      const { stream, expected } = drafts.find(({ stored }) => stored === error.streamName) ?? drafts[0]!;
      return conflict(stream, expected, error);
    }
    if (error instanceof StreamDeletedError) return new StreamDeleted(this.names.stream(error.streamName));
    if (error instanceof StreamTombstonedError) return new StreamDeleted(this.names.stream(error.stream));
    if (error instanceof MaxAppendSizeExceededError)
      return new AppendTooLarge(error.maxAppendSize, error.maxAppendSize);
    if (error instanceof TransactionMaxSizeExceededError) return new AppendTooLarge(error.size, error.maxSize);
    return error;
  }
}

function stateOf(expected: ExpectedRevision): AppendStreamState {
  if (expected === 'any') return ANY;
  if (expected === 'none') return NO_STREAM;
  if (expected === 'exists') return STREAM_EXISTS;
  return BigInt(expected);
}

function conflict(stream: string, expected: ExpectedRevision, error: WrongExpectedVersionError): RevisionConflict {
  const { actualState } = error;
  const actual = typeof actualState === 'bigint' && actualState >= 0n ? Number(actualState) : undefined;
  return new RevisionConflict(stream, expected, actual);
}
