import { randomUUID } from 'node:crypto';
import type { RecordedEvent } from '@shelfmark/event-sourcing';
import { batchAppend } from './batch-append.js';
import { clientStreaming, serverStreaming, unary } from './calls.js';
import { AppendTooBig, InvalidArgument } from './errors.js';
import {
  caughtUp,
  Refused,
  StreamNotFound,
  type Appended,
  type EventDatabase,
  type Mismatch,
} from './event-database.js';
import type { ProposedRecord } from './event.js';
import { expectedRevision, revisionOf } from './expected-revision.js';
import { eventFilter, matcher, type EventFilter } from './filter.js';
import { weightBytes } from './limits.js';
import { writable } from './own-streams.js';
import { shared, streams, type streamsGrpc } from './protocol.js';
import { proposedRecord, readEvent, streamIdentifier, streamNameOf, timestamp } from './wire.js';

type ReadOptions = streams.ReadReq.Options;

/** `event_store.client.streams.Streams`: reading, subscribing, appending, deleting. */
export function streamsService(database: EventDatabase, maxAppendBytes: number): streamsGrpc.IStreamsServer {
  return {
    read: serverStreaming((request, signal) => read(database, request, signal)),
    append: clientStreaming((requests: AsyncIterable<streams.AppendReq>) => append(database, requests, maxAppendBytes)),
    batchAppend: batchAppend(database, maxAppendBytes),
    delete: unary(async (request: streams.DeleteReq) => {
      const options = request.getOptions();
      const stream = writable(streamNameOf(options?.getStreamIdentifier()));
      const position = await database.deleteStream(stream, expectedBy(options!));
      return new streams.DeleteResp().setPosition(place(new streams.DeleteResp.Position(), position));
    }),
    tombstone: unary(async (request: streams.TombstoneReq) => {
      const options = request.getOptions();
      const stream = writable(streamNameOf(options?.getStreamIdentifier()));
      const position = await database.tombstoneStream(stream, expectedBy(options!));
      return new streams.TombstoneResp().setPosition(place(new streams.TombstoneResp.Position(), position));
    }),
  };
}

async function append(
  database: EventDatabase,
  requests: AsyncIterable<streams.AppendReq>,
  maxAppendBytes: number,
): Promise<streams.AppendResp> {
  let options: streams.AppendReq.Options | undefined;
  let bytes = 0;
  const events: ProposedRecord[] = [];
  for await (const request of requests) {
    options ??= request.getOptions();
    const message = request.getProposedMessage();
    if (message === undefined) continue;
    const event = proposedRecord(message);
    bytes += weightBytes(event);
    // What is too big is read to its end and forgotten: an answer in the middle would reset the connection for others.
    if (bytes <= maxAppendBytes) events.push(event);
  }
  if (options === undefined) throw new InvalidArgument('an append begins with its options');
  if (bytes > maxAppendBytes) throw new AppendTooBig(maxAppendBytes);
  const stream = writable(streamNameOf(options.getStreamIdentifier()));
  try {
    const [appended] = await database.append([{ stream, expected: expectedBy(options), events }]);
    return new streams.AppendResp().setSuccess(success(appended!));
  } catch (error) {
    const [mismatch] = error instanceof Refused ? error.mismatches : [];
    if (mismatch === undefined || mismatch.condition === 'tombstoned') throw error;
    return new streams.AppendResp().setWrongExpectedVersion(wrongExpectedVersion(options, mismatch));
  }
}

function success({ revision, position }: Appended): streams.AppendResp.Success {
  const message = new streams.AppendResp.Success();
  if (revision === undefined) message.setNoStream(new shared.Empty());
  else message.setCurrentRevision(String(revision));
  if (position === undefined) message.setNoPosition(new shared.Empty());
  else message.setPosition(place(new streams.AppendResp.Position(), position));
  return message;
}

/** A conflict is an answer here, not an error. What was expected is told as it was said. */
function wrongExpectedVersion(
  options: streams.AppendReq.Options,
  { revision }: Mismatch,
): streams.AppendResp.WrongExpectedVersion {
  const message = new streams.AppendResp.WrongExpectedVersion();
  if (revision === undefined) message.setCurrentNoStream(new shared.Empty());
  else message.setCurrentRevision(String(revision));
  if (options.hasRevision()) message.setExpectedRevision(options.getRevision());
  else if (options.hasNoStream()) message.setExpectedNoStream(new shared.Empty());
  else if (options.hasStreamExists()) message.setExpectedStreamExists(new shared.Empty());
  else message.setExpectedAny(new shared.Empty());
  return message;
}

function expectedBy(options: {
  hasRevision(): boolean;
  getRevision(): string;
  hasNoStream(): boolean;
  hasStreamExists(): boolean;
}) {
  return expectedRevision({
    revision: options.hasRevision() ? options.getRevision() : undefined,
    none: options.hasNoStream(),
    exists: options.hasStreamExists(),
  });
}

async function* read(
  database: EventDatabase,
  request: streams.ReadReq,
  signal: AbortSignal,
): AsyncGenerator<streams.ReadResp> {
  const options = request.getOptions();
  if (options === undefined) throw new InvalidArgument('a read needs options');
  const filter = options.hasFilter() ? eventFilter(options.getFilter()!) : undefined;
  if (options.hasSubscription()) {
    const subscription = new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId(randomUUID());
    const messages = options.hasAll()
      ? subscribeToAll(database, options, filter, signal)
      : subscribeToStream(database, options, signal);
    yield new streams.ReadResp().setConfirmation(subscription);
    yield* messages;
  } else if (options.hasAll()) {
    yield* readAll(database, options, filter);
  } else {
    yield* readStream(database, options);
  }
}

