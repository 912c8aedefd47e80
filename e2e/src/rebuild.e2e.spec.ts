import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, Api, type RequestOptions } from './api.js';
import { Stalls } from './stalls.js';
import { System, projectRoot, until } from './system.js';

let system: System;
let api: Api;

beforeAll(async () => {
  system = await System.create();
  await system.start();
  api = new Api(system);
  await Promise.all(Array.from({ length: 8 }, (_, worker) => createBooks(api, `seed${worker}`, 40)));
});
afterAll(() => system.dispose());

async function createBooks(by: Api, title: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const { status } = await by.post('/books', { title: `${title} ${n}`, amount: 1 });
    expect(status).toBe(201);
  }
}

/** `npm run views -- …` as an operator runs it. */
class ViewsCommand {
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  #output = '';

  constructor(...args: readonly string[]) {
    this.#child = spawn(process.execPath, ['infra/local/views.mjs', ...args, '--data', system.dataDir], {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    }
    this.exited = once(this.#child, 'close').then(([code]: (number | null)[]) => code ?? null);
  }

  get output(): string {
    return this.#output;
  }

  async kill(): Promise<void> {
    // It may have come to its end before.
    if (this.#child.exitCode === null) process.kill(-this.#child.pid!, 'SIGKILL');
    await this.exited;
  }
}

async function run(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const command = new ViewsCommand(...args);
  const code = await command.exited;
  return { code, output: command.output };
}

async function sql(text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(system.databaseUrl);
  // Postgres is killed now and then; the query hears of it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const sessions = `SELECT pid FROM pg_stat_activity WHERE application_name = 'shelfmark books_next view'`;
const build = async () => (await sql(`SELECT build FROM books.checkpoint WHERE source = 'book'`))[0]?.['build'];

interface Outcome {
  readonly wrote: number;
  readonly wrong: readonly string[];
  /** The codes of what was refused for the moment. */
  readonly refused: readonly string[];
}

/** Writes, and reads each write back with its position, until it is told to stop. */
async function writeAndRead(by: Api, goOn: () => boolean): Promise<Outcome> {
  const wrong: string[] = [];
  const refused: string[] = [];
  const ask = async (method: string, path: string, { body, headers }: RequestOptions = {}): Promise<Answer> => {
    const sent = { body, headers: { 'Idempotency-Key': randomUUID(), ...headers } };
    const answer = await by.once(method, path, sent);
    if (answer.status !== 503) return answer;
    refused.push(answer.body.code as string);
    return by.request(method, path, sent);
  };
  let wrote = 0;
  while (goOn()) {
    const title = `Written ${++wrote}`;
    const created = await ask('POST', '/books', { body: { title, amount: 1 } });
    if (created.status !== 201) {
      wrong.push(`POST ${created.status}`);
      continue;
    }
    const path = `/books/${created.body.id}`;
    const read = await ask('GET', path);
    if (read.status !== 200 || read.body.title !== title) wrong.push(`GET ${read.status} ${read.body?.title}`);
    const etag = read.headers.get('ETag')!;
    const patched = await ask('PATCH', path, { body: { amount: 2 }, headers: { 'If-Match': etag } });
    const again = await ask('GET', path);
    if (patched.status >= 300 || again.status !== 200 || again.body.amount !== 2) {
      wrong.push(`PATCH ${patched.status}, GET ${again.status} ${again.body?.amount}`);
    }
  }
  return { wrote, wrong, refused };
}

/** A read waits two seconds for its position. Where the machine stands still for nearly as long, nobody can be in time. */
const mostStallMs = 1_500;
/** What somebody is told who waited in vain. */
const waitedInVain = new Set(['ViewBehind', 'DeadlineExceeded', 'NoAnswer']);

describe('a rebuild of a view', () => {
  it('under writes and reads with their positions fails none of them, and shows nothing stale', async () => {
    const before = await build();
    const stalls = new Stalls(system.dataDir);
    let goOn = true;
    const clients = Array.from({ length: 3 }, () => writeAndRead(new Api(system), () => goOn));
    for (let round = 0; round < 2; round++) {
      const { code, output } = await run('rebuild', 'books');
      expect(output).toContain('View books is rebuilt');
      expect(code).toBe(0);
    }
    goOn = false;
    const outcomes = await Promise.all(clients);
    await stalls.stop();
    expect(outcomes.flatMap(({ wrong }) => wrong)).toEqual([]);
    const refused = outcomes.flatMap((outcome) => outcome.refused);
    expect(refused.filter((code) => stalls.longestMs < mostStallMs || !waitedInVain.has(code))).toEqual([]);
    expect(Math.min(...outcomes.map(({ wrote }) => wrote))).toBeGreaterThan(0);
    expect(await build()).not.toBe(before);
    expect(await run('compare', 'books')).toMatchObject({ code: 0, output: expect.stringContaining('all alike') });
    expect((await api.get('/books?limit=1')).body.total).toBe(
      320 + outcomes.reduce((sum, { wrote }) => sum + wrote, 0),
    );
  });

  it('that is killed, with the view’s process and Postgres, harms nothing, and the next one ends well', async () => {
    for (const victim of [undefined, 'view-books', 'postgres', 'nats']) {
      const command = new ViewsCommand('rebuild', 'books');
      await until('it is at work', async () => {
        const next = await sql(`SELECT to_regnamespace('books_next') IS NOT NULL AS there`).catch(() => []);
        return next[0]?.['there'] === true || command.output.includes('rebuilt');
      });
      if (victim === undefined) {
        await command.kill();
        // Until Postgres has noticed, a rebuild is under way, and another one waits for a few seconds only.
        await until('its session is over', async () => (await sql(sessions)).length === 0);
        expect((await api.get('/books?limit=1')).status).toBe(200);
      } else {
        system.kill(victim);
        expect(await command.exited, command.output).toBe(0);
      }
    }
    api.forget();
    const { code, output } = await run('rebuild', 'books');
    expect(code, output).toBe(0);
    expect((await run('compare', 'books')).code).toBe(0);
    expect(await sql(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'books\\_%'`)).toEqual([]);
  });

  it('puts right what a comparison finds', async () => {
    const [row] = await sql(
      `UPDATE books.book SET amount = amount + 1 WHERE id = (SELECT id FROM books.book LIMIT 1) RETURNING id`,
    );
    const { code, output } = await run('compare', 'books');
    expect(code).toBe(1);
    expect(output).toContain(`book ${String(row!['id'])} differs in amount`);
    expect((await run('rebuild', 'books')).output).toContain('1 of');
    expect((await run('compare', 'books')).code).toBe(0);
  });

  it('that does not exist, or has a mistake in it, says how it is done', async () => {
    expect(await run('rebuild', 'cooks')).toMatchObject({ code: 2, output: expect.stringContaining('books') });
    expect(await run('reboild', 'books')).toMatchObject({ code: 2, output: expect.stringContaining('npm run views') });
  });
});

it('tells how far each view is, and which events could not be shown', async () => {
  const status = await run('status');
  expect(status.code).toBe(0);
  for (const view of ['books', 'users', 'rents', 'holds', 'statistics'])
    expect(status.output).toMatch(new RegExp(`^${view} `, 'm'));
  expect(await run('dead-letters')).toMatchObject({ code: 0, output: expect.stringContaining('There are none') });
  const [book] = await sql('SELECT id FROM books.book LIMIT 1');
  await sql(
    `INSERT INTO books.dead_letter (source, stream, entity, position, event_id, event_type, error_name, error_detail)
     VALUES ('book', 'Book-${String(book!['id'])}', '${String(book!['id'])}', 1, 'an-event', 'BookUpdated', 'TypeError', 'at projection.js')`,
  );
  expect((await run('dead-letters', 'books')).output).toContain('an-event');
  expect((await run('dead-letters', '--show', 'an-event')).output).toContain('at projection.js');
  expect((await api.get(`/books/${String(book!['id'])}`)).body).toMatchObject({ parked: true });
  expect((await run('rebuild', 'books')).code).toBe(0);
  expect((await api.get(`/books/${String(book!['id'])}`)).body.parked).toBeUndefined();
});
