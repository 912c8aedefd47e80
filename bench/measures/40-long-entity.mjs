import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { CommandHandler } from '../../packages/event-sourcing/dist/index.js';
import { EmbeddedEventStore } from '../../packages/event-store-embedded/dist/index.js';
import { book } from '../../services/book-service/dist/book/book.js';
import { fill } from '../log.mjs';
import { median } from '../numbers.mjs';

const [few, many] = [10, 100_000];

/** A command on an entity with a long history beside one with a short one: held in memory, and read for the first time. */
export default {
  name: 'long-entity',
  when: 'inRounds',
  ratios: [
    {
      what: '100,000 events ÷ 10, warm',
      of: 'long-entity: 100,000 events, warm ms',
      to: 'long-entity: 10 events, warm ms',
      aim: '≤ 1.2',
    },
  ],
  async prepare() {
    const directory = mkdtempSync(join(tmpdir(), 'shelfmark-long-entity-'));
    const store = await EmbeddedEventStore.open({ directory });
    const [short, long] = [randomUUID(), randomUUID()];
    await fill(store, `Book-${short}`, few);
    await fill(store, `Book-${long}`, many);
    let amount = 0;
    const timed = async (handler, bookId) => {
      const id = randomUUID();
      const data = { bookId, amount: ++amount % 10_000 };
      const startedAt = performance.now();
      await handler.handle(book, { id, type: 'UpdateBook', data, correlationId: id, causationId: id });
      return performance.now() - startedAt;
    };
    // Whoever reads it for the first time of all may leave something that helps who comes later.
    for (const id of [short, long]) await timed(new CommandHandler({ store, codeVersion: 'bench' }), id);
    const run = async () => {
      const handler = new CommandHandler({ store, codeVersion: 'bench' });
      const cold = { [few]: await timed(handler, short), [many]: await timed(handler, long) };
      const warm = { [few]: [], [many]: [] };
      for (let n = 0; n < 200; n++) {
        warm[few].push(await timed(handler, short));
        warm[many].push(await timed(handler, long));
      }
      return {
        '10 events, cold ms': cold[few],
        '100,000 events, cold ms (aim ≤ 10)': cold[many],
        '10 events, warm ms': median(warm[few]),
        '100,000 events, warm ms': median(warm[many]),
      };
    };
    run.end = async () => {
      await store.close();
      rmSync(directory, { recursive: true });
    };
    return run;
  },
};
