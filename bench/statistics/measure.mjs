// Reads the statistics as the edge does, with its own classes and one connection, and prints how long each takes.
//   node bench/statistics/measure.mjs [--rounds N] --database URL
import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { NeverRented } from '../../applications/edge/dist/statistics/never-rented.js';
import { StatisticsView } from '../../applications/edge/dist/statistics/statistics-view.js';
import { ViewDatabase } from '../../applications/edge/dist/views/view-database.js';
import { ViewReader } from '../../applications/edge/dist/views/view-reader.js';

const { values } = parseArgs({ options: { database: { type: 'string' }, rounds: { type: 'string', default: '50' } } });
if (values.database === undefined) {
  console.error('usage: measure.mjs [--rounds N] --database URL');
  process.exit(2);
}

const database = new ViewDatabase(values.database);
// Nothing is waited for here, so that nobody has to hear how far the views are.
const reader = new ViewReader(database, undefined);
const statistics = new StatisticsView(reader, () => '2026-11-26', 'Europe/Berlin');
const neverRented = new NeverRented(reader);
const nothing = new Map();
const reads = {
  'the latest 30 days, top 10': () => statistics.read({}, nothing),
  'a year, top 100': () => statistics.read({ from: '2025-11-26', to: '2026-11-26', top: 100 }, nothing),
  'a page of the never rented': () => neverRented.list({}, nothing),
};

for (const read of Object.values(reads)) await read();
for (const [name, read] of Object.entries(reads)) {
  const times = [];
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const startedAt = performance.now();
    await read();
    times.push(performance.now() - startedAt);
  }
  times.sort((a, b) => a - b);
  const [p50, p95] = [0.5, 0.95].map((share) => times[Math.floor(share * (times.length - 1))].toFixed(1));
  console.log(`${name}: p50 ${p50} ms, p95 ${p95} ms`);
}
const { openRents, overdueRents, activeBorrowers, neverRented: never, rents } = await statistics.read({}, nothing);
console.log(JSON.stringify({ openRents, overdueRents, activeBorrowers, neverRented: never, rents }));
await database.beforeApplicationShutdown();
