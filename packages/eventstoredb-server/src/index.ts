export { startEventStoreDbServer, type EventStoreDbServer, type EventStoreDbServerOptions } from './server.js';
