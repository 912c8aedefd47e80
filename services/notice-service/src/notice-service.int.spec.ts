import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { NoticeGiven } from '@shelfmark/contracts';
import { InMemoryEventStore } from '@shelfmark/event-sourcing';
import { type RunningNatsServer, startNatsServer } from '@shelfmark/local';
import { Relay, type RequestServer, connectToNats, serveRequests } from '@shelfmark/messaging';
import { SMTPServer } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const bookId = '0190163d-8694-739b-aea5-966c26f8ad90';
const ada = '0190163d-8694-739b-aea5-966c26f8ad92';
const gone = '0190163d-8694-739b-aea5-966c26f8ad93';

let directory: string;
let nats: RunningNatsServer;
let store: InMemoryEventStore;
let closing: (() => unknown)[];
let output: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shelfmark-notices-'));
  nats = await startNatsServer({ dataDir: join(directory, 'nats') });
  store = new InMemoryEventStore();
  closing = [];
  output = '';
  const connection = await connectToNats({ url: nats.url, name: 'stand-in' });
  const relay = new Relay({ connection, store, service: 'rent', source: '/test' });
  relay.start();
  const servers: RequestServer[] = [
    serveRequests(connection, {
      subject: 'shelfmark.queries.user.GetStateAt',
      queue: 'user',
      handle: async ({ data }) => {
        const { id } = data as { id: string };
        return id === gone ? {} : { user: { id, name: 'Ada Lovelace', email: addressOf(id) } };
      },
    }),
    serveRequests(connection, {
      subject: 'shelfmark.queries.book.GetStateAt',
      queue: 'book',
      handle: async () => ({ book: { title: 'Emma' } }),
    }),
  ];
  closing.push(async () => {
    await relay.stop();
    await Promise.all(servers.map((server) => server.drain()));
    await connection.close();
  });
});

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  await nats.stop();
  await rm(directory, { recursive: true, force: true });
});

const addressOf = (userId: string) => `${userId.slice(-4)}@readers.example.org`;

/** A notice as rent-service gives it. @returns the event's id, which messages bear */
async function give(notice: Partial<NoticeGiven> = {}, time = new Date(), id: string = randomUUID()): Promise<string> {
  const about = `${bookId}.${closing.length}${Math.floor(Math.random() * 1e9)}`;
  const data = { kind: 'RentOverdue', about, userId: ada, bookId, day: '2024-03-14', ...notice };
  const metadata = {
    commandId: id,
    commandHash: 'hash',
    correlationId: id,
    causationId: id,
    time: time.toISOString(),
    schemaVersion: 1,
  };
  const events = [{ id, type: 'NoticeGiven', data, metadata }];
  await store.append([{ stream: `Notice-${data.kind}.${data.about}`, expected: 'none', events }]);
  return id;
}

