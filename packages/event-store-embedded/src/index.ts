export { EmbeddedEventStore, type EmbeddedEventStoreOptions } from './embedded-event-store.js';
export { openEnvironment } from './environment.js';
export { exportLog } from './export-log.js';
export { importLog } from './import-log.js';
export * from './store-errors.js';
export { verify, type LogFault, type Progress, type Verification } from './verify.js';
