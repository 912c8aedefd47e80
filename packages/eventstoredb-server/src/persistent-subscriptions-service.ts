import { status, type handleBidiStreamingCall } from '@grpc/grpc-js';
import { unary } from './calls.js';
import { usernameOf } from './basic-credentials.js';
import type { ConsumerStrategy } from './consumer-strategy.js';
import { exception, InvalidArgument, statusOf, type StatusError } from './errors.js';
import type { EventDatabase } from './event-database.js';
import { revisionOf } from './expected-revision.js';
import { eventFilter, matcher, type EventFilter } from './filter.js';
import type {
  ConnectionInfo,
  Consumer,
  GroupConfig,
  GroupSettings,
  NackAction,
  PersistentSubscription,
} from './persistent-subscription.js';
import { GroupExists, GroupNotFound, type PersistentSubscriptions } from './persistent-subscriptions.js';
import { persistent, shared, type persistentGrpc } from './protocol.js';
import { readEvent, streamNameOf, uuidText } from './wire.js';

const all = '$all';
const defaultBufferSize = 10;
const ticksPerMs = 10_000;

/** `event_store.client.persistent_subscriptions.PersistentSubscriptions`: groups of consumers that share the events. */
export function persistentSubscriptionsService(
  database: EventDatabase,
  subscriptions: PersistentSubscriptions,
): persistentGrpc.IPersistentSubscriptionsServer {
  return {
    create: unary(async (request: persistent.CreateReq) => {
      const options = request.getOptions()!;
      await told(subscriptions.create(await groupConfig(database, options)));
      return new persistent.CreateResp();
    }),
    update: unary(async (request: persistent.UpdateReq) => {
      const options = request.getOptions()!;
      await told(subscriptions.update(await groupConfig(database, options)));
      return new persistent.UpdateResp();
    }),
    delete: unary(async (request: persistent.DeleteReq) => {
      const options = request.getOptions()!;
      await told(subscriptions.delete(sourceOf(options), options.getGroupName()));
      return new persistent.DeleteResp();
    }),
    read: read(subscriptions),
    getInfo: unary(async (request: persistent.GetInfoReq) => {
      const options = request.getOptions()!;
      const group = find(subscriptions, sourceOf(options), options.getGroupName());
      return new persistent.GetInfoResp().setSubscriptionInfo(await subscriptionInfo(group));
    }),
    replayParked: unary(async (request: persistent.ReplayParkedReq) => {
      const options = request.getOptions()!;
      const group = find(subscriptions, sourceOf(options), options.getGroupName());
      await group.replayParked(options.hasStopAt() ? revisionOf(options.getStopAt()) : undefined);
      return new persistent.ReplayParkedResp();
    }),
    list: unary(async (request: persistent.ListReq) => {
      const forStream = request.getOptions()?.getListForStream();
      const source =
        forStream === undefined ? undefined : forStream.hasAll() ? all : streamNameOf(forStream.getStream());
      const groups = subscriptions.list(source);
      if (groups.length === 0 && source !== undefined) throw notFound(new GroupNotFound(source, ''));
      return new persistent.ListResp().setSubscriptionsList(await Promise.all(groups.map(subscriptionInfo)));
    }),
    restartSubsystem: unary(async () => {
      await subscriptions.restart();
      return new shared.Empty();
    }),
  };
}

/** A consumer's connection: it says which group it belongs to, then acknowledges what it is sent. */
function read(
  subscriptions: PersistentSubscriptions,
): handleBidiStreamingCall<persistent.ReadReq, persistent.ReadResp> {
  return (call) => {
    let group: PersistentSubscription | undefined;
    let consumer: Consumer | undefined;

    const join = (options: persistent.ReadReq.Options): void => {
      const source = sourceOf(options);
      group = find(subscriptions, source, options.getGroupName());
      const fields = { 'stream-name': source, 'group-name': group.config.group };
      if (group.isFull) {
        throw exception(status.FAILED_PRECONDITION, 'maximum-subscribers-reached', 'the group is full', fields);
      }
      const structuredIds = options.getUuidOption()?.hasStructured() ?? false;
      consumer = {
        bufferSize: options.getBufferSize() || defaultBufferSize,
        connectionName: call.metadata.get('connection-name')[0]?.toString() ?? '',
        username: usernameOf(call.metadata),
        from: call.getPeer(),
        send: (resolved, retryCount) => {
          const message = new persistent.ReadResp.ReadEvent();
          readEvent(message, () => new persistent.ReadResp.ReadEvent.RecordedEvent(), resolved, structuredIds);
          call.write(new persistent.ReadResp().setEvent(message.setRetryCount(retryCount)));
        },
        // An error and not an end: after an end, a client that is disposed would wait for it for ever.
        drop: () => {
          const message = 'the consumer stopped, or the group was changed or deleted';
          call.emit('error', statusOf(exception(status.CANCELLED, 'persistent-subscription-dropped', message, fields)));
        },
      };
      const confirmation = new persistent.ReadResp.SubscriptionConfirmation().setSubscriptionId(
        `${source}::${group.config.group}`,
      );
      call.write(new persistent.ReadResp().setSubscriptionConfirmation(confirmation));
      group.join(consumer);
    };

    call.on('data', (request: persistent.ReadReq) => {
      try {
        if (request.hasOptions() && consumer === undefined) join(request.getOptions()!);
        if (request.hasAck()) group?.ack(request.getAck()!.getIdsList().map(uuidText));
        const nack = request.getNack();
        if (nack !== undefined && consumer !== undefined) {
          group?.nack(consumer, nack.getIdsList().map(uuidText), nackAction(nack.getAction()), nack.getReason());
        }
      } catch (error) {
        call.emit('error', statusOf(error));
      }
    });
    const leave = () => {
      if (consumer !== undefined) group?.leave(consumer);
    };
    call.on('cancelled', leave);
    call.on('error', leave);
    call.on('end', () => {
      leave();
      call.end();
    });
  };
}

