import { configOrExit, runService, serviceSettings } from '@shelfmark/service-kit';
import { AppModule } from './app.module.js';

const settings = configOrExit(serviceSettings);

await runService('user', AppModule.with(settings), settings);
