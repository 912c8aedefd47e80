import { configOrExit, runService, serviceSettings } from '@shelfmark/service-kit';
import { AppModule } from './app.module.js';

const settings = configOrExit(serviceSettings);

await runService('book', AppModule.with(settings), settings);
