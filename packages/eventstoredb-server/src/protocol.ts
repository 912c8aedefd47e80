/**
 * EventStoreDB's messages and services, as they ship inside the official client: one import of each generated module, under
 * the names of the protocol's packages. They are CommonJS, which is why each comes as its default export.
 */
export { default as shared } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
export { default as rpcStatus } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
export { default as rpcCode } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/code_pb.js';
export { default as streams } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
export { default as streamsGrpc } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
export { default as streamsV2 } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/streams_pb.js';
export { default as streamsV2Grpc } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/streams_grpc_pb.js';
export { default as streamsV2Errors } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v2/streams/errors_pb.js';
export { default as serverFeatures } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_pb.js';
export { default as serverFeaturesGrpc } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/serverfeatures_grpc_pb.js';
export { default as persistent } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/persistentsubscriptions_pb.js';
export { default as persistentGrpc } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/persistentsubscriptions_grpc_pb.js';
export { default as gossip } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_pb.js';
export { default as gossipGrpc } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/gossip_grpc_pb.js';
export { default as protobufAny } from 'google-protobuf/google/protobuf/any_pb.js';
export { default as protobufEmpty } from 'google-protobuf/google/protobuf/empty_pb.js';
export { default as protobufTimestamp } from 'google-protobuf/google/protobuf/timestamp_pb.js';
