import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedEventStore } from '../../packages/event-store-embedded/dist/index.js';
import { fill } from '../log.mjs';

/** Appends to a log that has grown large beside those to a small one. Takes long: only with --events N. */
export default {
  name: 'big-log',
  isOptional: true,
  when: 'inRounds',
  ratios: [
    {
      what: 'appends to a big log ÷ to a small one',
      of: 'big-log: big, appends per second',
      to: 'big-log: small, appends per second',
      aim: '≥ 0.9',
    },
  ],
  async prepare({ events, seconds, connections, step }) {
    const small = await logOf(10_000);
    const big = await logOf(events, step);
    const run = async () => ({
      'small, appends per second': await appends(small.store, { seconds, connections }),
      'big, appends per second': await appends(big.store, { seconds, connections }),
    });
    run.end = async () => {
      for (const { store, directory } of [small, big]) {
        await store.close();
        rmSync(directory, { recursive: true });
      }
    };
    return run;
  },
};

/** A log of books with ten events each. @param step hears of each tenth of it */
async function logOf(events, step = () => undefined) {
  const directory = mkdtempSync(join(tmpdir(), 'shelfmark-big-log-'));
  const store = await EmbeddedEventStore.open({ directory });
  for (let n = 0; n < events; n += 10_000) {
    if (n > 0 && n % (events / 10) < 10_000) step(`${n.toLocaleString('en')} of ${events.toLocaleString('en')} events`);
    await Promise.all(Array.from({ length: 1_000 }, () => fill(store, `Book-${randomUUID()}`, 10)));
  }
  return { store, directory };
}

async function appends(store, { seconds, connections }) {
  const end = performance.now() + seconds * 1_000;
  const startedAt = performance.now();
  let count = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      for (; performance.now() < end; count++) await fill(store, `Book-${randomUUID()}`, 1);
    }),
  );
  return count / ((performance.now() - startedAt) / 1_000);
}
