import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import { connectToNats, consumeMirror } from '../../packages/messaging/dist/index.js';
import { saturate } from '../load.mjs';
import { root } from '../system.mjs';

/** A view made anew from its mirrors, beside the same number of rows that Postgres copies from a file. */
export default {
  name: 'rebuild',
  needsSystem: true,
  when: 'afterRounds',
  ratios: [
    { what: 'rebuild ÷ COPY', of: 'rebuild: events per second (aim > 50,000)', to: 'rebuild: COPY, rows per second' },
  ],
  async prepare({ system, connections }) {
    let count = 0;
    await saturate(system.url, { connections, seconds: 5 }, () => ({
      method: 'POST',
      path: '/books',
      body: { title: `Rebuilt ${count++}`, authors: ['Austen, Jane'], languages: ['en'], amount: 1 },
      status: 201,
    }));
    return async () => {
      const { NATS_URL: url, DATABASE_URL: databaseUrl } = system.environment('view-books');
      const built = async (path) => import(pathToFileURL(join(root, 'aggregators', 'dist', path)).href);
      const [{ rebuildView }, { loadView }] = await Promise.all([built('rebuild.js'), built('found-views.js')]);
      const view = await loadView('books');
      const connection = await connectToNats({ url, name: 'bench-rebuild' });
      let written = 0;
      const startedAt = performance.now();
      let filledAt;
      await rebuildView({
        view,
        databaseUrl,
        follow: (service, checkpoint, signal) =>
          consumeMirror(connection, { service, signal, ...(checkpoint && { checkpoint }) }),
        signal: new AbortController().signal,
        report: (news) => {
          if (news.kind === 'filling') written = Math.max(written, news.written);
          if (news.kind === 'indexing') filledAt = performance.now();
        },
      });
      const whole = (performance.now() - startedAt) / 1_000;
      await connection.close();
      return {
        events: written,
        'events per second (aim > 50,000)': written / ((filledAt - startedAt) / 1_000),
        'seconds until it was swapped': whole,
        'COPY, rows per second': await copied(
          system.databaseUrl,
          'books.book',
          join(system.data, 'postgres', 'bench.copy'),
        ),
      };
    };
  },
};

async function copied(databaseUrl, table, file) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`COPY (SELECT * FROM ${table}) TO '${file}'`);
    await client.query(`CREATE TABLE public.bench_copy AS SELECT * FROM ${table} LIMIT 0`);
    const startedAt = performance.now();
    const { rowCount } = await client.query(`COPY public.bench_copy FROM '${file}'`);
    const seconds = (performance.now() - startedAt) / 1_000;
    await client.query('DROP TABLE public.bench_copy');
    return rowCount / seconds;
  } finally {
    await client.end();
  }
}
