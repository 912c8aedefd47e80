import { randomUUID } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import type { Message } from 'google-protobuf';
import { clientStreaming, unary } from './calls.js';
import { InvalidArgument, StatusError } from './errors.js';
import { Refused, type Append, type EventDatabase, type Mismatch } from './event-database.js';
import { json, octetStream, type ProposedRecord } from './event.js';
import { expectedNumber, fromExpectedNumber } from './expected-revision.js';
import { weightBytes } from './limits.js';
import { writable } from './own-streams.js';
import { protobufAny, rpcStatus, streamsV2, streamsV2Errors, type streamsV2Grpc } from './protocol.js';
import { uuid, uuidText } from './wire.js';

/** `kurrentdb.protocol.v2.streams.StreamsService`: appends to several streams, to all of them or to none. */
export function streamsServiceV2(database: EventDatabase, maxAppendBytes: number): streamsV2Grpc.IStreamsServiceServer {
  return {
    appendSession: clientStreaming((requests: AsyncIterable<streamsV2.AppendRequest>) =>
      appendSession(database, requests, new SizeCheck(maxAppendBytes)),
    ),
    appendRecords: unary((request: streamsV2.AppendRecordsRequest) =>
      appendRecords(database, request, new SizeCheck(maxAppendBytes)),
    ),
  };
}

async function appendSession(
  database: EventDatabase,
  messages: AsyncIterable<streamsV2.AppendRequest>,
  size: SizeCheck,
): Promise<streamsV2.AppendSessionResponse> {
  const appends: Append[] = [];
  for await (const message of messages) {
    const stream = writable(nameOf(message.getStream()));
    const expected = expectedState(message.hasExpectedRevision() ? message.getExpectedRevision()! : '-2');
    appends.push({ stream, expected, events: message.getRecordsList().map((record) => size.take(record)) });
  }
  if (appends.length === 0) {
    throw new StatusError(status.FAILED_PRECONDITION, 'an append session needs at least one request');
  }
  assertDistinct(appends);
  const answers = await database.append(appends).catch((error: unknown) => {
    throw error instanceof Refused ? refusedSession(error.mismatches[0]!) : error;
  });
  return new streamsV2.AppendSessionResponse().setPosition(String(lastPosition(answers))).setOutputList(
    answers.map(({ stream, revision, position }) => {
      const output = new streamsV2.AppendResponse().setStream(stream).setStreamRevision(String(revision ?? -1));
      return position === undefined ? output : output.setPosition(String(position));
    }),
  );
}

/** Records of several streams in any order, with conditions on streams whether they are written to or not. */
async function appendRecords(
  database: EventDatabase,
  request: streamsV2.AppendRecordsRequest,
  size: SizeCheck,
): Promise<streamsV2.AppendRecordsResponse> {
  const records = new Map<string, ProposedRecord[]>();
  for (const record of request.getRecordsList()) {
    const stream = writable(nameOf(record.getStream()));
    records.set(stream, [...(records.get(stream) ?? []), size.take(record)]);
  }
  if (records.size === 0) throw new InvalidArgument('there is nothing to append');
  const checks = request.getChecksList().map((check): Append => {
    const state = check.getStreamState();
    if (state === undefined) throw new InvalidArgument('a check needs the state of a stream');
    return { stream: nameOf(state.getStream()), expected: expectedState(state.getExpectedState()), events: [] };
  });
  assertDistinct(checks);
  const appends = [...records].map(([stream, events]): Append => {
    const expected = checks.find((check) => check.stream === stream)?.expected ?? 'any';
    return { stream, expected, events };
  });
  const otherStreams = checks.filter(({ stream }) => !records.has(stream));
  const answers = await database.append(appends, otherStreams).catch((error: unknown) => {
    throw error instanceof Refused ? violations(error.mismatches, checks) : error;
  });
  return new streamsV2.AppendRecordsResponse()
    .setPosition(String(lastPosition(answers)))
    .setRevisionsList(
      answers.map(({ stream, revision }) =>
        new streamsV2.StreamRevision().setStream(stream).setRevision(String(revision)),
      ),
    );
}

/** Counts what the records of a request weigh. */
class SizeCheck {
  #bytes = 0;

  constructor(private readonly maxAppendBytes: number) {}

