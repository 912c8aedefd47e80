import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { credentials, type ServiceError } from '@grpc/grpc-js';
import protobufDuration from 'google-protobuf/google/protobuf/duration_pb.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  gossip,
  gossipGrpc,
  protobufEmpty,
  serverFeaturesGrpc,
  shared,
  streams,
  streamsGrpc,
  type serverFeatures,
} from './protocol.js';
import { startEventStoreDbServer, type EventStoreDbServer } from './server.js';
import { newStream } from './testing/client-suite.js';
import { until } from './testing/until.js';
import { streamIdentifier, uuid, uuidText } from './wire.js';

/** What other clients may send, and the two official ones in JavaScript do not. */
let server: EventStoreDbServer;
let client: streamsGrpc.StreamsClient;

beforeAll(async () => {
  server = await startEventStoreDbServer();
  client = new streamsGrpc.StreamsClient(`127.0.0.1:${server.port}`, credentials.createInsecure());
});

afterAll(async () => {
  client.close();
  await server.stop();
});

function fill<Message extends streams.AppendReq.ProposedMessage | streams.BatchAppendReq.ProposedMessage>(
  message: Message,
  id: shared.UUID = uuid(randomUUID()),
): Message {
  message.getMetadataMap().set('type', 'test').set('content-type', 'application/json');
  message.setId(id).setData(Buffer.from('{"big":12345678901234567890,"spaced" : 1.0}'));
  return message;
}

const appendOptions = (stream: string) =>
  new streams.AppendReq.Options().setStreamIdentifier(streamIdentifier(stream)).setAny(new shared.Empty());

function append(...requests: streams.AppendReq[]): Promise<streams.AppendResp> {
  return new Promise((resolve, reject) => {
    const call = client.append((error, response) => (error === null ? resolve(response) : reject(error)));
    for (const request of requests) call.write(request);
    call.end();
  });
}

async function read(options: streams.ReadReq.Options): Promise<streams.ReadResp[]> {
  const responses: streams.ReadResp[] = [];
  const call = client.read(new streams.ReadReq().setOptions(options));
  for await (const response of call as AsyncIterable<streams.ReadResp>) responses.push(response);
  return responses;
}

const ofStream = (stream: string) =>
  new streams.ReadReq.Options()
    .setStream(
      new streams.ReadReq.Options.StreamOptions()
        .setStreamIdentifier(streamIdentifier(stream))
        .setStart(new shared.Empty()),
    )
    .setCount('18446744073709551615');

describe('append', () => {
  test('of no events answers where the stream is', async () => {
    const stream = newStream();
    const options = new streams.AppendReq().setOptions(appendOptions(stream));
    expect((await append(options)).getSuccess()!.hasNoStream()).toBe(true);
    await append(options, new streams.AppendReq().setProposedMessage(fill(new streams.AppendReq.ProposedMessage())));
    const success = (await append(options)).getSuccess()!;
    expect(success.getCurrentRevision()).toBe('0');
    expect(success.hasNoPosition()).toBe(true);
  });

  test('keeps JSON as it was written, and ids in either form', async () => {
    const stream = newStream();
    const id = 'f0e1d2c3-b4a5-4697-8879-6a5b4c3d2e1f';
    await append(
      new streams.AppendReq().setOptions(appendOptions(stream)),
      new streams.AppendReq().setProposedMessage(fill(new streams.AppendReq.ProposedMessage(), uuid(id, true))),
    );
    const [plain] = await read(ofStream(stream));
    const recorded = plain!.getEvent()!.getEvent()!;
    expect(recorded.getId()!.getString()).toBe(id);
    expect(Buffer.from(recorded.getData_asU8()).toString()).toBe('{"big":12345678901234567890,"spaced" : 1.0}');
    const inBits = new streams.ReadReq.Options.UUIDOption().setStructured(new shared.Empty());
    const [structured] = await read(ofStream(stream).setUuidOption(inBits));
    expect(structured!.getEvent()!.getEvent()!.getId()!.hasStructured()).toBe(true);
    expect(uuidText(structured!.getEvent()!.getEvent()!.getId())).toBe(id);
  });

  test.each<[string, () => streams.AppendReq[]]>([
    ['no options', () => [new streams.AppendReq().setProposedMessage(fill(new streams.AppendReq.ProposedMessage()))]],
    ['no name', () => [new streams.AppendReq().setOptions(appendOptions(''))]],
    [
      'no id',
      () => [
        new streams.AppendReq().setOptions(appendOptions('x')),
        new streams.AppendReq().setProposedMessage(fill(new streams.AppendReq.ProposedMessage(), uuid('none'))),
      ],
    ],
    [
      'no type',
      () => [
        new streams.AppendReq().setOptions(appendOptions('x')),
        new streams.AppendReq().setProposedMessage(new streams.AppendReq.ProposedMessage().setId(uuid(randomUUID()))),
      ],
    ],
  ])('refuses %s as an invalid argument', async (_what, requests) => {
    await expect(append(...requests())).rejects.toMatchObject({ code: 3 });
  });

  test.each(Array.from({ length: 20 }, (_, attempt) => attempt))(
    'given up before its end does nothing (%i)',
    async () => {
      const stream = newStream();
      const call = client.append(() => undefined);
      call.on('error', () => undefined);
      call.write(new streams.AppendReq().setOptions(appendOptions(stream)));
      call.write(new streams.AppendReq().setProposedMessage(fill(new streams.AppendReq.ProposedMessage())));
      // The server has begun on it once it answers something that was sent later on the same connection.
      await read(ofStream(newStream()));
      call.cancel();
      await read(ofStream(newStream()));
      const [response] = await read(ofStream(stream));
      expect(response!.hasStreamNotFound()).toBe(true);
    },
  );
});

