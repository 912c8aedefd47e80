import type { handleBidiStreamingCall } from '@grpc/grpc-js';
import type { Message } from 'google-protobuf';
import { AccessDenied, InvalidArgument, statusOf } from './errors.js';
import { Refused, type EventDatabase, type Mismatch } from './event-database.js';
import type { ProposedRecord } from './event.js';
import { expectedRevision } from './expected-revision.js';
import { weightBytes } from './limits.js';
import { writable } from './own-streams.js';
import { protobufAny, protobufEmpty, rpcCode, rpcStatus, shared, streams } from './protocol.js';
import { proposedRecord, streamIdentifier, streamNameOf, uuid, uuidText } from './wire.js';

/** A batch of which not all messages are here yet. */
interface PendingBatch {
  readonly options: streams.BatchAppendReq.Options;
  readonly events: ProposedRecord[];
  bytes: number;
  readonly timer: NodeJS.Timeout | undefined;
}

const maxTimerMs = 2 ** 31 - 1;

/**
 * Many appends over one call, side by side; those to one stream in the order in which they are complete. Each correlation
 * id is answered exactly once: a second answer is one that clients do not expect.
 */
export function batchAppend(
  database: EventDatabase,
  maxAppendBytes: number,
): handleBidiStreamingCall<streams.BatchAppendReq, streams.BatchAppendResp> {
  return (call) => {
    const pending = new Map<string, PendingBatch>();
    const underWay = new Set<Promise<void>>();

    const respond = (id: string, options: streams.BatchAppendReq.Options, response: streams.BatchAppendResp) => {
      response.setCorrelationId(uuid(id)).setStreamIdentifier(options.getStreamIdentifier());
      if (!call.cancelled) call.write(echoExpected(options, response));
    };
    const refuse = (id: string, options: streams.BatchAppendReq.Options, error: rpcStatus.Status) => {
      clearTimeout(pending.get(id)?.timer);
      pending.delete(id);
      respond(id, options, new streams.BatchAppendResp().setError(error));
    };

    const begin = (id: string, options: streams.BatchAppendReq.Options): void => {
      writable(streamNameOf(options.getStreamIdentifier()));
      const leftMs = remainingMs(options);
      const timer =
        leftMs === undefined
          ? undefined
          : setTimeout(() => refuse(id, options, timeout()), Math.min(Math.max(leftMs, 0), maxTimerMs));
      pending.set(id, { options, events: [], bytes: 0, timer });
      if (leftMs !== undefined && leftMs <= 0) refuse(id, options, timeout());
    };

    const receive = (id: string, request: streams.BatchAppendReq): void => {
      const options = request.getOptions();
      if (options !== undefined && !pending.has(id)) begin(id, options);
      const batch = pending.get(id);
      // The rest of a batch that was refused already.
      if (batch === undefined) return;
      for (const message of request.getProposedMessagesList()) {
        const event = proposedRecord(message);
        batch.bytes += weightBytes(event);
        batch.events.push(event);
      }
      if (batch.bytes > maxAppendBytes) {
        refuse(id, batch.options, appendTooBig(maxAppendBytes));
      } else if (request.getIsFinal()) {
        pending.delete(id);
        clearTimeout(batch.timer);
        const writing = write(database, batch).then((response) => respond(id, batch.options, response));
        underWay.add(writing);
        void writing.finally(() => underWay.delete(writing));
      }
    };

    call.on('data', (request: streams.BatchAppendReq) => {
      try {
        const id = uuidText(request.getCorrelationId());
        try {
          receive(id, request);
        } catch (error) {
          const refusal = refusalOf(error);
          if (refusal === undefined) throw error;
          const options = pending.get(id)?.options ?? request.getOptions() ?? new streams.BatchAppendReq.Options();
          refuse(id, options, refusal);
        }
      } catch (error) {
        call.emit('error', statusOf(error));
      }
    });
    const forget = () => {
      for (const { timer } of pending.values()) clearTimeout(timer);
      pending.clear();
    };
    call.on('cancelled', forget);
    call.on('error', forget);
    call.on('end', () => {
      forget();
      void Promise.all(underWay).then(() => call.end());
    });
  };
}

