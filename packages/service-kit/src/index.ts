export {
  ConfigError,
  choice,
  configExitCode,
  configOrExit,
  integer,
  optional,
  port,
  readConfig,
  text,
  timeZone,
  url,
  type Config,
  type ConfigSpec,
  type Setting,
} from './config.js';
export { type Clock, systemClock } from './clock.js';
export { DueIndex, type DueChange, type DueIndexOptions } from './due-index.js';
export { DueWork, type DueWorkOptions } from './due-work.js';
export { correlationId, withCorrelation } from './correlation.js';
export { EVENT_STORE, EventStoreModule, eventStore } from './event-store.module.js';
export { whileAwaiting, type ListenAddress } from './boot-health.js';
export { Historian } from './historian.js';
export { healthSettings } from './health-settings.js';
export { GAUGES, type Gauge, type Samples } from './metrics.js';
export { HEALTH_CHECKS, type HealthCheck, type HealthReport } from './health.js';
export { createLogger, logLevels, type LogLevel } from './logging.js';
export { runProcess, type ProcessOptions } from './process.js';
export { NATS_CONNECTION, NatsModule, type NatsConnection } from './nats.module.js';
export { RelayModule } from './relay.module.js';
export { RequestTransport, type RequestTransportOptions } from './request-transport.js';
export { Deletion, type DeletionWords } from './deletion.js';
export { FailedElsewhere } from './failed-elsewhere.js';
export { type Reaction, ReactionsModule, reactions } from './reactions.module.js';
export { ServiceModule, patienceMs, runService, serviceSettings, type ServiceSettings } from './service.module.js';
export { SharedFact, type Fact, type FactAnswer, type SharedFactSpec } from './shared-fact.js';