  /** @throws StatusError when the records are too big together */
  take(record: streamsV2.AppendRecord): ProposedRecord {
    const proposed = proposedRecord(record);
    this.#bytes += weightBytes(proposed);
    if (this.#bytes > this.maxAppendBytes) {
      const details = new streamsV2Errors.AppendTransactionSizeExceededErrorDetails()
        .setSize(this.#bytes)
        .setMaxSize(this.maxAppendBytes);
      const message = 'the records are too big together';
      throw detailed(status.ABORTED, message, 'AppendTransactionSizeExceededErrorDetails', details);
    }
    return proposed;
  }
}

/** A record's properties are its custom metadata, to which what is known of its schema is added. */
function proposedRecord(record: streamsV2.AppendRecord): ProposedRecord {
  const schema = record.getSchema();
  const type = schema?.getName() ?? '';
  if (type === '') throw new InvalidArgument('a record needs the name of its schema');
  const format = schema!.getFormat();
  const metadata: { [name: string]: unknown } = { '$schema.format': formatName(format), '$schema.name': type };
  if (schema!.hasId()) metadata['$schema.id'] = schema!.getId();
  for (const [name, value] of record.getPropertiesMap().entries()) metadata[name] = value.toJavaScript();
  return {
    id: record.hasRecordId() ? uuidText(uuid(record.getRecordId()!)) : randomUUID(),
    type,
    contentType: format === streamsV2.SchemaFormat.SCHEMA_FORMAT_JSON ? json : octetStream,
    data: record.getData_asU8(),
    customMetadata: Buffer.from(JSON.stringify(metadata)),
  };
}

function formatName(format: streamsV2.SchemaFormat): string {
  switch (format) {
    case streamsV2.SchemaFormat.SCHEMA_FORMAT_JSON:
      return 'Json';
    case streamsV2.SchemaFormat.SCHEMA_FORMAT_PROTOBUF:
      return 'Protobuf';
    case streamsV2.SchemaFormat.SCHEMA_FORMAT_AVRO:
      return 'Avro';
    case streamsV2.SchemaFormat.SCHEMA_FORMAT_BYTES:
      return 'Bytes';
    case streamsV2.SchemaFormat.SCHEMA_FORMAT_UNSPECIFIED:
      throw new InvalidArgument('a record needs the format of its schema');
  }
}

function expectedState(text: string) {
  const expected = fromExpectedNumber(text);
  if (expected === undefined) throw new InvalidArgument(`${text} is nothing that can be expected of a stream`);
  return expected;
}

function nameOf(stream: string): string {
  if (stream === '') throw new InvalidArgument('a stream needs a name');
  return stream;
}

function assertDistinct(appends: readonly Append[]): void {
  const names = new Set<string>();
  for (const { stream } of appends) {
    if (names.has(stream)) {
      const details = new streamsV2Errors.StreamAlreadyInAppendSessionErrorDetails().setStream(stream);
      const message = `${stream} may stand in a request only once`;
      throw detailed(status.ABORTED, message, 'StreamAlreadyInAppendSessionErrorDetails', details);
    }
    names.add(stream);
  }
}

function refusedSession({ stream, expected, revision, condition }: Mismatch): StatusError {
  if (condition === 'tombstoned') {
    const details = new streamsV2Errors.StreamTombstonedErrorDetails().setStream(stream);
    const message = `${stream} was deleted for ever`;
    return detailed(status.FAILED_PRECONDITION, message, 'StreamTombstonedErrorDetails', details);
  }
  const details = new streamsV2Errors.StreamRevisionConflictErrorDetails()
    .setStream(stream)
    .setExpectedRevision(String(expectedNumber(expected)))
    .setActualRevision(String(revision ?? -1));
  const message = `${stream} is at revision ${revision ?? 'none'}, expected was ${expected}`;
  return detailed(status.FAILED_PRECONDITION, message, 'StreamRevisionConflictErrorDetails', details);
}

const deletedState = -5;
const tombstonedState = -6;

function violations(mismatches: readonly Mismatch[], checks: readonly Append[]): StatusError {
  const list = mismatches.map(({ stream, expected, revision, condition }) => {
    const index = checks.findIndex((check) => check.stream === stream);
    const actual =
      condition === 'tombstoned' ? tombstonedState : condition === 'deleted' ? deletedState : (revision ?? -1);
    return new streamsV2Errors.ConsistencyViolation().setCheckIndex(Math.max(index, 0)).setStreamState(
      new streamsV2Errors.ConsistencyViolation.StreamStateViolation()
        .setStream(stream)
        .setExpectedState(String(expectedNumber(expected)))
        .setActualState(String(actual)),
    );
  });
  list.sort((one, other) => one.getCheckIndex() - other.getCheckIndex());
  const details = new streamsV2Errors.AppendConsistencyViolationErrorDetails().setViolationsList(list);
  const streams = mismatches.map(({ stream }) => stream).join(', ');
  const message = `not as expected: ${streams}`;
  return detailed(status.FAILED_PRECONDITION, message, 'AppendConsistencyViolationErrorDetails', details);
}

/** The second version of the protocol tells errors by a message in the trailers. */
function detailed(code: status, message: string, name: string, details: Message): StatusError {
  const any = new protobufAny.Any();
  any.pack(details.serializeBinary(), `kurrentdb.protocol.v2.streams.errors.${name}`);
  const trailers = new Metadata();
  const rich = new rpcStatus.Status()
    .setCode(code as number)
    .setMessage(message)
    .setDetails(any);
  trailers.set('grpc-status-details-bin', Buffer.from(rich.serializeBinary()));
  return new StatusError(code, message, trailers);
}

function lastPosition(answers: readonly { readonly position: bigint | undefined }[]): bigint {
  return answers.reduce((last, { position = 0n }) => (position > last ? position : last), 0n);
}
