import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Servers, startServers, until } from './testing/edge-under-test.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let servers: Servers;
const started: ChildProcess[] = [];

function edge(env: Record<string, string>): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [main], { env: { PATH: process.env['PATH'], ...env }, stdio: 'pipe' });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return { child, output: () => output };
}

beforeAll(async () => {
  servers = await startServers();
});

afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await servers?.stop();
});

describe('the process', () => {
  it('says everything that is wrong with its settings, without secrets, and ends with 78', async () => {
    const { child, output } = edge({
      NATS_URL: 'http://user:hunter2@x',
      PORT: 'many',
      HEALTH_PORT: 'few',
      LIBRARY_TIME_ZONE: 'Mars/Olympus',
    });
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(78);
    for (const variable of ['NATS_URL', 'DATABASE_URL', 'PORT', 'HEALTH_PORT', 'LIBRARY_TIME_ZONE', 'OIDC_ISSUER'])
      expect(output()).toContain(variable);
    expect(output()).not.toContain('hunter2');
  });

  it('serves, tells what it depends on, and ends in order when it is told to', async () => {
    const { child, output } = edge({
      ...servers.issuer,
      NATS_URL: servers.natsUrl,
      DATABASE_URL: servers.databaseUrl,
      PORT: '0',
      HEALTH_PORT: '0',
    });
    await until(async () => /"msg":"ready"/.test(output()));
    const url = /"url":"([^"]+)"/.exec(output())![1]!;
    let ready!: Response;
    await until(async () => (ready = await fetch(`${url}/health/ready`)).ok);
    const { details } = (await ready.json()) as { details: Record<string, unknown> };
    expect(details).toMatchObject({ nats: { status: 'up' }, postgres: { status: 'up' }, process: { status: 'up' } });
    expect((await fetch(`${url}/health/live`)).status).toBe(200);

    const answer = await fetch(`${url}/books/${crypto.randomUUID()}`, {
      method: 'DELETE',
      headers: {
        authorization: `Bearer ${await servers.token({ role: 'librarian' })}`,
        'shelfmark-correlation-id': 'mine',
      },
    });
    expect(await answer.json()).toMatchObject({ code: 'ServiceUnavailable', correlationId: 'mine' });

    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(0);
  });
});
