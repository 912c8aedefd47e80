// 10,000 appends of a kilobyte to one stream, asked for in one turn by the bare client, four times on one server. See ../README.md.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { KurrentDBClient, jsonEvent } from '@kurrent/kurrentdb-client';

const program = join(import.meta.dirname, '../../packages/eventstoredb-server/shelfmark-eventstoredb.mjs');
const data = mkdtempSync(join(tmpdir(), 'shelfmark-flood-'));
const args = [program, '--port', '0', '--insecure', '--data', data];
const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
const url = `kurrentdb://127.0.0.1:${await listening(server)}?tls=false`;

for (let flood = 1; flood <= 4; flood++) {
  const client = KurrentDBClient.connectionString(url);
  const [stream, text] = [randomUUID(), 'x'.repeat(1_000)];
  const startedAt = performance.now();
  const appends = Array.from({ length: 10_000 }, () => {
    return client.appendToStream(stream, jsonEvent({ type: 'flood', data: { text } }));
  });
  const refused = (await Promise.allSettled(appends)).filter(({ status }) => status === 'rejected').length;
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s, ${refused} not done in time`);
  await client.dispose();
}
server.kill();
rmSync(data, { recursive: true });

async function listening({ stdout }) {
  for await (const line of createInterface({ input: stdout })) {
    const [, port] = /^listening on .*:(\d+)$/.exec(line) ?? [];
    if (port !== undefined) return port;
  }
  throw new Error('the server ended before it listened');
}