function nackAction(action: persistent.ReadReq.Nack.Action): NackAction {
  switch (action) {
    case persistent.ReadReq.Nack.Action.PARK:
      return 'park';
    case persistent.ReadReq.Nack.Action.SKIP:
      return 'skip';
    case persistent.ReadReq.Nack.Action.STOP:
      return 'stop';
    case persistent.ReadReq.Nack.Action.RETRY:
    case persistent.ReadReq.Nack.Action.UNKNOWN:
      return 'retry';
  }
}

function find(subscriptions: PersistentSubscriptions, source: string, group: string): PersistentSubscription {
  try {
    return subscriptions.get(source, group);
  } catch (error) {
    throw error instanceof GroupNotFound ? notFound(error) : error;
  }
}

function told<Result>(change: Promise<Result>): Promise<Result> {
  return change.catch((error: unknown) => {
    if (error instanceof GroupNotFound) throw notFound(error);
    if (!(error instanceof GroupExists)) throw error;
    throw exception(status.ALREADY_EXISTS, 'persistent-subscription-exists', error.message, namesOf(error));
  });
}

function notFound(error: GroupNotFound): StatusError {
  return exception(status.NOT_FOUND, 'persistent-subscription-does-not-exist', error.message, namesOf(error));
}

function namesOf({ source, group }: { readonly source: string; readonly group: string }) {
  return { 'stream-name': source, 'group-name': group };
}

function sourceOf(options: { hasAll(): boolean; getStreamIdentifier(): shared.StreamIdentifier | undefined }): string {
  return options.hasAll() ? all : streamNameOf(options.getStreamIdentifier());
}

type ConfigOptions = persistent.CreateReq.Options | persistent.UpdateReq.Options;

async function groupConfig(database: EventDatabase, options: ConfigOptions): Promise<GroupConfig> {
  const group = options.getGroupName();
  if (group === '') throw new InvalidArgument('a group needs a name');
  const message = options.getSettings();
  if (message === undefined) throw new InvalidArgument('a group needs settings');
  const settings = groupSettings(message);
  const ofAll = options.getAll();
  if (ofAll !== undefined) {
    const position = ofAll.getPosition()?.getCommitPosition();
    const startFrom = ofAll.hasEnd() ? '-1' : (position ?? '0');
    // It begins with the event at the position.
    const startAfter = ofAll.hasEnd() ? await database.head() : BigInt(startFrom) - 1n;
    return { source: all, group, settings, startFrom, startAfter: String(startAfter), ...filterOf(ofAll) };
  }
  const ofStream = options.getStream();
  const source = streamNameOf(ofStream?.getStreamIdentifier() ?? options.getStreamIdentifier());
  // Older clients say it in the settings.
  const revision = ofStream === undefined ? BigInt.asIntN(64, BigInt(message.getRevision())) : revisionIn(ofStream);
  const startAfter = revision < 0n ? BigInt(await database.lastRevision(source)) : revision - 1n;
  return { source, group, settings, startFrom: String(revision), startAfter: String(startAfter) };
}

function revisionIn(options: { hasEnd(): boolean; hasRevision(): boolean; getRevision(): string }): bigint {
  if (options.hasEnd()) return -1n;
  return options.hasRevision() ? BigInt(options.getRevision()) : 0n;
}

function filterOf(options: persistent.CreateReq.AllOptions | persistent.UpdateReq.AllOptions): {
  filter?: EventFilter;
} {
  if (!(options instanceof persistent.CreateReq.AllOptions)) return {};
  const message = options.getFilter();
  if (message === undefined) return {};
  const filter = eventFilter(message);
  matcher(filter);
  return { filter };
}

const strategies: readonly ConsumerStrategy[] = ['DispatchToSingle', 'RoundRobin', 'Pinned'];

