export { setUpDevServer } from './event-store.js';
export { findNatsServer, NatsServerMissing, setUpNatsServer } from './nats-server.js';
export {
  embeddedPostgres,
  findPostgres,
  PostgresCannotRun,
  PostgresMissing,
  setUpPostgres,
  type PostgresBinaries,
} from './postgres.js';
export {
  startNatsServer,
  startPostgres,
  type RunningNatsServer,
  type RunningServer,
  type ServerPlace,
} from './running-server.js';
export { issuerEnvironment, librarianToken, NoLocalIssuer, tokenFor, type Bearer } from './local-issuer.js';
export { freePort } from './ports.js';
export { withCredentials } from './credentials.js';
export { type Database, ownDatabase } from './database.js';
export { Supervisor, type ProcessSpec } from './supervisor.js';
export { ownProcesses, viewProcesses } from './system.js';
