// Fills the books view as its aggregator does, through the same writer, and prints how fast.
//   node bench/search/fill.mjs --catalogue FILE [--titles N] --database URL
import { performance } from 'node:perf_hooks';
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { SourceWriter } from '../../aggregators/dist/source-writer.js';
import { openSchema } from '../../aggregators/dist/view-schema.js';
import { ViewSession } from '../../aggregators/dist/view-session.js';
import { view } from '../../aggregators/dist/views/books/index.js';
import { madeBooks, readCatalogue } from './catalogue.mjs';

const batchEvents = 1_000;

const { values } = parseArgs({
  options: { catalogue: { type: 'string' }, titles: { type: 'string' }, database: { type: 'string' } },
});
if (values.catalogue === undefined || values.database === undefined) {
  console.error('usage: fill.mjs --catalogue FILE [--titles N] --database URL');
  process.exit(2);
}

const real = await readCatalogue(values.catalogue);
const count = Number(values.titles ?? real.length);
const session = await ViewSession.open(values.database, view.name);
await openSchema(view, values.database, session);
const writer = await SourceWriter.open(session, view, 'book');
await writer.restart();
await session.transaction((query) => query('TRUNCATE book'));
const fresh = await SourceWriter.open(session, view, 'book');

let batch = [];
let position = 0;
let writingMs = 0;
for (const book of madeBooks(real, count)) {
  batch.push(created(book, position++));
  if (batch.length === batchEvents || position === count) await write();
}
console.log(
  `${count} titles in ${(writingMs / 1_000).toFixed(1)} s of writing: ${Math.round((count / writingMs) * 1_000)} titles/s`,
);
await session.close();

async function write() {
  const start = performance.now();
  await fresh.write(batch);
  writingMs += performance.now() - start;
  batch = [];
}

function created(book, at) {
  const hash = createHash('sha256').update(String(at)).digest('hex');
  const id = `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  return {
    id,
    type: 'BookCreated',
    data: book,
    stream: `Book-${id}`,
    revision: 0,
    position: BigInt(at),
    previousPosition: at === 0 ? undefined : BigInt(at - 1),
    sequence: at + 1,
    logId: 'bench',
    generation: 1,
    // A minute apart, so that the newest are not all of one moment.
    metadata: { time: new Date(Date.UTC(2020, 0, 1) + at * 60_000).toISOString(), schemaVersion: 1 },
  };
}
