// Times searches as the edge makes them, in a books view that fill.mjs filled, and prints how long the slowest took.
//   node bench/search/measure.mjs --database URL [--rounds N] [--concurrency N]
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { BooksView } from '../../applications/edge/dist/books/books-view.js';
import { readQuery } from '../../applications/edge/dist/http/query.js';
import { bookQuery } from '../../applications/edge/dist/books/books-view.js';
import { ViewDatabase } from '../../applications/edge/dist/views/view-database.js';
import { ViewReader } from '../../applications/edge/dist/views/view-reader.js';

/** What readers type; every answer has its facets and total. */
const mix = {
  'prefix of 1 letter': ['q=t', 'q=a', 'q=s', 'q=z', 'q=д'],
  'prefix of 2 letters': ['q=th', 'q=ad', 'q=sh', 'q=xy'],
  'prefix of 3 letters': ['q=the', 'q=ali', 'q=pri', 'q=mob'],
  'prefix of 4 letters': ['q=hist', 'q=trea', 'q=moby', 'q=shak'],
  'common words': ['q=the', 'q=of', 'q=the+of+and', 'q=history', 'q=fiction', 'q=a+history+of+the'],
  'two words': ['q=pride+prejudice', 'q=austen+emma', 'q=history+england', 'q=the+tenant', 'q=holmes+adventures'],
  'many words': ['q=the+adventures+of+sherlock+holmes', 'q=twenty+thousand+leagues+under+the+sea'],
  authors: ['q=shakespeare', 'q=jane+austen', 'q=dickens+christmas'],
  typos: ['q=frankinstein', 'q=shakespaer+hamlte', 'q=pryde+and+prejudise', 'q=huckelbery'],
  'other scripts': ['q=紅樓', 'q=夢', 'q=Война', 'q=Ὀδύσσεια', 'q=Ελλ'],
  accents: ['q=les+misérables', 'q=Bronte', 'q=œuvres'],
  'no hits': ['q=qqzzxx', 'q=the+qqzzxx', 'q=9780306406157'],
  filters: [
    'q=the&language=fr',
    'q=war&language=en&available=true',
    'q=the&language=mi',
    'q=love&subject=Love+stories',
  ],
  sorts: ['q=the&sort=newest', 'q=whale&sort=newest', 'q=the&sort=title', 'q=love&sort=title'],
  'no words': ['limit=20', 'sort=newest', 'language=de', 'language=mi', 'subject=Science+fiction', 'available=true'],
};

const { values } = parseArgs({
  options: {
    database: { type: 'string' },
    rounds: { type: 'string', default: '10' },
    concurrency: { type: 'string', default: '1' },
  },
});
if (values.database === undefined) {
  console.error('usage: measure.mjs --database URL [--rounds N] [--concurrency N]');
  process.exit(2);
}

const database = new ViewDatabase(values.database);
// Reads without a position never ask how far the view is.
const view = new BooksView(new ViewReader(database, undefined));
const searches = Object.entries(mix).flatMap(([kind, queries]) =>
  queries.map((query) => ({ kind, query, times: [], total: 0 })),
);

for (const search of searches) await timed(search);
for (const search of searches) search.times = [];
const queue = Array.from({ length: Number(values.rounds) }, () => searches).flat();
await Promise.all(
  Array.from({ length: Number(values.concurrency) }, async () => {
    for (let search; (search = queue.shift()) !== undefined;) await timed(search);
  }),
);
await database.beforeApplicationShutdown();

for (const kind of Object.keys(mix))
  report(
    kind,
    searches.filter((search) => search.kind === kind),
  );
report('all', searches);
for (const { query, times, total } of searches.toSorted((a, b) => median(b.times) - median(a.times)).slice(0, 8)) {
  console.log(`  ${median(times).toFixed(0).padStart(5)} ms  ${query} (${total})`);
}

async function timed(search) {
  const query = readQuery(`/books?${encodeURI(search.query)}`, bookQuery);
  const start = performance.now();
  search.total = (await view.list(query, new Map())).total;
  search.times.push(performance.now() - start);
}

function report(name, some) {
  const times = some.flatMap((search) => search.times).sort((a, b) => a - b);
  const at = (part) => times[Math.min(times.length - 1, Math.floor(times.length * part))].toFixed(1).padStart(7);
  // A machine that does other work at the same time adds to most rounds, and to the best one least.
  const best = some.map((search) => Math.min(...search.times)).sort((a, b) => a - b);
  const bestAt95 = best[Math.min(best.length - 1, Math.floor(best.length * 0.95))].toFixed(1).padStart(7);
  console.log(
    `${name.padEnd(20)} p50 ${at(0.5)}  p95 ${at(0.95)}  p99 ${at(0.99)}  max ${at(1)}  p95 of the best rounds ${bestAt95} ms`,
  );
}

function median(times) {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)];
}