async function write(database: EventDatabase, { options, events }: PendingBatch): Promise<streams.BatchAppendResp> {
  const stream = streamNameOf(options.getStreamIdentifier());
  const expected = expectedRevision({
    revision: options.hasStreamPosition() ? options.getStreamPosition() : undefined,
    none: options.hasNoStream(),
    exists: options.hasStreamExists(),
  });
  try {
    const [appended] = await database.append([{ stream, expected, events }]);
    const { revision, position } = appended!;
    const success = new streams.BatchAppendResp.Success();
    if (revision === undefined) success.setNoStream(new protobufEmpty.Empty());
    else success.setCurrentRevision(String(revision));
    if (position === undefined) success.setNoPosition(new protobufEmpty.Empty());
    else success.setPosition(allPosition(position));
    return new streams.BatchAppendResp().setSuccess(success);
  } catch (error) {
    return new streams.BatchAppendResp().setError(errorOf(error, options));
  }
}

function errorOf(error: unknown, options: streams.BatchAppendReq.Options): rpcStatus.Status {
  if (!(error instanceof Refused)) {
    console.error('An append failed for no fault of its own.', error);
    return rpcError(rpcCode.Code.UNKNOWN, 'it is not known whether it was written', 'Unknown', new shared.Unknown());
  }
  const [mismatch] = error.mismatches;
  if (mismatch!.condition === 'tombstoned') {
    const details = new shared.StreamDeleted().setStreamIdentifier(streamIdentifier(mismatch!.stream));
    return rpcError(rpcCode.Code.FAILED_PRECONDITION, error.message, 'StreamDeleted', details);
  }
  const details = wrongExpectedVersion(options, mismatch!);
  return rpcError(rpcCode.Code.FAILED_PRECONDITION, error.message, 'WrongExpectedVersion', details);
}

function wrongExpectedVersion(
  options: streams.BatchAppendReq.Options,
  { revision }: Mismatch,
): shared.WrongExpectedVersion {
  const message = new shared.WrongExpectedVersion();
  if (revision === undefined) message.setCurrentNoStream(new protobufEmpty.Empty());
  else message.setCurrentStreamRevision(String(revision));
  if (options.hasStreamPosition()) message.setExpectedStreamPosition(options.getStreamPosition());
  else if (options.hasNoStream()) message.setExpectedNoStream(new protobufEmpty.Empty());
  else if (options.hasStreamExists()) message.setExpectedStreamExists(new protobufEmpty.Empty());
  else message.setExpectedAny(new protobufEmpty.Empty());
  return message;
}

function timeout(): rpcStatus.Status {
  return rpcError(rpcCode.Code.DEADLINE_EXCEEDED, 'the deadline has passed', 'Timeout', new shared.Timeout());
}

function appendTooBig(maxAppendBytes: number): rpcStatus.Status {
  const details = new shared.MaximumAppendSizeExceeded().setMaxappendsize(maxAppendBytes);
  return rpcError(rpcCode.Code.INVALID_ARGUMENT, 'the append is too big', 'MaximumAppendSizeExceeded', details);
}

/** What is wrong with a request, whatever the streams hold. */
function refusalOf(error: unknown): rpcStatus.Status | undefined {
  if (error instanceof AccessDenied) {
    return rpcError(rpcCode.Code.PERMISSION_DENIED, error.message, 'AccessDenied', new shared.AccessDenied());
  }
  if (!(error instanceof InvalidArgument)) return undefined;
  const details = new shared.BadRequest().setMessage(error.message);
  return rpcError(rpcCode.Code.INVALID_ARGUMENT, error.message, 'BadRequest', details);
}

function rpcError(code: rpcCode.Code, message: string, name: string, details: Message): rpcStatus.Status {
  const any = new protobufAny.Any();
  any.pack(details.serializeBinary(), `event_store.client.${name}`);
  return new rpcStatus.Status().setCode(code).setMessage(message).setDetails(any);
}

/** The instant is the client's: a clock that is ahead of this one has more time, one that is behind less. */
function remainingMs(options: streams.BatchAppendReq.Options): number | undefined {
  if (options.hasDeadline()) {
    const duration = options.getDeadline()!;
    return duration.getSeconds() * 1000 + duration.getNanos() / 1_000_000;
  }
  const deadline = options.getDeadline21100();
  return deadline === undefined ? undefined : deadline.toDate().getTime() - Date.now();
}

function echoExpected(
  options: streams.BatchAppendReq.Options,
  response: streams.BatchAppendResp,
): streams.BatchAppendResp {
  if (options.hasStreamPosition()) return response.setStreamPosition(options.getStreamPosition());
  if (options.hasNoStream()) return response.setNoStream(options.getNoStream());
  if (options.hasStreamExists()) return response.setStreamExists(options.getStreamExists());
  return response.setAny(new protobufEmpty.Empty());
}

function allPosition(position: bigint): shared.AllStreamPosition {
  return new shared.AllStreamPosition().setCommitPosition(String(position)).setPreparePosition(String(position));
}
