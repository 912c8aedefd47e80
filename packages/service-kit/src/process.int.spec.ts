import { once } from 'node:events';
import { Agent, type IncomingMessage, get } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TestProcess } from './testing/test-process.js';

const running: TestProcess[] = [];

function run(options: { args?: string[]; env?: NodeJS.ProcessEnv } = {}): TestProcess {
  const started = TestProcess.start('process-fixture', options);
  running.push(started);
  return started;
}

afterEach(() => {
  for (const { child } of running.splice(0)) child.kill('SIGKILL');
});

/** Where a process is served that is still booting. */
async function bootUrl(process: TestProcess): Promise<string> {
  return `http://127.0.0.1:${String((await process.line('starting'))['port'])}`;
}

function request(
  url: string,
  agent: Agent,
): Promise<{ status: number; body: string; headers: IncomingMessage['headers'] }> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () => resolve({ status: response.statusCode!, body, headers: response.headers }));
    }).on('error', reject);
  });
}

const health = async (url: string, which: 'live' | 'ready') => {
  const response = await fetch(`${url}/health/${which}`);
  return { status: response.status, body: (await response.json()) as Record<string, Record<string, object>> };
};

describe('health', () => {
  it('is ready when every check is up, and tells what the checks know', async () => {
    const process = run();
    const { status, body } = await health(await process.url(), 'ready');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'ok',
      details: { process: { status: 'up' }, broker: { status: 'up', position: '42' }, driver: { status: 'up' } },
    });
  });

  it('names what is gone, without its error text, while the process lives on', async () => {
    const process = run();
    const url = await process.url();
    expect((await health(url, 'ready')).status).toBe(200);
    process.child.send('broker down');
    await expect.poll(() => health(url, 'ready').then(({ status }) => status)).toBe(503);
    const { body } = await health(url, 'ready');
    expect(Object.keys(body['error']!)).toEqual(['broker', 'driver']);
    const since = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string;
    expect(body['details']!['driver']).toEqual({ status: 'down', error: 'TypeError', since });
    expect((await health(url, 'ready')).body['details']!['driver']).toEqual(body['details']!['driver']);
    expect(await process.line('broker is gone')).toMatchObject({ level: 'warn', check: 'broker' });
    expect((await health(url, 'live')).status).toBe(200);
    process.child.send('broker up');
    await expect.poll(() => health(url, 'ready').then(({ status }) => status)).toBe(200);
    expect((await health(url, 'ready')).body['details']!['driver']).not.toHaveProperty('since');
    await process.line('broker is back');
  });

  it('is alive but not ready while the boot waits for something, and says for what', async () => {
    const process = run({ args: ['--wait'] });
    const url = await bootUrl(process);
    const seen = () =>
      health(url, 'ready').then(
        ({ body }) => body['error'],
        () => undefined,
      );
    await expect.poll(seen).toMatchObject({ broker: { status: 'down' } });
    expect((await health(url, 'ready')).status).toBe(503);
    expect((await health(url, 'live')).status).toBe(200);
    process.child.send('broker up');
    expect(await process.url()).toBe(url);
    expect((await health(url, 'ready')).status).toBe(200);
  });
});