function groupSettings(message: persistent.CreateReq.Settings | persistent.UpdateReq.Settings): GroupSettings {
  const named = message instanceof persistent.CreateReq.Settings ? message.getConsumerStrategy() : '';
  const strategy = named === 'PinnedByCorrelation' ? named : strategies[message.getNamedConsumerStrategy()];
  if (strategy === undefined) throw new InvalidArgument(`there is no consumer strategy "${named}"`);
  return {
    resolveLinks: message.getResolveLinks(),
    extraStatistics: message.getExtraStatistics(),
    messageTimeoutMs: message.hasMessageTimeoutTicks()
      ? Number(message.getMessageTimeoutTicks()) / ticksPerMs
      : message.getMessageTimeoutMs(),
    maxRetryCount: message.getMaxRetryCount(),
    checkpointAfterMs: message.hasCheckpointAfterTicks()
      ? Number(message.getCheckpointAfterTicks()) / ticksPerMs
      : message.getCheckpointAfterMs(),
    minCheckpointCount: message.getMinCheckpointCount(),
    maxCheckpointCount: message.getMaxCheckpointCount(),
    maxSubscriberCount: message.getMaxSubscriberCount(),
    liveBufferSize: message.getLiveBufferSize(),
    readBatchSize: message.getReadBatchSize(),
    historyBufferSize: message.getHistoryBufferSize(),
    consumerStrategy: strategy,
  };
}

async function subscriptionInfo(subscription: PersistentSubscription): Promise<persistent.SubscriptionInfo> {
  const { config, statistics, connections } = subscription;
  const { source, group, settings, startFrom } = config;
  const place = (value: bigint | string | undefined): string => {
    if (value === undefined) return '';
    return source === all ? `C:${value}/P:${value}` : String(value);
  };
  return new persistent.SubscriptionInfo()
    .setEventSource(source)
    .setGroupName(group)
    .setStatus('Live')
    .setConnectionsList(connections.map((connection) => connectionInfo(connection, settings)))
    .setAveragePerSecond(statistics.itemsPerSecond)
    .setTotalItems(String(statistics.totalItems))
    .setCountSinceLastMeasurement('0')
    .setLastCheckpointedEventPosition(place(statistics.lastCheckpointed))
    .setLastKnownEventPosition(place(statistics.lastKnown))
    .setResolveLinkTos(settings.resolveLinks)
    .setStartFrom(place(startFrom))
    .setMessageTimeoutMilliseconds(settings.messageTimeoutMs)
    .setExtraStatistics(settings.extraStatistics)
    .setMaxRetryCount(settings.maxRetryCount)
    .setLiveBufferSize(settings.liveBufferSize)
    .setBufferSize(settings.historyBufferSize)
    .setReadBatchSize(settings.readBatchSize)
    .setCheckPointAfterMilliseconds(settings.checkpointAfterMs)
    .setMinCheckPointCount(settings.minCheckpointCount)
    .setMaxCheckPointCount(settings.maxCheckpointCount)
    .setReadBufferCount(statistics.waiting)
    .setLiveBufferCount('0')
    .setRetryBufferCount(statistics.retrying)
    .setTotalInFlightMessages(statistics.inFlight)
    .setOutstandingMessagesCount(statistics.unfinished)
    .setNamedConsumerStrategy(settings.consumerStrategy)
    .setMaxSubscriberCount(settings.maxSubscriberCount)
    .setParkedMessageCount(String(await subscription.parkedCount()));
}

function connectionInfo(
  { consumer, totalItems, inFlight, processingMs, itemsPerSecond }: ConnectionInfo,
  { extraStatistics }: GroupSettings,
): persistent.SubscriptionInfo.ConnectionInfo {
  return new persistent.SubscriptionInfo.ConnectionInfo()
    .setFrom(consumer.from)
    .setUsername(consumer.username)
    .setConnectionName(consumer.connectionName)
    .setAverageItemsPerSecond(itemsPerSecond)
    .setTotalItems(String(totalItems))
    .setCountSinceLastMeasurement('0')
    .setAvailableSlots(consumer.bufferSize - inFlight)
    .setInFlightMessages(inFlight)
    .setObservedMeasurementsList(extraStatistics ? measurements(processingMs) : []);
}

/** How long a consumer takes for an event, in milliseconds. */
function measurements(processingMs: readonly number[]): persistent.SubscriptionInfo.Measurement[] {
  const sorted = [...processingMs].sort((one, other) => one - other);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  const values: readonly (readonly [string, number])[] = [
    ['Mean', sorted.reduce((sum, ms) => sum + ms, 0) / Math.max(1, sorted.length)],
    ['Median', at(0.5)],
    ['Fastest', at(0)],
    ...[1, 2, 3, 4, 5].map((quintile) => [`Quintile ${quintile}`, at(quintile / 5)] as const),
    ['90%', at(0.9)],
    ['95%', at(0.95)],
    ['99%', at(0.99)],
    ['99.5%', at(0.995)],
    ['99.9%', at(0.999)],
    ['Highest', at(1)],
  ];
  return values.map(([key, value]) =>
    new persistent.SubscriptionInfo.Measurement().setKey(key).setValue(String(Math.round(value))),
  );
}
