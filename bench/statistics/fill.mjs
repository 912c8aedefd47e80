// Fills the books, rents and statistics views as their aggregators do, through the same writers, and prints how fast.
//   node bench/statistics/fill.mjs [--rents N] [--titles N] [--people N] [--open N] --database URL [VIEW…]
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { SourceWriter } from '../../aggregators/dist/source-writer.js';
import { openSchema } from '../../aggregators/dist/view-schema.js';
import { ViewSession } from '../../aggregators/dist/view-session.js';
import { loadView } from '../../aggregators/dist/found-views.js';

const batchEvents = 5_000;
const dayMs = 24 * 60 * 60 * 1_000;
const now = Date.UTC(2026, 10, 26, 12);
const years = 5;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rents: { type: 'string', default: '1000000' },
    titles: { type: 'string', default: '100000' },
    people: { type: 'string', default: '50000' },
    open: { type: 'string', default: '50000' },
    database: { type: 'string' },
  },
});
if (values.database === undefined) {
  console.error('usage: fill.mjs [--rents N] [--titles N] [--people N] [--open N] --database URL [VIEW…]');
  process.exit(2);
}
const [rents, titles, people, open] = [values.rents, values.titles, values.people, values.open].map(Number);

for (const name of positionals.length > 0 ? positionals : ['books', 'rents', 'statistics']) {
  const view = await loadView(name);
  const session = await ViewSession.open(values.database, name);
  await session.transaction((query) => query(`DROP SCHEMA IF EXISTS ${name} CASCADE`));
  await openSchema(view, values.database, session);
  const startedAt = performance.now();
  let events = 0;
  for (const [source, log] of [
    ['book', created],
    ['rent', lent],
  ]) {
    if (!(source in view.sources)) continue;
    const writer = await SourceWriter.open(session, view, source);
    let batch = [];
    for (const event of positioned(log())) {
      batch.push(event);
      events += 1;
      if (batch.length < batchEvents) continue;
      await writer.write(batch);
      batch = [];
    }
    await writer.write(batch);
  }
  await session.close();
  const seconds = (performance.now() - startedAt) / 1_000;
  console.log(`${name}: ${events} events in ${seconds.toFixed(1)} s, ${Math.round(events / seconds)} events/s`);
}

function* created() {
  for (let n = 0; n < titles; n += 1) {
    const data = { title: `Title ${n}`, authors: [`Author ${n % 5_000}`], languages: ['en'], subjects: [], amount: 5 };
    yield { type: 'BookCreated', stream: `Book-${id('book', n)}`, time: now - years * 365 * dayMs, data };
  }
}

/** Rents over five years, of which some titles have many and a fifth has none; the last ones are open, one in ten past its day. */
function* lent() {
  const numbers = new Map();
  for (let n = 0; n < rents; n += 1) {
    const title = Math.floor(titles * 0.8 * draw(n, 'title') ** 2);
    const bookId = id('book', title);
    const number = numbers.get(title) ?? 0;
    numbers.set(title, number + 1);
    const isOpen = n >= rents - open;
    // What is open went out within the last fortnight, or a little before.
    const [from, to] = isOpen ? [now - 15.4 * dayMs, now] : [now - years * 365 * dayMs, now - 16 * dayMs];
    const share = isOpen ? (n - rents + open) / open : n / (rents - open);
    const at = atTheDesk(from + share * (to - from));
    const userId = id('person', Math.floor(people * draw(n, 'person')));
    const rentId = `${bookId}.${number}`;
    const dueOn = new Date(at + 14 * dayMs).toISOString().slice(0, 10);
    const stream = `BookRent-${bookId}`;
    yield { type: 'BookRented', stream, time: at, data: { rentId, userId, dueOn } };
    if (!isOpen)
      yield { type: 'BookReturned', stream, time: at + draw(n, 'kept') * 14 * dayMs, data: { rentId, userId } };
  }
}

/** Open from 9 to 19. */
function atTheDesk(time) {
  const day = Math.floor(time / dayMs) * dayMs;
  return day + 9 * 3_600_000 + ((time - day) / dayMs) * 10 * 3_600_000;
}

function* positioned(events) {
  let position = 0;
  for (const { type, stream, time, data } of events) {
    yield {
      id: `${position}`,
      type,
      data,
      stream,
      revision: 0,
      position: BigInt(position),
      previousPosition: position === 0 ? undefined : BigInt(position - 1),
      sequence: position + 1,
      logId: 'bench',
      generation: 1,
      metadata: { time: new Date(time).toISOString() },
    };
    position += 1;
  }
}

/** A number from 0 to 1, the same for the same words. */
function draw(n, what) {
  return createHash('md5').update(`${what} ${n}`).digest().readUInt32BE() / 2 ** 32;
}

function id(what, n) {
  const hash = createHash('md5').update(`${what} ${n}`).digest('hex');
  return `${hash.slice(0, 8)}-${hash.slice(8, 12)}-5${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
}
