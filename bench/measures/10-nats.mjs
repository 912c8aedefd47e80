import { connect } from '@nats-io/transport-node';
import { connectionOptions } from '../nats.mjs';
import { percentile } from '../numbers.mjs';
import { start } from '../processes/child.mjs';

/** The ceiling of every command: a request and its reply between two processes, over the system's own server. */
export default {
  name: 'nats',
  needsSystem: true,
  when: 'inRounds',
  async prepare({ system, seconds, connections }) {
    const url = system.busUrl;
    const responder = await start('responder', url);
    const connection = await connect(connectionOptions(url));
    const body = JSON.stringify({ bookId: '0198c0de-0000-7000-8000-000000000001', title: 'Emma', amount: 1 });
    const run = async () => {
      const times = [];
      const startedAt = performance.now();
      await Promise.all(
        Array.from({ length: connections }, async () => {
          while (performance.now() < startedAt + seconds * 1_000) {
            const sentAt = performance.now();
            await connection.request('bench.echo', body, { timeout: 10_000 });
            times.push(performance.now() - sentAt);
          }
        }),
      );
      const perSecond = times.length / ((performance.now() - startedAt) / 1_000);
      return { 'requests per second': perSecond, 'p99 ms': percentile(times, 0.99) };
    };
    run.end = async () => {
      await connection.close();
      responder.end();
    };
    return run;
  },
};