describe('the end of a process', () => {
  it('answers what is under way, takes nothing new, and runs the hooks in order', async () => {
    const process = run();
    const url = await process.url();
    const busy = new Agent({ keepAlive: true });
    const idle = new Agent({ keepAlive: true });
    await request(`${url}/health/live`, idle);
    const begun = process.heard('slow has begun');
    const slow = request(`${url}/slow`, busy);
    await begun;

    process.child.kill('SIGTERM');
    await process.line('stopping');
    await expect
      .poll(() =>
        fetch(url).then(
          () => 'taken',
          () => 'refused',
        ),
      )
      .toBe('refused');
    expect(process.lines.map(({ msg }) => msg)).not.toContain('onModuleDestroy');

    process.child.send('answer');
    expect(await slow).toMatchObject({ status: 200, body: 'answered' });
    expect(await process.exited).toBe(0);
    expect(process.lines.slice(-4).map(({ msg }) => msg)).toEqual([
      'onModuleDestroy',
      'beforeApplicationShutdown',
      'onApplicationShutdown',
      'stopped',
    ]);
  });

  it('takes what comes during the grace, not ready, and closes each connection with its answer', async () => {
    const process = run({ env: { DRAIN_GRACE_MS: '10000' } });
    const url = await process.url();
    const kept = new Agent({ keepAlive: true });
    expect((await request(`${url}/health/live`, kept)).headers.connection).toBe('keep-alive');
    process.child.kill('SIGTERM');
    await process.line('stopping');
    expect((await request(`${url}/health/live`, kept)).headers.connection).toBe('close');
    const { status, body, headers } = await request(`${url}/health/ready`, new Agent());
    expect({ status, connection: headers.connection }).toEqual({ status: 503, connection: 'close' });
    expect(JSON.parse(body)).toMatchObject({ error: { process: { phase: 'draining' } } });
    expect(await process.exited).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
  });

  it('comes after ten seconds even when a request is never answered', async () => {
    const process = run();
    const url = await process.url();
    const begun = process.heard('slow has begun');
    const slow = request(`${url}/slow`, new Agent()).catch(() => 'cut off');
    await begun;
    process.child.kill('SIGTERM');
    expect(await process.exited).toBe(1);
    expect(await slow).toBe('cut off');
    expect(process.lines.at(-1)).toMatchObject({ level: 'fatal', msg: 'did not stop in time' });
  });

  it('is the same for a signal that comes twice', async () => {
    const process = run();
    await process.url();
    process.child.kill('SIGINT');
    process.child.kill('SIGTERM');
    process.child.kill('SIGINT');
    expect(await process.exited).toBe(0);
    expect(process.lines.filter(({ msg }) => msg === 'onModuleDestroy')).toHaveLength(1);
  });

  it('comes when the supervisor is gone, and only under a supervisor', async () => {
    const supervised = run({ env: { SHELFMARK_SUPERVISED: '1' } });
    await supervised.url();
    supervised.child.disconnect();
    expect(await supervised.exited).toBe(0);
    expect(supervised.lines.map(({ msg }) => msg)).toContain('onApplicationShutdown');

    const alone = run();
    const url = await alone.url();
    alone.child.disconnect();
    expect((await health(url, 'ready')).status).toBe(200);
  });

  it('does not wait for a boot that waits', async () => {
    const process = run({ args: ['--wait'] });
    const url = await bootUrl(process);
    const live = () =>
      health(url, 'live').then(
        ({ status }) => status,
        () => undefined,
      );
    await expect.poll(live).toBe(200);
    process.child.kill('SIGTERM');
    expect(await process.exited).toBe(0);
  });

  it.each([
    ['throw', 'nobody catches this'],
    ['reject', 'nobody awaits this'],
  ])('is at once and loud after a bug: %s', async (path, text) => {
    const process = run();
    await fetch(`${await process.url()}/${path}`).catch(() => undefined);
    expect(await process.exited).toBe(70);
    expect(process.lines.at(-1)).toMatchObject({ level: 'fatal', err: { message: text } });
  });

  it('is at once and says why when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const process = run({ env: { PORT: String((taken.address() as AddressInfo).port) } });
    expect(await process.exited).toBe(70);
    expect(process.lines.at(-1)).toMatchObject({ msg: 'could not start', err: { code: 'EADDRINUSE' } });
    taken.close();
  });
});

describe('a request', () => {
  it('has its correlation id in every log line, after its body was read, too', async () => {
    const process = run();
    const url = await process.url();
    const bodies = { small: JSON.stringify({ name: 'Ann' }), large: JSON.stringify({ name: 'Ann'.repeat(100_000) }) };
    for (const [id, body] of Object.entries(bodies)) {
      const headers = { 'content-type': 'application/json', 'shelfmark-correlation-id': id };
      expect(await (await fetch(`${url}/log`, { method: 'POST', headers, body })).text()).toBe('logged');
    }
    await expect.poll(() => process.lines.filter(({ msg }) => msg === 'a request')).toHaveLength(2);
    const lines = process.lines.filter(({ msg }) => msg === 'a request');
    expect(lines.map(({ correlationId }) => correlationId)).toEqual(['small', 'large']);
    expect(JSON.stringify(lines)).not.toContain('Ann');
  });
});
