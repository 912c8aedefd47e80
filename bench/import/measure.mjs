// How long a catalogue takes from the first byte sent until its last title is found, in a running system that does not have it yet.
// See ../README.md.
import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { authorization } from '../authorization.mjs';

const { values } = parseArgs({ options: { catalogue: { type: 'string' }, url: { type: 'string' } } });
const { catalogue, url } = values;
const content = readFileSync(catalogue);
const file = catalogue.endsWith('.gz') ? gunzipSync(content) : content;

const startedAt = performance.now();
const seconds = () => ((performance.now() - startedAt) / 1000).toFixed(1);

const headers = { ...authorization(), 'Content-Type': 'text/csv' };
const sent = await fetch(`${url}/imports`, { method: 'POST', headers, body: file });
if (sent.status !== 202) throw new Error(`${sent.status} ${await sent.text()}`);
const location = sent.headers.get('Location');
console.log(`${seconds()} s: ${file.length} bytes taken`);

let operation;
let position;
do {
  await sleep(100);
  const answer = await fetch(url + location, { headers: authorization() });
  position = answer.headers.get('Shelfmark-Position');
  operation = await answer.json();
} while (operation.finishedAt === undefined);
console.log(`${seconds()} s: ${operation.state}, ${operation.rows} rows, ${JSON.stringify(operation.tally)}`);

// Whoever sends the import's last position is only shown a view that has all of it.
let shown;
do {
  shown = await fetch(`${url}/books?limit=1`, { headers: { ...authorization(), 'Shelfmark-Position': position } });
  await shown.arrayBuffer();
} while (shown.status === 503);
console.log(`${seconds()} s: the last title is found; load average ${loadavg()[0].toFixed(1)}`);
