import {
  type AllStreamResolvedEvent,
  type KurrentDBClient,
  type Position,
  type ReadPosition,
  streamNameFilter,
} from '@kurrent/kurrentdb-client';

/** A subscription ended without a word, as when the server shuts down. */
class SubscriptionDropped extends Error {
  override readonly name = 'SubscriptionDropped';
}

export interface LiveLogOptions {
  readonly prefix: string;
  /** Events after this place. */
  readonly from: ReadPosition;
  readonly signal: AbortSignal;
  /** Hears of places up to which there was nothing more for this log. */
  readonly onCheckpoint: (place: Position) => void;
}

/** So many events may wait to be taken, and about as many again on their way through the client. */
const bufferedEvents = 32;

/** The server tells that it passed events of others once in so many of its search windows of 32. */
const checkpointInterval = 32;

/**
 * One subscription, for as long as its connection stands: what is in the log, then what is appended, in batches of what has
 * arrived. A reader that takes nothing lets the connection's window run full, and the server waits.
 * @throws whatever ends it, but for the signal
 */
export async function* readLive(
  client: KurrentDBClient,
  { prefix, from, signal, onCheckpoint }: LiveLogOptions,
): AsyncGenerator<readonly AllStreamResolvedEvent[]> {
  const filter = streamNameFilter({
    prefixes: [prefix],
    checkpointInterval,
    checkpointReached: (_, place) => {
      // Events before it that are not taken yet would be lost if reading went on from here.
      if (isIdle && subscription.readableLength === 0) onCheckpoint(place);
    },
  });
  const subscription = client.subscribeToAll(
    { fromPosition: from, filter, requiresLeader: true },
    { highWaterMark: bufferedEvents },
  );
  let isIdle = false;
  let failure: Error | undefined;
  let wake = (): void => undefined;
  const onChange = () => wake();
  const onEnd = (error?: Error) => {
    failure ??= error ?? new SubscriptionDropped('the subscription ended');
    wake();
  };
  subscription.on('readable', onChange).on('error', onEnd).on('end', onEnd).on('close', onEnd);
  signal.addEventListener('abort', onChange);
  try {
    while (!signal.aborted) {
      const batch: AllStreamResolvedEvent[] = [];
      while (batch.length < bufferedEvents) {
        const event = subscription.read() as AllStreamResolvedEvent | null;
        if (event === null) break;
        batch.push(event);
      }
      if (batch.length > 0) {
        yield batch;
      } else if (failure !== undefined) {
        throw failure;
      } else {
        isIdle = true;
        await new Promise<void>((resolve) => (wake = resolve));
        isIdle = false;
      }
    }
  } finally {
    signal.removeEventListener('abort', onChange);
    // One that could not begin cannot be ended.
    await subscription.unsubscribe().catch(() => undefined);
  }
}
