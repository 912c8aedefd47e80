export { connectionMistake, serverProblem } from './connection.js';
export { copyLog, type CopiedLog, type CopyLogOptions, type CopyProgress } from './copy-log.js';
export { KurrentDBEventStore, type KurrentDBEventStoreOptions } from './kurrentdb-event-store.js';
export { renewLogId } from './log-record.js';
export * from './store-errors.js';
