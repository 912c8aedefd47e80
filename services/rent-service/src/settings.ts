import { serviceSettings, timeZone } from '@shelfmark/service-kit';
import { noClosedDays, parseClosedDays } from './rent/closed-days.js';

/** What the service is told by its environment. */
export const settingsSpec = {
  ...serviceSettings,
  timeZone: timeZone('LIBRARY_TIME_ZONE', { default: 'UTC' }),
  closedDays: { variable: 'LIBRARY_CLOSED_DAYS', secret: false, fallback: noClosedDays, parse: parseClosedDays },
};
