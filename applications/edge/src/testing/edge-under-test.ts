import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  type Bearer,
  type RunningServer,
  issuerEnvironment,
  startNatsServer,
  startPostgres,
  tokenFor,
} from '@shelfmark/local';
import { type CommandReply, connectToNats } from '@shelfmark/messaging';
import { readConfig } from '@shelfmark/service-kit';
import type pg from 'pg';
import { AppModule, type Waits } from '../app.module.js';
import { deadlineMs } from '../commands/commands.js';
import { configureHttp, serverOptions } from '../http/server.js';
import type { Access } from '../identity/access.js';
import { RouteTable } from '../openapi/route-table.js';
import { type Settings, settingsSpec } from '../settings.js';
import { patienceMs } from '../views/view-reader.js';

/** A command as a service finds it on the wire. */
export interface SeenCommand {
  readonly subject: string;
  readonly header: (name: string) => string;
  readonly data: Record<string, unknown>;
}

export interface Servers {
  readonly natsUrl: string;
  readonly databaseUrl: string;
  /** What an edge is told of who signs tokens. */
  readonly issuer: Readonly<Record<string, string>>;
  /** A token of that issuer. */
  readonly token: (bearer: Bearer) => Promise<string>;
  readonly nats: RunningServer;
  readonly postgres: RunningServer;
  stop(): Promise<void>;
}

/** A real NATS and a real Postgres. */
export async function startServers(): Promise<Servers> {
  const dataDir = await mkdtemp(join(tmpdir(), 'shelfmark-edge-'));
  const [nats, postgres] = await Promise.all([
    startNatsServer({ dataDir: join(dataDir, 'nats') }),
    startPostgres({ dataDir: join(dataDir, 'postgres') }),
  ]);
  return {
    natsUrl: nats.url,
    databaseUrl: postgres.url,
    issuer: await issuerEnvironment(dataDir),
    token: (bearer) => tokenFor(dataDir, bearer),
    nats,
    postgres,
    stop: async () => {
      await Promise.all([nats.stop(), postgres.stop()]);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** Makes the tables of all views, as the aggregators do when they start. They are not for importing, so another process does. */
export async function makeViews({ databaseUrl }: Pick<Servers, 'databaseUrl'>): Promise<void> {
  const aggregators = new URL('../../../../aggregators/dist/', import.meta.url);
  const script = `
    import { loadView, viewNames } from '${new URL('found-views.js', aggregators).href}';
    import { openView } from '${new URL('testing/view-database.js', aggregators).href}';
    for (const name of await viewNames()) await (await openView(process.env.DATABASE_URL, await loadView(name))).close();`;
  const env = { ...process.env, DATABASE_URL: databaseUrl };
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script], { env });
}

/** The views as they are before the first event. */
export async function emptyViews(database: pg.Client): Promise<void> {
  const sources = {
    books: ['book', 'rent'],
    users: ['user'],
    rents: ['rent'],
    holds: ['rent'],
    statistics: ['book', 'rent'],
    queue: ['book', 'rent', 'user'],
  };
  const checkpoints = Object.entries(sources).map(
    ([view, names]) => `
      TRUNCATE ${view}.dead_letter;
      DELETE FROM ${view}.checkpoint;
      INSERT INTO ${view}.checkpoint (source) VALUES ${names.map((name) => `('${name}')`).join(', ')} ON CONFLICT DO NOTHING`,
  );
  await database.query(`
    TRUNCATE books.book, users.person, rents.rent, holds.hold, statistics.title, statistics.quarter_hour, statistics.borrower, queue.command;
    ${checkpoints.join(';')}`);
}

export class EdgeUnderTest {
  private constructor(
    readonly url: string,
    /** A librarian's. */
    readonly token: string,
    private readonly app: NestFastifyApplication,
    private readonly services: NatsConnection,
  ) {}

  /**
   * @param settings where they are to be others than in a run of its own; one sender may send what it likes
   * @param waits where it is to wait longer than it does, for what comes about in any case
   */
  static async start(
    { natsUrl, databaseUrl, issuer, token }: Servers,
    settings: Partial<Settings> = {},
    waits: Partial<Waits> = {},
  ): Promise<EdgeUnderTest> {
    const env = {
      ...issuer,
      NATS_URL: natsUrl,
      DATABASE_URL: databaseUrl,
      HEALTH_PORT: '0',
      RATE_LIMIT_PER_SECOND: '1000000',
    };
    const all = { ...readConfig(settingsSpec, env), ...settings };
    const adapter = new FastifyAdapter({ ...serverOptions(all), genReqId: () => randomUUID() });
    const module = AppModule.with(all, { deadlineMs, patienceMs, ...waits });
    const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
      logger: false,
      abortOnError: false,
    });
    configureHttp(app, all);
    await app.listen(0, '127.0.0.1');
    const services = await connectToNats({ url: natsUrl, name: 'stand-in' });
    return new EdgeUnderTest(await app.getUrl(), await token({ role: 'librarian' }), app, services);
  }

  /** The header with which a librarian signs in. */
  get authorization(): { readonly authorization: string } {
    return { authorization: `Bearer ${this.token}` };
  }

  /**
   * Stands in for the services: sees what is on the wire, and answers as they would. A command for which there is no reply
   * is not answered.
   */
  async answer(
    subject: string,
    reply: (command: SeenCommand) => CommandReply | object | undefined,
  ): Promise<() => Promise<void>> {
    const subscription = this.services.subscribe(subject, {
      callback: (_error, message: Msg) => {
        const header = (name: string): string => message.headers?.get(name) ?? '';
        const answer = reply({ subject: message.subject, header, data: message.json() });
        if (answer !== undefined) message.respond(JSON.stringify(answer));
      },
    });
    await this.services.flush();
    return async () => {
      subscription.unsubscribe();
      // Until the server has taken the subscription off, it hands requests to it, and nobody answers them.
      await this.services.flush();
    };
  }

  /** @param options.token `null` for a request of nobody */
  async request(
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string>; token?: string | null } = {},
  ): Promise<Answer> {
    const { body, headers = {}, token = this.token } = options;
    const response = await fetch(this.url + path, {
      method,
      headers: {
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = /[/+]json/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      header: (name) => response.headers.get(name),
      text,
      json: (isJson && text !== '' ? JSON.parse(text) : undefined) as unknown,
    };
  }

  /** What Fastify serves, each as `GET /books/:id`. */
  routes(): readonly string[] {
    const tree = this.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
    const above: string[] = [];
    return [...tree.matchAll(/^(.*)── (\S+)(?: \((.+)\))?$/gm)].flatMap(([, indent, part, methods]) => {
      const depth = (indent!.length - 1) / 4;
      above.length = depth;
      above.push(part!);
      return methods?.split(', ').map((method) => `${method} ${above.join('')}`) ?? [];
    });
  }

  /** Each of them, with whom it is open to. */
  access(): readonly { readonly route: string; readonly access: Access | undefined }[] {
    const routes = this.app.get(RouteTable).list();
    return routes.map(({ method, path, access }) => ({
      route: `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      access,
    }));
  }

  async stop(): Promise<void> {
    await this.services.close();
    await this.app.close();
  }
}

export interface Answer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a test says itself what it expects in it
  readonly json: any;
}

export async function until(isSo: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('what was waited for did not come about');
    await pause(20);
  }
}
