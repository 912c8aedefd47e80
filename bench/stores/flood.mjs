// 10,000 appends of a kilobyte to one stream, asked for in one turn by the bare client, four times on one server. See ../README.md.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KurrentDBClient, jsonEvent } from '@kurrent/kurrentdb-client';
import { startServer } from './child.mjs';

const data = mkdtempSync(join(tmpdir(), 'shelfmark-flood-'));
const server = await startServer(data);

for (let flood = 1; flood <= 4; flood++) {
  const client = KurrentDBClient.connectionString(server.connectionString);
  const [stream, text] = [randomUUID(), 'x'.repeat(1_000)];
  const startedAt = performance.now();
  const appends = Array.from({ length: 10_000 }, () => {
    return client.appendToStream(stream, jsonEvent({ type: 'flood', data: { text } }));
  });
  const refused = (await Promise.allSettled(appends)).filter(({ status }) => status === 'rejected').length;
  console.log(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s, ${refused} not done in time`);
  await client.dispose();
}
server.end();
rmSync(data, { recursive: true });
