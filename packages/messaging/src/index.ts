export type { NatsConnection } from '@nats-io/transport-node';
export { connectToNats, isConnected, type ConnectOptions, type Forbidden } from './connection.js';
export { Election, type ElectionOptions } from './election.js';
export { InvalidNatsUrl, NatsUnauthorized, NatsUnreachable } from './connection.js';
export {
  fromEventMessage,
  toEventMessage,
  type MirroredEvent,
  type MirrorLink,
  type OutgoingMessage,
} from './message.js';
export { MalformedMessage } from './malformed-message.js';
export { maxRequestBytes, type IncomingRequest, type OutgoingCommand, type OutgoingQuery } from './request.js';
export { type CommandReply, type Failure, type FailureReply, newerVersionNeeded } from './reply.js';
export { serveRequests, type RequestServer, type RequestStatistics, type ServeOptions } from './request-server.js';
export { MessageTooLarge, NoAnswer, RequestClient, ServiceUnavailable } from './request-client.js';
export { PayloadLimitTooLow, Relay, type RelayOptions, type RelayStatus } from './relay.js';
export { MirrorGap } from './chain.js';
export {
  consumeMirror,
  type Checkpoint,
  type ConsumeOptions,
  type MirrorConsumer,
  type MirrorConsumerStatus,
  type MirrorDelivery,
} from './mirror-consumer.js';
export {
  failSpan,
  inSpan,
  isTraced,
  recordSpan,
  startSpan,
  traceIdOf,
  traceparentOf,
  type SpanOptions,
} from './tracing.js';
export { react, type Reaction, type ReactionStatus, type ReactOptions } from './reaction.js';
