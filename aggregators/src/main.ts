import { parseArgs } from 'node:util';
import { configExitCode, configOrExit, runProcess } from '@shelfmark/service-kit';
import { AppModule } from './app.module.js';
import { loadView, viewNames } from './found-views.js';
import { settingsSpec } from './settings.js';

const names = await viewNames();
const name = viewName();
if (name === undefined || !names.includes(name)) {
  process.stderr.write(`Which view? --view ${names.join('|')}\n`);
  process.exit(configExitCode);
}
const view = await loadView(name);

const settings = configOrExit(settingsSpec);

await runProcess({
  name: `view-${name}`,
  module: AppModule.forView(view, settings),
  listen: { host: settings.healthHost, port: settings.healthPort },
  logLevel: settings.logLevel,
});

function viewName(): string | undefined {
  try {
    return parseArgs({ options: { view: { type: 'string' } } }).values.view;
  } catch {
    return undefined;
  }
}
