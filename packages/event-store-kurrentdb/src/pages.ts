import {
  type AllStreamResolvedEvent,
  BACKWARDS,
  type Direction,
  END,
  type ReadPosition,
  type ReadRevision,
  type ResolvedEvent,
  StreamDeletedError,
  StreamNotFoundError,
  streamNameFilter,
} from '@kurrent/kurrentdb-client';
import { untilKnown } from './attempts.js';
import type { Connection } from './connection.js';

/** So many events are asked for at once: what a reader keeps in memory, at most. */
export const pageEvents = 256;

/** Reads from the leader, a page at a time: a read that is left open would hold its place on the server. */
export class Pages {
  constructor(
    private readonly connection: Connection,
    private readonly closed: AbortSignal,
  ) {}

  /** A stream that does not exist, or was deleted, has none. */
  async ofStream(
    stored: string,
    page: {
      readonly from: ReadRevision;
      readonly direction: Direction;
      readonly maxEvents: number;
    },
  ): Promise<ResolvedEvent[]> {
    const { from: fromRevision, direction, maxEvents: maxCount } = page;
    const { client, readAs } = this.connection;
    return untilKnown('give a stream', this.closed, async () => {
      try {
        return await all(
          client.readStream(stored, { ...readAs, fromRevision, direction, maxCount, requiresLeader: true }),
        );
      } catch (error) {
        if (error instanceof StreamNotFoundError || error instanceof StreamDeletedError) return [];
        throw error;
      }
    });
  }

  async lastOfStream(stored: string): Promise<ResolvedEvent | undefined> {
    const [last] = await this.ofStream(stored, { from: END, direction: BACKWARDS, maxEvents: 1 });
    return last;
  }

  /** Of all streams whose names begin with the prefix, in the order of the log; the event at `from` is one of them. */
  async ofLog(
    prefix: string,
    page: {
      readonly from: ReadPosition;
      readonly direction: Direction;
      readonly maxEvents: number;
    },
  ): Promise<AllStreamResolvedEvent[]> {
    const { from: fromPosition, direction, maxEvents: maxCount } = page;
    const { client, readAs } = this.connection;
    const filter = streamNameFilter({ prefixes: [prefix] });
    return untilKnown('give the log', this.closed, () =>
      all(client.readAll({ ...readAs, fromPosition, direction, maxCount, filter, requiresLeader: true })),
    );
  }
}

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const page: T[] = [];
  for await (const event of events) page.push(event);
  return page;
}
