import { configOrExit, runProcess } from '@shelfmark/service-kit';
import { AppModule } from './app.module.js';
import { configureHttp, serverOptions } from './http/server.js';
import { settingsSpec } from './settings.js';

const settings = configOrExit(settingsSpec);

await runProcess({
  name: 'edge',
  module: AppModule.with(settings),
  listen: { host: settings.host, port: settings.port },
  metrics: { host: settings.healthHost, port: settings.healthPort },
  logLevel: settings.logLevel,
  drainGraceMs: settings.drainGraceMs,
  fastify: serverOptions(settings),
  configureHttp: (app) => configureHttp(app, settings),
});
