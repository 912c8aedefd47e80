import { paced, saturate, send } from '../load.mjs';
import { median, percentile } from '../numbers.mjs';

/**
 * From a command's sending until the view shows it, at half of the load that can be borne: the book is read with the position
 * that its creation was answered with.
 */
export default {
  name: 'visible',
  needsSystem: true,
  when: 'inRounds',
  async prepare({ system, results, seconds, connections }) {
    let count = 0;
    const creation = () => ({
      method: 'POST',
      path: '/books',
      body: { title: `Seen ${count++}`, amount: 1 },
      status: 201,
    });
    let most;
    return async () => {
      most ??= results.has('post-books: per second')
        ? median(results.get('post-books: per second'))
        : (await saturate(system.url, { seconds, connections }, creation))['per second'];
      const times = [];
      let sent = 0;
      await paced(system.url, { seconds, connections, perSecond: most / 2 }, async (pool) => {
        // Each look is a load of its own, so only some are looked at.
        const isSeen = sent++ % 20 === 0;
        const sentAt = performance.now();
        const { headers, text } = await send(pool, creation());
        if (!isSeen) return;
        const position = headers['shelfmark-position'];
        await send(pool, {
          method: 'GET',
          path: `/books/${JSON.parse(text).id}`,
          headers: { 'shelfmark-position': position },
          status: 200,
        });
        times.push(performance.now() - sentAt);
      });
      return {
        'p50 ms': percentile(times, 0.5),
        'p99 ms (aim < 50)': percentile(times, 0.99),
        'commands per second': most / 2,
      };
    };
  },
};