describe('batch append', () => {
  const request = (id: string, isFinal: boolean, options?: streams.BatchAppendReq.Options) =>
    new streams.BatchAppendReq()
      .setCorrelationId(uuid(id))
      .setOptions(options)
      .setIsFinal(isFinal)
      .setProposedMessagesList([fill(new streams.BatchAppendReq.ProposedMessage())]);
  const options = (stream: string) =>
    new streams.BatchAppendReq.Options()
      .setStreamIdentifier(streamIdentifier(stream))
      .setAny(new protobufEmpty.Empty());

  function open() {
    const call = client.batchAppend();
    const responses: streams.BatchAppendResp[] = [];
    call.on('data', (response: streams.BatchAppendResp) => void responses.push(response));
    call.on('error', () => undefined);
    return { call, responses };
  }

  test('answers each correlation id once, however a batch goes wrong', async () => {
    const { call, responses } = open();
    const [late, big, nameless, fine] = Array.from({ length: 4 }, () => randomUUID()) as [
      string,
      string,
      string,
      string,
    ];
    const stream = newStream();
    const noTime = new protobufDuration.Duration().setSeconds(0);
    call.write(request(late, false, options(stream).setDeadline(noTime)));
    call.write(request(late, true));
    const bytes = Buffer.alloc(2 * 1024 * 1024, 0x20);
    const tooBig = request(big, false, options(stream));
    tooBig.getProposedMessagesList()[0]!.setData(bytes);
    call.write(tooBig);
    call.write(request(big, true));
    call.write(request(nameless, false, options('')));
    call.write(request(nameless, true));
    call.write(request(randomUUID(), true));
    call.write(request(fine, false, options(stream)));
    call.write(request(fine, true));
    call.end();
    await once(call, 'end');
    const details = new Map(
      responses.map((response) => [
        response.getCorrelationId()!.getString(),
        response.getError()?.getDetails()?.getTypeName().split('.').at(-1) ??
          response.getSuccess()!.getCurrentRevision(),
      ]),
    );
    expect(responses).toHaveLength(4);
    expect(details).toEqual(
      new Map([
        [late, 'Timeout'],
        [big, 'MaximumAppendSizeExceeded'],
        [nameless, 'BadRequest'],
        [fine, '1'],
      ]),
    );
  });

  test('answers a batch whose end never comes at its deadline', async () => {
    const { call, responses } = open();
    const soon = new protobufDuration.Duration().setSeconds(0).setNanos(50_000_000);
    call.write(request(randomUUID(), false, options(newStream()).setDeadline(soon)));
    await until(() => responses.length === 1);
    expect(responses[0]!.getError()!.getDetails()!.getTypeName()).toBe('event_store.client.Timeout');
    call.end();
    await once(call, 'end');
    expect(responses).toHaveLength(1);
  });

  test('appends to one stream in the order in which batches are complete', async () => {
    const { call, responses } = open();
    const stream = newStream();
    const ids = Array.from({ length: 50 }, () => randomUUID());
    for (const id of ids) call.write(request(id, true, options(stream)));
    call.end();
    await once(call, 'end');
    const revisions = new Map(
      responses.map((response) => [
        response.getCorrelationId()!.getString(),
        response.getSuccess()!.getCurrentRevision(),
      ]),
    );
    expect(ids.map((id) => revisions.get(id))).toEqual(ids.map((_, index) => String(index)));
  });
});

test('a method that is not there is UNIMPLEMENTED', async () => {
  const error = await new Promise<ServiceError | null>((resolve) => {
    client.makeUnaryRequest(
      '/event_store.client.users.Users/Create',
      () => Buffer.alloc(0),
      (bytes: Buffer) => bytes,
      {},
      (error) => resolve(error),
    );
  });
  expect(error).toMatchObject({ code: 12 });
});

test('tells the methods that there are, and one member that leads', async () => {
  const address = `127.0.0.1:${server.port}`;
  const features = new serverFeaturesGrpc.ServerFeaturesClient(address, credentials.createInsecure());
  const supported = await new Promise<serverFeatures.SupportedMethods>((resolve, reject) => {
    features.getSupportedMethods(new shared.Empty(), (error, methods) => (error ? reject(error) : resolve(methods)));
  });
  const methods = supported
    .getMethodsList()
    .map((method) => `${method.getServiceName()}/${method.getMethodName()} ${method.getFeaturesList().join()}`);
  expect(methods).toEqual(
    expect.arrayContaining([
      'event_store.client.streams.streams/batchappend deadline_duration',
      'kurrentdb.protocol.v2.streams.streamsservice/appendsession ',
      'event_store.client.persistent_subscriptions.persistentsubscriptions/create stream,all',
    ]),
  );
  features.close();

  const members = new gossipGrpc.GossipClient(address, credentials.createInsecure());
  const cluster = await new Promise<gossip.ClusterInfo>((resolve, reject) => {
    members.read(new shared.Empty(), (error, info) => (error ? reject(error) : resolve(info)));
  });
  const [member] = cluster.getMembersList();
  expect(cluster.getMembersList()).toHaveLength(1);
  expect(member!.getState()).toBe(gossip.MemberInfo.VNodeState.LEADER);
  expect(member!.getHttpEndPoint()!.toObject()).toEqual({ address: '127.0.0.1', port: server.port });
  members.close();
});
