import { configOrExit, runService } from '@shelfmark/service-kit';
import { AppModule } from './app.module.js';
import { settingsSpec } from './settings.js';

const settings = configOrExit(settingsSpec);

await runService('rent', AppModule.with(settings), settings);
