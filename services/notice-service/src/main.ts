import { configOrExit, runProcess } from '@shelfmark/service-kit';
import { AppModule } from './app.module.js';
import { halves, settingsSpec } from './settings.js';

const settings = configOrExit(settingsSpec, halves);

await runProcess({
  name: 'notice-service',
  module: AppModule.with(settings),
  listen: { host: settings.healthHost, port: settings.healthPort },
  logLevel: settings.logLevel,
});
