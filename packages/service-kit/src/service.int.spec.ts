import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { type RunningServer, startNatsServer } from '@shelfmark/local';
import { RequestClient, connectToNats } from '@shelfmark/messaging';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NatsConnection } from './nats.module.js';
import { TestProcess } from './testing/test-process.js';

let directory: string;
let nats: RunningServer;
let connection: NatsConnection;
let client: RequestClient;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'service-kit-'));
  nats = await startNatsServer({ dataDir: join(directory, 'nats') });
  connection = await connectToNats({ url: nats.url, name: 'test' });
  client = new RequestClient(connection, { source: '/test' });
});

afterAll(async () => {
  await connection?.close();
  await nats?.stop();
  await rm(directory, { recursive: true, force: true });
});

const running: TestProcess[] = [];

afterEach(async () => {
  for (const { child, exited } of running.splice(0)) {
    child.kill('SIGKILL');
    await exited;
  }
});

function startDesk(env: NodeJS.ProcessEnv = {}): TestProcess {
  const dataDir = join(directory, randomUUID());
  const desk = TestProcess.start('service-fixture', { env: { NATS_URL: nats.url, DATA_DIR: dataDir, ...env } });
  running.push(desk);
  return desk;
}

function command(type: string, data: object = {}) {
  const id = randomUUID();
  const deadline = Date.now() + 30_000;
  return { id, type, data: data as Record<string, string>, correlationId: 'desk-7', causationId: id, deadline };
}

const send = (type: string, data?: object) => client.sendCommand('desk', command(type, data));

async function readiness(
  desk: TestProcess,
): Promise<{ status: number; details: Record<string, Record<string, unknown>> }> {
  const response = await fetch(`${await desk.url()}/health/ready`);
  const { details } = (await response.json()) as { details: Record<string, Record<string, unknown>> };
  return { status: response.status, details };
}

describe('a service', () => {
  it('answers a command with what its controller returns, the position in decimal', async () => {
    const desk = startDesk();
    await desk.url();
    const stamp = command('StampCard', { card: 'a' });
    expect(await client.sendCommand('desk', stamp)).toEqual({
      id: stamp.id,
      revision: 0,
      position: expect.stringMatching(/^\d+$/) as string,
    });
  });

  it('answers a query under the correlation id of the request', async () => {
    const desk = startDesk();
    await desk.url();
    const { expectedRevision: _, ...query } = { ...command('GetOpeningHours'), expectedRevision: undefined };
    expect(await client.sendQuery('desk', query)).toEqual({ answer: { opensAt: '09:00', correlationId: 'desk-7' } });
  });

  it('refuses what is not valid by the contract, naming the field, before its controller sees it', async () => {
    const desk = startDesk();
    await desk.url();
    expect(await send('StampCard', { card: '' })).toMatchObject({
      failure: { name: 'MalformedMessage', field: '/card' },
    });
    expect(await send('StampCard', { card: 'a', colour: 'red' })).toMatchObject({ failure: { field: '/colour' } });
    expect(await send('StampCard', { card: 'a\0' })).toMatchObject({ failure: { field: '/card' } });
    expect(await send('StampCard')).toMatchObject({ failure: { field: '/card' } });
  });

  it('knows no command that the contract or its controller does not', async () => {
    const desk = startDesk();
    await desk.url();
    expect(await send('BurnCard')).toEqual({ failure: { name: 'UnknownMessage' } });
    expect(await send('toString')).toEqual({ failure: { name: 'UnknownMessage' } });
    expect(await send('CardStamped')).toEqual({ failure: { name: 'UnknownMessage' } });
  });

  it('names a failure that the caller can do something about', async () => {
    const desk = startDesk();
    await desk.url();
    expect(await send('ReportStale')).toEqual({ failure: { name: 'RevisionConflict' } });
  });

  it('says nothing about a bug but in its log, with the correlation id and without personal data', async () => {
    const desk = startDesk();
    await desk.url();
    expect(await send('BreakDown')).toEqual({ failure: { name: 'InternalError' } });
    expect(await desk.line('a request failed')).toMatchObject({
      level: 'error',
      correlationId: 'desk-7',
      subject: 'shelfmark.commands.desk.BreakDown',
      err: { type: 'Error' },
    });
    expect(JSON.stringify(desk.lines)).not.toMatch(/hunter2|example\.org/);
  });

  it('answers what is under way when it is stopped, and nothing new', async () => {
    const desk = startDesk();
    await desk.url();
    const waiting = desk.heard('waiting');
    const wait = command('WaitForParent');
    const answer = client.sendCommand('desk', wait);
    await waiting;
    desk.child.kill('SIGTERM');
    await desk.line('stopping');
    await expect
      .poll(() =>
        client.sendCommand('desk', { ...command('GetOpeningHours'), deadline: Date.now() + 1_000 }).then(
          () => 'taken',
          (error: Error) => error.name,
        ),
      )
      .toBe('ServiceUnavailable');
    desk.child.send('go');
    expect(await answer).toEqual({ id: wait.id, revision: 0 });
    expect(await desk.exited).toBe(0);
  });

  it('is ready with its store, the bus, and its mirror at the end of its log', async () => {
    const desk = startDesk();
    await desk.url();
    const reply = await send('StampCard', { card: 'a' });
    const position = 'position' in reply ? reply.position : undefined;
    await expect
      .poll(() => readiness(desk))
      .toMatchObject({
        status: 200,
        details: {
          'relay:desk': { status: 'up', position, behind: 0 },
          store: { status: 'up', position },
          nats: { status: 'up' },
        },
      });
    const { details } = await readiness(desk);
    expect(JSON.stringify(details)).not.toContain(new URL(nats.url).password || 'no password');
  });

  it('takes up its log where it was after a kill', async () => {
    const dataDir = join(directory, randomUUID());
    const first = startDesk({ DATA_DIR: dataDir });
    await first.url();
    const before = await send('StampCard', { card: 'a' });
    first.child.kill('SIGKILL');
    await first.exited;
    const second = startDesk({ DATA_DIR: dataDir });
    await second.url();
    const after = await send('StampCard', { card: 'b' });
    if (!('position' in before && 'position' in after)) throw new Error(JSON.stringify([before, after]));
    expect(BigInt(after.position)).toBeGreaterThan(BigInt(before.position));
  });
});

describe('a service whose bus is away', () => {
  it('waits for it to come, serves when it does, and is not ready while it is gone again', async () => {
    const dataDir = join(directory, 'late-nats');
    const early = await startNatsServer({ dataDir });
    const { url } = early;
    await early.stop();
    const desk = startDesk({ NATS_URL: url });
    const { port } = await desk.line('starting');
    const boot = async () => {
      const response = await fetch(`http://127.0.0.1:${String(port)}/health/ready`);
      return { status: response.status, body: (await response.json()) as object };
    };
    // What it waits for is named from when it waits for it.
    await expect.poll(boot).toMatchObject({
      status: 503,
      body: { error: { process: { phase: 'starting' }, nats: { status: 'down' } } },
    });

    const late = await startNatsServer({ dataDir, port: Number(new URL(url).port) });
    await expect.poll(async () => (await readiness(desk)).status).toBe(200);
    await late.kill();
    await expect.poll(async () => (await readiness(desk)).details['nats']!['status']).toBe('down');
    desk.child.kill('SIGTERM');
    expect(await desk.exited).toBe(0);
  });
});