async function* readStream(database: EventDatabase, options: ReadOptions): AsyncGenerator<streams.ReadResp> {
  const stream = streamNameOf(options.getStream()?.getStreamIdentifier());
  const from = options.getStream()!;
  const backwards = isBackwards(options);
  const revision = from.hasRevision() ? revisionOf(from.getRevision()) : from.hasEnd() ? Infinity : 0;
  try {
    const limit = Number(options.getCount());
    for await (const batch of database.readStream(stream, { from: revision, backwards, limit })) {
      yield* messages(database, options, batch);
    }
  } catch (error) {
    if (!(error instanceof StreamNotFound)) throw error;
    const notFound = new streams.ReadResp.StreamNotFound().setStreamIdentifier(streamIdentifier(stream));
    yield new streams.ReadResp().setStreamNotFound(notFound);
  }
}

async function* readAll(
  database: EventDatabase,
  options: ReadOptions,
  filter: EventFilter | undefined,
): AsyncGenerator<streams.ReadResp> {
  const from = options.getAll()!;
  const position = from.hasPosition() ? BigInt(from.getPosition()!.getCommitPosition()) : undefined;
  // Backwards from the start there is nothing, and forwards from the end neither.
  if (isBackwards(options) ? from.hasStart() : from.hasEnd()) return;
  const batches = isBackwards(options) ? database.readAllBackwards(position) : database.readAllForwards(position ?? 0n);
  const isChosen = matcher(filter);
  let left = Number(options.getCount());
  for await (const batch of batches) {
    const chosen = batch.filter(isChosen).slice(0, left);
    yield* messages(database, options, chosen);
    left -= chosen.length;
    if (left <= 0) return;
  }
}

async function* subscribeToStream(
  database: EventDatabase,
  options: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<streams.ReadResp> {
  const from = options.getStream()!;
  const stream = streamNameOf(from.getStreamIdentifier());
  const after = from.hasEnd() ? 'end' : from.hasRevision() ? revisionOf(from.getRevision()) : -1;
  let revision = after === 'end' ? await database.lastRevision(stream) : after;
  for await (const batch of database.subscribeToStream(stream, after, signal)) {
    if (batch === caughtUp) {
      const message = new streams.ReadResp.CaughtUp().setTimestamp(timestamp(new Date()));
      if (revision >= 0) message.setStreamRevision(String(revision));
      yield new streams.ReadResp().setCaughtUp(message);
    } else {
      yield* messages(database, options, batch);
      revision = batch.at(-1)!.revision;
    }
  }
}

async function* subscribeToAll(
  database: EventDatabase,
  options: ReadOptions,
  filter: EventFilter | undefined,
  signal: AbortSignal,
): AsyncGenerator<streams.ReadResp> {
  const from = options.getAll()!;
  const head = await database.head();
  let position = from.hasEnd() ? head : from.hasPosition() ? BigInt(from.getPosition()!.getCommitPosition()) : 0n;
  const isChosen = matcher(filter);
  let sinceCheckpoint = 0;
  for await (const batch of database.subscribeToAll(position, signal)) {
    if (batch === caughtUp) {
      if (filter !== undefined && position > 0n) yield checkpoint(position);
      const message = new streams.ReadResp.CaughtUp().setTimestamp(timestamp(new Date()));
      message.setPosition(place(new streams.ReadResp.Position(), position));
      yield new streams.ReadResp().setCaughtUp(message);
    } else if (filter === undefined) {
      yield* messages(database, options, batch);
      position = batch.at(-1)!.position;
    } else {
      for (const event of batch) {
        if (isChosen(event)) yield* messages(database, options, [event]);
        position = event.position;
        if (++sinceCheckpoint >= filter.checkpointInterval) {
          yield checkpoint(position);
          sinceCheckpoint = 0;
        }
      }
    }
  }
}

async function* messages(
  database: EventDatabase,
  options: ReadOptions,
  batch: readonly RecordedEvent[],
): AsyncGenerator<streams.ReadResp> {
  const structuredIds = options.getUuidOption()?.hasStructured() ?? false;
  for (const event of batch) {
    const resolved = options.getResolveLinks() ? await database.resolve(event) : { event, link: undefined };
    const message = new streams.ReadResp.ReadEvent();
    readEvent(message, () => new streams.ReadResp.ReadEvent.RecordedEvent(), resolved, structuredIds);
    yield new streams.ReadResp().setEvent(message);
  }
}

function checkpoint(position: bigint): streams.ReadResp {
  const message = place(new streams.ReadResp.Checkpoint(), position).setTimestamp(timestamp(new Date()));
  return new streams.ReadResp().setCheckpoint(message);
}

/** A position is one number here; the protocol has two, which differ only within a transaction of long ago. */
function place<
  Message extends { setCommitPosition(value: string): unknown; setPreparePosition(value: string): unknown },
>(message: Message, position: bigint): Message {
  message.setCommitPosition(String(position));
  message.setPreparePosition(String(position));
  return message;
}

function isBackwards(options: ReadOptions): boolean {
  return options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
}
