import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { authorization } from '../authorization.mjs';
import { root } from '../system.mjs';

const demo = join(root, 'infra', 'local', 'demo', 'gutenberg-1000.csv');
const copies = 20;

/** A whole catalogue as one file: until its last title is found by a search. */
export default {
  name: 'import',
  needsSystem: true,
  inRounds: false,
  async prepare({ system, importFile }) {
    return async () => {
      const last = `Zzyzx ${Date.now()}`;
      const startedAt = performance.now();
      const sent = await fetch(`${system.url}/imports`, {
        method: 'POST',
        headers: { ...authorization(), 'content-type': 'text/csv' },
        body: content(importFile, last),
        duplex: 'half',
      });
      const operation = await sent.json();
      if (sent.status !== 202) throw new Error(JSON.stringify(operation));
      // To search all the while would be a load of its own: what it has to look through is what the index has not taken in yet.
      let isDone = false;
      while (!isDone) {
        await delay(200);
        isDone = ['completed', 'failed'].includes((await get(`${system.url}/operations/${operation.id}`)).state);
      }
      while ((await get(`${system.url}/books?q=${encodeURIComponent(last)}&limit=1`)).total !== 1) await delay(50);
      const seconds = (performance.now() - startedAt) / 1_000;
      const { rows } = await get(`${system.url}/operations/${operation.id}`);
      return { titles: rows, 'seconds (aim < 30)': seconds, 'titles per second': rows / seconds };
    };
  },
};

async function get(url) {
  return (await fetch(url, { headers: authorization() })).json();
}

/** The file, or the demo's titles several times over, and one title more at the end. */
async function* content(file, last) {
  if (file) {
    let header = '';
    let tail = '';
    const packed = createReadStream(file);
    const text = file.endsWith('.gz') ? packed.pipe(createGunzip()) : packed;
    for await (const chunk of text.setEncoding('utf8')) {
      if (!header.includes('\n')) header += chunk;
      tail = chunk;
      yield chunk;
    }
    const columns = header.slice(0, header.indexOf('\n')).trim().split(',');
    if (!tail.endsWith('\n')) yield '\n';
    yield columns.map((name) => (/^"?title"?$/i.test(name) ? last : '')).join(',') + '\n';
    return;
  }
  const [header, ...rows] = readFileSync(demo, 'utf8').trimEnd().split('\n');
  const columns = header.trim().split(',');
  const id = columns.findIndex((name) => /id$/i.test(name));
  yield header + '\n';
  for (let copy = 0; copy < copies; copy++) {
    // Another id is another title.
    yield rows.map((row) => (id === 0 ? `${copy}-${row}` : row)).join('\n') + '\n';
  }
  yield columns.map((name) => (/^title$/i.test(name) ? last : name === columns[id] ? last : '')).join(',') + '\n';
}
