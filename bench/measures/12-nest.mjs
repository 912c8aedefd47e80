import { saturate } from '../load.mjs';
import { start } from '../processes/child.mjs';

/** The ceiling of every request: bare Nest on Fastify. */
export default {
  name: 'nest',
  when: 'inRounds',
  async prepare(options) {
    const nest = await start('nest');
    const run = () =>
      saturate(nest.said, options, () => ({
        method: 'POST',
        path: '/books',
        body: { title: 'Emma', amount: 1 },
        status: 201,
      }));
    run.end = () => nest.end();
    return run;
  },
};
