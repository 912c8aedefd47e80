import { choice, healthSettings, logLevels, url } from '@shelfmark/service-kit';

/** What a view's process is told by its environment. */
export const settingsSpec = {
  natsUrl: url('NATS_URL', { protocols: ['nats', 'tls'], secret: true }),
  databaseUrl: url('DATABASE_URL', { protocols: ['postgres', 'postgresql'], secret: true }),
  ...healthSettings,
  logLevel: choice('LOG_LEVEL', logLevels, { default: 'info' }),
};
