import { port, text } from './config.js';

/** Where a process tells how it is: `/health/live`, `/health/ready` and `/metrics`, to whoever can reach it. */
export const healthSettings = {
  healthHost: text('HEALTH_HOST', { default: '127.0.0.1' }),
  healthPort: port('HEALTH_PORT'),
};
