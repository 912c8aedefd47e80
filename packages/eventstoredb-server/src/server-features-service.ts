import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import { unary } from './calls.js';
import { serverFeatures, type serverFeaturesGrpc } from './protocol.js';

/** The version of the real server whose protocol this is: the first that has all of `StreamsService`. */
export const serverVersion = '26.1.0';

/** Beside methods, clients ask for a few features of them. */
const features: { readonly [method: string]: readonly string[] } = {
  '/event_store.client.streams.Streams/Read': ['position', 'events'],
  '/event_store.client.streams.Streams/BatchAppend': ['deadline_duration'],
  ...Object.fromEntries(
    ['Create', 'Update', 'Delete', 'Read', 'GetInfo', 'ReplayParked', 'List'].map((method) => [
      `/event_store.client.persistent_subscriptions.PersistentSubscriptions/${method}`,
      ['stream', 'all'],
    ]),
  ),
};

/** `event_store.client.server_features.ServerFeatures`: tells which methods there are. */
export function serverFeaturesService(
  definitions: readonly ServiceDefinition<UntypedServiceImplementation>[],
): serverFeaturesGrpc.IServerFeaturesServer {
  const methods = definitions.flatMap((definition) =>
    Object.values(definition).map(({ path }) => {
      const [, service, method] = path.toLowerCase().split('/');
      return new serverFeatures.SupportedMethod()
        .setServiceName(service!)
        .setMethodName(method!)
        .setFeaturesList([...(features[path] ?? [])]);
    }),
  );
  const supported = new serverFeatures.SupportedMethods().setEventStoreServerVersion(serverVersion);
  supported.setMethodsList(methods);
  return { getSupportedMethods: unary(async () => supported) };
}