function start(env: NodeJS.ProcessEnv): ChildProcess {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { ...process.env, NATS_URL: nats.urlOf('notice-service'), HEALTH_PORT: '0', LOG_LEVEL: 'debug', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (output += part.toString()));
  closing.push(() => kill(child));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

const eventually = (check: () => void) => vi.waitFor(check, { timeout: 90_000, interval: 20 });

interface Received {
  readonly id: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** A receiver of webhooks that answers as it is told to. */
class Receiver {
  readonly received: Received[] = [];
  /** The ids of those that it has taken. */
  readonly taken = new Set<string>();
  readonly key = randomBytes(32);
  /** @returns whether it takes the message and answers 200; else it has answered otherwise, or does not answer */
  answer: (message: Received, attempt: number, response: ServerResponse) => boolean = () => true;
  url = '';

  async listen(): Promise<this> {
    const server = createServer((request, response) => void this.#receive(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return this;
  }

  get environment(): NodeJS.ProcessEnv {
    return {
      NOTICE_WEBHOOK_URL: `${this.url}/notices?token=hunter2`,
      NOTICE_WEBHOOK_SECRET: `whsec_${this.key.toString('base64')}`,
    };
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = String(request.headers['webhook-id']);
    // Whoever sends may be killed before it has.
    const body = await text(request).catch(() => undefined);
    if (body === undefined) return;
    const message = { id, path: request.url!, headers: request.headers, body };
    this.received.push(message);
    const attempt = this.received.filter((other) => other.id === id).length;
    if (!this.answer(message, attempt, response)) return;
    this.taken.add(id);
    response.end();
  }
}

describe('the webhook', () => {
  it('gets each notice at least once under one id, signed, whatever it answers at first', async () => {
    const receiver = await new Receiver().listen();
    const faults: ((response: ServerResponse) => void)[] = [
      (response) => response.writeHead(500).end('try later'),
      (response) => response.destroy(),
      (response) => response.writeHead(307, { location: `${receiver.url}/elsewhere` }).end(),
      // It never answers, or never ends to.
      () => undefined,
      (response) => response.writeHead(503).write('…'),
    ];
    const faultOf = new Map<string, (response: ServerResponse) => void>();
    receiver.answer = ({ id }, attempt, response) => {
      const fault = faultOf.get(id);
      if (attempt > 1 || !fault) return true;
      fault(response);
      return false;
    };
    start(receiver.environment);
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) {
      const id = randomUUID();
      const fault = faults[n % 6];
      if (fault) faultOf.set(id, fault);
      ids.push(await give({}, new Date(), id));
    }
    await eventually(() => expect([...receiver.taken].sort()).toEqual([...ids].sort()));

    expect(receiver.received.length).toBeGreaterThanOrEqual(ids.length + faultOf.size);
    expect(receiver.received.map(({ path }) => path)).not.toContain('/elsewhere');
    for (const { id, headers, body } of receiver.received) {
      const timestamp = String(headers['webhook-timestamp']);
      const digest = createHmac('sha256', receiver.key).update(`${id}.${timestamp}.${body}`).digest('base64');
      expect(headers['webhook-signature']).toBe(`v1,${digest}`);
      expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(120);
      expect(headers['content-type']).toBe('application/json');
      expect(body).toBe(receiver.received.find((other) => other.id === id)!.body);
    }
    expect(output).not.toMatch(/hunter2/);
    expect(output).not.toContain(receiver.key.toString('base64'));
  });

  it('hears what it is, and of whom by their id alone', async () => {
    const receiver = await new Receiver().listen();
    start(receiver.environment);
    await give({ kind: 'HoldReady', about: `${bookId}.3`, day: '2024-03-03' });
    await give({ kind: 'RentDueTomorrow', about: `${bookId}.4` });
    await give({ kind: 'RentOverdue', about: `${bookId}.5` });
    await eventually(() => expect(receiver.taken.size).toBe(3));
    const bodies = receiver.received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    const instant = expect.stringMatching(/Z$/) as string;
    expect(bodies).toEqual(
      expect.arrayContaining([
        {
          type: 'hold.ready',
          timestamp: instant,
          data: { userId: ada, bookId, holdId: `${bookId}.3`, pickupBy: '2024-03-03' },
        },
        {
          type: 'rent.due_tomorrow',
          timestamp: instant,
          data: { userId: ada, bookId, rentId: `${bookId}.4`, dueOn: '2024-03-14' },
        },
        {
          type: 'rent.overdue',
          timestamp: instant,
          data: { userId: ada, bookId, rentId: `${bookId}.5`, dueOn: '2024-03-14' },
        },
      ]),
    );
  });

  it('gets it again, with its id, when the service is killed before it heard that it was taken', async () => {
    const receiver = await new Receiver().listen();
    receiver.answer = () => false;
    const first = start(receiver.environment);
    const id = await give();
    await eventually(() => expect(receiver.received).toHaveLength(1));
    await kill(first);
    receiver.answer = () => true;
    start(receiver.environment);
    await eventually(() => expect([...receiver.taken]).toEqual([id]));
  });

  it('is not told of what is long past', async () => {
    const receiver = await new Receiver().listen();
    await give({}, new Date(Date.now() - 4 * 24 * 60 * 60 * 1000));
    const id = await give();
    start(receiver.environment);
    await eventually(() => expect([...receiver.taken]).toEqual([id]));
    await eventually(() => expect(output).toContain('a notice is too old to be sent to the webhook'));
    expect(receiver.received).toHaveLength(1);
  });
});

interface Letter {
  readonly to: string;
  readonly messageId: string;
  readonly source: string;
}

/** A mail server that takes letters, or answers with a code that it is told. */
class MailServer {
  readonly letters: Letter[] = [];
  readonly attempts: string[] = [];
  /** @returns the code to refuse the recipient with */
  refuse: (to: string, attempt: number) => number | undefined = () => undefined;
  /** @returns whether it says that it has the letter, or nothing */
  answers: () => boolean = () => true;
  url = '';

  async listen(): Promise<this> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      onRcptTo: ({ address }, _session, done) => {
        this.attempts.push(address);
        const code = this.refuse(address, this.attempts.filter((other) => other === address).length);
        if (code === undefined) return done();
        done(Object.assign(new Error(`${address} is not served`), { responseCode: code }));
      },
      onData: (stream, session, done) => {
        void text(stream).then((source) => {
          const messageId = /^message-id: (.*)$/im.exec(source)![1]!.trim();
          this.letters.push({ to: session.envelope.rcptTo[0]!.address, messageId, source });
          if (this.answers()) done();
        }, done);
      },
    });
    server.on('error', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.url = `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
    closing.push(() => new Promise<void>((resolve) => server.close(resolve)));
    return this;
  }

  get environment(): NodeJS.ProcessEnv {
    return { SMTP_URL: this.url, NOTICE_FROM: 'Library <library@example.org>' };
  }
}

const someone = (n: number) => `0190163d-8694-739b-aea5-966c26f8${String(n).padStart(4, '0')}`;

describe('mail', () => {
  it('is written to who is meant, in plain text, and their address is kept nowhere', async () => {
    const server = await new MailServer().listen();
    start(server.environment);
    const id = await give();
    await eventually(() => expect(server.letters).toHaveLength(1));
    const [{ to, messageId, source }] = server.letters as [Letter];
    expect(to).toBe(addressOf(ada));
    expect(messageId).toBe(`<${id}@notices.shelfmark>`);
    expect(source).toMatch(/^From: Library <library@example\.org>\r$/m);
    expect(source).toMatch(/^To: Ada Lovelace </m);
    expect(source).toMatch(/^Subject: Overdue: Emma\r$/m);
    expect(source).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(source).toMatch(/^Content-Type: text\/plain/m);
    expect(source).toContain('Dear Ada Lovelace,');
    expect(output).not.toMatch(/readers\.example|Lovelace/);
  });

  it('is sent again after a "not now", and given up after a "never"', async () => {
    const server = await new MailServer().listen();
    server.refuse = (to, attempt) => {
      if (to === addressOf(someone(1))) return 550;
      return to === addressOf(someone(2)) && attempt < 3 ? 451 : undefined;
    };
    start(server.environment);
    await give({ userId: someone(1) });
    await give({ userId: someone(2) });
    await eventually(() => expect(server.letters.map(({ to }) => to)).toEqual([addressOf(someone(2))]));
    await give({ userId: someone(3) });
    await eventually(() => expect(server.letters).toHaveLength(2));
    expect(server.attempts.filter((to) => to === addressOf(someone(1)))).toHaveLength(1);
    expect(server.attempts.filter((to) => to === addressOf(someone(2)))).toHaveLength(3);
    await eventually(() => expect(output).toContain('a letter cannot be delivered'));
    expect(output).not.toMatch(/readers\.example|Lovelace/);
  });

  it('is not written to who has left', async () => {
    const server = await new MailServer().listen();
    start(server.environment);
    await give({ userId: gone });
    await eventually(() => expect(output).toContain('who was to be written to has left'));
    await give();
    await eventually(() => expect(server.letters.map(({ to }) => to)).toEqual([addressOf(ada)]));
  });

  it('is sent again, as the same letter, when the service is killed before it heard that it was taken', async () => {
    const server = await new MailServer().listen();
    server.answers = () => false;
    const first = start(server.environment);
    const id = await give();
    await eventually(() => expect(server.letters).toHaveLength(1));
    await kill(first);
    server.answers = () => true;
    start(server.environment);
    await eventually(() => expect(server.letters).toHaveLength(2));
    expect(server.letters.map(({ messageId }) => messageId)).toEqual(Array(2).fill(`<${id}@notices.shelfmark>`));
  });

  it('and the webhook do not wait for each other', async () => {
    const [server, receiver] = [await new MailServer().listen(), await new Receiver().listen()];
    server.refuse = () => 451;
    start({ ...server.environment, ...receiver.environment });
    const id = await give();
    await eventually(() => expect([...receiver.taken]).toEqual([id]));
    await eventually(() => expect(server.attempts.length).toBeGreaterThan(1));
    server.refuse = () => undefined;
    await eventually(() => expect(server.letters).toHaveLength(1));
    expect(receiver.received).toHaveLength(1);
  });
});

describe('the service', () => {
  it('stands by where nothing is set up', async () => {
    start({});
    await eventually(() => expect(output).toContain('"msg":"ready"'));
  });

  it('does not start where something is set up by halves, and says what is missing', async () => {
    const child = start({ SMTP_URL: 'smtp://desk:hunter2@127.0.0.1' });
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(78);
    expect(output).toContain('SMTP_URL needs NOTICE_FROM too');
    expect(output).not.toContain('hunter2');
  });
});
