import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { authorization } from '../authorization.mjs';
import { readRows } from '../csv.mjs';
import { root } from '../system.mjs';

const demo = join(root, 'infra', 'local', 'demo', 'gutenberg-1000.csv');

/** A whole catalogue as one file: until its last title is found by a search. */
export default {
  name: 'import',
  needsSystem: true,
  when: 'afterRounds',
  async prepare({ system, importFile }) {
    const [columns, ...rows] = await readRows(importFile ?? demo, { columns: false }).toArray();
    const copies = importFile ? 1 : 20;
    let imports = 0;
    return async () => {
      imports++;
      const last = `Zzyzx ${Date.now()}`;
      const startedAt = performance.now();
      const sent = await fetch(`${system.url}/imports`, {
        method: 'POST',
        headers: { ...authorization(), 'content-type': 'text/csv' },
        body: content(columns, rows, { copies, mark: imports, last }),
        duplex: 'half',
      });
      const operation = await sent.json();
      if (sent.status !== 202) throw new Error(JSON.stringify(operation));
      // To search all the while would be a load of its own: what it has to look through is what the index has not taken in yet.
      let progress = operation;
      while (!['completed', 'failed'].includes(progress.state)) {
        await delay(200);
        progress = await get(`${system.url}/operations/${operation.id}`);
      }
      if (progress.state === 'failed') throw new Error(JSON.stringify(progress));
      while ((await get(`${system.url}/books?q=${encodeURIComponent(last)}&limit=1`)).total !== 1) await delay(50);
      const seconds = (performance.now() - startedAt) / 1_000;
      return { titles: progress.rows, 'seconds (aim < 30)': seconds, 'titles per second': progress.rows / seconds };
    };
  },
};

async function get(url) {
  return (await fetch(url, { headers: authorization() })).json();
}

/**
 * The rows so many times, and one title more at the end. A mark goes before a row's id, or before its title where it has none: what was
 * imported before would not be imported again.
 */
async function* content(columns, rows, { copies, mark, last }) {
  const title = columns.findIndex((name) => /^title$/i.test(name));
  const id = columns.findIndex((name) => /id$/i.test(name));
  const marked = id === -1 ? title : id;
  yield line(columns);
  for (let copy = 0; copy < copies; copy++) {
    for (let from = 0; from < rows.length; from += 1_000) {
      const some = rows.slice(from, from + 1_000);
      yield some.map((row) => line(row.with(marked, `${mark}.${copy}-${row[marked]}`))).join('');
    }
  }
  yield line(columns.map((_, index) => (index === title || index === id ? last : '')));
}

function line(cells) {
  return `${cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')}\n`;
}
