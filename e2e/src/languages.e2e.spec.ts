import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asyncApi, schema } from '@shelfmark/contracts';
import { type Json, SchemaValidator } from '@shelfmark/event-sourcing';
import { connectToNats, consumeMirror, type NatsConnection, RequestClient } from '@shelfmark/messaging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Api } from './api.js';
import { projectRoot, System, until } from './system.js';

const examples = join(projectRoot, 'contracts', 'examples');
const goFolder = join(examples, 'go');
const pythonFolder = join(examples, 'python');
const services = ['user', 'book', 'rent'];

/** Events that no request leads to, or not for certain; every other one has to have been published below. */
const unreachable: Readonly<Record<string, string>> = {
  AttemptFailed: 'a service has to be away',
  HoldExpired: 'days have to pass',
  ImportFailed: 'only a file that is lost, or a bug, ends an import',
  NoticeGiven: 'a timer may or may not come before the hold is cancelled',
  NoticeMissed: 'days have to pass',
  OperationDeleted: 'a service has to be away',
  OperationFailed: 'a service has to be away',
  OperationRetried: 'a service has to be away',
};

interface Message {
  readonly type: string;
  readonly data: Json;
}

interface Client {
  readonly language: string;
  /** @returns the lines that the example printed, as JSON */
  run(arguments_: readonly string[], input?: string): Promise<readonly Json[]>;
  /** The example's own tests. */
  test(): void;
}

const languages = ['Go', 'Python'] as const;

/** What a language needs on the machine to be run. */
const needs = {
  Go: { file: 'go', args: ['list', './...'], cwd: goFolder },
  Python: { file: 'python3', args: ['-c', 'import ensurepip, venv'], cwd: pythonFolder },
};
const installed = new Map(
  languages.map((language) => {
    const { file, args, cwd } = needs[language];
    return [language, spawnSync(file, args, { cwd, stdio: 'ignore' }).status === 0];
  }),
);

/** A language is run where it is installed; in CI, which installs both, it is a failure when it cannot be. */
function isRun(language: (typeof languages)[number]): boolean {
  return process.env['CI'] === 'true' || installed.get(language) === true;
}

function inEach(title: string, test: (language: string) => void | Promise<void>): void {
  for (const language of languages) {
    it.skipIf(!isRun(language))(title.replace('%s', language), () => test(language));
  }
}

let directory: string;
let system: System;
let api: Api;
let connection: NatsConnection;
let clients: readonly Client[];
/** What passed over the bus: one message at least of every type that there is. */
const golden: Message[] = [];

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'shelfmark-languages-'));
  clients = languages.filter(isRun).map((language) => (language === 'Go' ? goClient() : pythonClient()));
  system = await System.create();
  await system.start();
  api = new Api(system);
  connection = await connectToNats({ url: natsUrl(), name: 'languages' });
  connection.subscribe('shelfmark.commands.>', {
    callback: (_error, { subject, data }) => {
      golden.push({ type: subject.split('.').at(-1)!, data: JSON.parse(Buffer.from(data).toString()) as Json });
    },
  });
  await connection.flush();
  await everything();
  let events: readonly Message[] = [];
  // Relays and reactions may take a while. Where an event stays away, a test says which.
  await until('every event is in a mirror', async () => {
    events = (await Promise.all(services.map(mirrored))).flat();
    return absentFrom(events).length === 0;
  }).catch(() => undefined);
  golden.push(...events);
}, 600_000);

afterAll(async () => {
  await connection?.close();
  await system?.dispose();
  rmSync(directory, { recursive: true, force: true });
});

function natsUrl(): string {
  return system.busUrl;
}

function goClient(): Client {
  const program = join(directory, 'client-go');
  execFileSync('go', ['build', '-o', program, '.'], { cwd: goFolder, stdio: 'inherit' });
  return {
    language: 'Go',
    run: (arguments_, input) => lines(program, arguments_, directory, input),
    test: () => {
      const generated = join(projectRoot, 'contracts', 'generated', 'go');
      expect(execFileSync('gofmt', ['-l', goFolder, generated], { encoding: 'utf8' })).toBe('');
      execFileSync('go', ['vet', './...'], { cwd: goFolder, stdio: 'pipe' });
      execFileSync('go', ['test', './...'], { cwd: goFolder, stdio: 'pipe' });
    },
  };
}

function pythonClient(): Client {
  const venv = join(directory, 'venv');
  const python = join(venv, 'bin', 'python');
  // What Python compiles it would leave in the project's folder.
  process.env['PYTHONDONTWRITEBYTECODE'] = '1';
  execFileSync('python3', ['-m', 'venv', venv], { stdio: 'inherit' });
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', 'requirements.txt'];
  execFileSync(python, install, { cwd: pythonFolder, stdio: 'inherit' });
  return {
    language: 'Python',
    run: (arguments_, input) => lines(python, ['-m', 'shelfmark_client', ...arguments_], pythonFolder, input),
    test: () => {
      execFileSync(python, ['-m', 'unittest', 'discover', '-s', 'tests', '-t', '.'], {
        cwd: pythonFolder,
        stdio: 'pipe',
      });
    },
  };
}

async function lines(file: string, arguments_: readonly string[], cwd: string, input = ''): Promise<readonly Json[]> {
  const env = { ...process.env, NATS_URL: natsUrl() };
  const options = { cwd, env, timeout: 180_000, maxBuffer: 64 * 1024 * 1024 };
  const running = promisify(execFile)(file, arguments_, options);
  running.child.stdin!.end(input);
  const { stdout } = await running;
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Json);
}

/** All events of a service, as its mirror has them by now. */
async function mirrored(service: string): Promise<readonly Message[]> {
  const done = new AbortController();
  const events: Message[] = [];
  for await (const delivery of consumeMirror(connection, { service, signal: done.signal })) {
    if (delivery.kind !== 'events') throw new Error(delivery.kind);
    events.push(...delivery.events.map(({ type, data }) => ({ type, data })));
    if (delivery.behind === 0) break;
  }
  done.abort();
  return events;
}

/** Asks for everything that can be asked for, so that every event happens. */
async function everything(): Promise<void> {
  const expected = async (status: number, method: string, path: string, body?: object) => {
    const answer = await api.request(method, path, { body });
    expect(answer.status, `${method} ${path}: ${JSON.stringify(answer.body)}`).toBe(status);
    return answer.body;
  };
  const made = async (path: string, body: object): Promise<string> => (await expected(201, 'POST', path, body)).id;
  const reader = () => made('/users', { name: 'Zoë “Ω” Łuk', email: `${randomUUID()}@example.org` });

  const user = await reader();
  const book = await made('/books', {
    title: 'Emma – “ein Roman”\n𝒜',
    authors: ['Austen, Jane', '曹雪芹'],
    isbn: '978-0-306-40615-7',
    languages: ['en', 'de-AT'],
    subjects: ['Comedy'],
    year: -44,
    amount: 2,
  });
  await expected(200, 'PATCH', `/books/${book}`, { isbn: null, year: null, authors: [], title: 'Emma' });
  await expected(200, 'PATCH', `/books/${book}`, { isbn: '0306406152', year: 1815, authors: ['Austen'], subjects: [] });
  const rent = await made('/rents', { userId: user, bookId: book });
  await expected(200, 'PATCH', `/books/${book}`, { amount: 0 });
  await expected(200, 'PATCH', `/books/${book}`, { amount: 3 });
  await expected(200, 'PATCH', `/users/${user}`, { name: 'Zoë', rentLimit: 0 });
  await expected(200, 'PATCH', `/users/${user}`, { email: `${randomUUID()}@example.org`, rentLimit: 7 });
  await expected(409, 'DELETE', `/books/${book}`);
  await expected(409, 'DELETE', `/users/${user}`);
  await expected(200, 'POST', `/rents/${rent}/return`);
  await expected(200, 'POST', `/rents/${rent}/reopen`);
  await expected(204, 'DELETE', `/rents?book_id=${book}&user_id=${user}`);
  await expected(204, 'DELETE', `/books/${book}`);
  await expected(204, 'DELETE', `/users/${user}`);

  const [first, second] = [await reader(), await reader()];
  const wanted = await made('/books', { title: 'Lady Susan', amount: 1 });
  const out = await made('/rents', { userId: first, bookId: wanted });
  await expected(200, 'POST', `/rents/${out}/renewal`);
  const hold = await made('/holds', { userId: second, bookId: wanted });
  await expected(200, 'POST', `/rents/${out}/return`);
  await expected(204, 'DELETE', `/holds/${hold}`);
  const lost = await made('/rents', { userId: first, bookId: wanted });
  await expected(200, 'POST', `/rents/${lost}/lost`);
  await expected(200, 'POST', `/rents/${lost}/found`);

  const headers = { Prefer: 'respond-async' };
  const body = { title: 'Sanditon', amount: 1 };
  expect((await api.request('POST', '/books', { body, headers })).status).toBe(202);
  // There is no such book: it will be refused.
  expect((await api.request('PATCH', `/books/${randomUUID()}`, { body, headers })).status).toBe(202);

  const csv = 'title,author,language,shelf\nPersuasion,"Austen, Jane",en,A1\n,nobody,,\n';
  const sent = await fetch(`${system.url}/imports`, {
    method: 'POST',
    headers: { ...system.authorization, 'Content-Type': 'text/csv' },
    body: csv,
  });
  expect(sent.status).toBe(202);
  const { id } = (await sent.json()) as { id: string };
  await until('the import is over', async () => (await api.get(`/operations/${id}`)).body.finishedAt !== undefined);
}

function typesIn(action: 'send' | 'receive'): readonly string[] {
  const operations = Object.values(asyncApi.operations).filter((operation) => operation.action === action);
  // Some events are of several services.
  return [...new Set(operations.map(({ channel }) => channel.$ref.split('/').at(-1)!))];
}

/** The types of events that none of the messages is of, though they could be. */
function absentFrom(messages: readonly Message[]): readonly string[] {
  const present = new Set(messages.map(({ type }) => type));
  return typesIn('send').filter((type) => !present.has(type) && !(type in unreachable));
}

/** One message that says the same in all languages: an instant may be written in several ways. */
function asValue({ type, data }: Message): string {
  const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
  const value = (item: Json): Json => {
    if (typeof item === 'string') return instant.test(item) ? Date.parse(item) : item;
    if (Array.isArray(item)) return item.map(value);
    if (typeof item !== 'object' || item === null) return item;
    const sorted = Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries(sorted.map(([name, field]) => [name, value(field)]));
  };
  return `${type} ${JSON.stringify(value(data))}`;
}

function asLines(messages: readonly Message[]): string {
  return messages.map((message) => JSON.stringify(message) + '\n').join('');
}

describe('the golden messages', () => {
  it('are of every event that there is, but for those that nothing leads to', () => {
    expect(absentFrom(golden)).toEqual([]);
    expect(golden.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['CreateBook', 'UpdateBook', 'RentBook', 'CloseBookRent']),
    );
  });

  it('are as the contracts say', () => {
    const validator = new SchemaValidator(schema);
    for (const { type, data } of golden) expect(validator.validate(type, data), type).toEqual([]);
  });

  inEach('say in %s what they say', async (language) => {
    const known = golden.filter(({ type }) => type in asyncApi.channels);
    const again = await client(language).run(['reencode'], asLines(known));
    expect((again as unknown as Message[]).map(asValue)).toEqual(known.map(asValue));
  });

  inEach('are read in %s also with more in them than is known there', async (language) => {
    const events = golden.filter(({ type }) => typesIn('send').includes(type));
    const later = events.map(({ type, data }) => ({
      type,
      data: { ...(data as object), addedLater: { a: [1, null] } },
    }));
    const again = await client(language).run(['reencode'], asLines(later));
    expect((again as unknown as Message[]).map(asValue)).toEqual(events.map(asValue));
  });
});

describe('a client of the bus', () => {
  inEach('in %s passes its own tests', (language) => client(language).test());

  inEach('in %s has a command carried out', async (language) => {
    const title = `Łódź in 100% ${language} – ${randomUUID()}`;
    const [accepted] = (await client(language).run(['create-book', title])) as [
      { id: string; position: string | number },
    ];
    const headers = { 'Shelfmark-Position': `book@${accepted.position}` };
    expect((await api.get(`/books/${accepted.id}`, { headers })).body).toMatchObject({ title, amount: 1 });
  });

  inEach('in %s follows a mirror to its end and misses nothing', async (language) => {
    for (const service of services) {
      const events = await mirrored(service);
      const told = (await client(language).run(['follow', service, '--to-end'])) as unknown as Message[];
      // Others may have come meanwhile.
      expect(told.slice(0, events.length).map(asValue)).toEqual(events.map(asValue));
    }
  });

  inEach('in %s is told what is wrong with a command', async (language) => {
    await expect(client(language).run(['create-book', '  '])).rejects.toThrow(/MalformedMessage.*\/title/);
  });

  it('is refused a field that the contract does not have', async () => {
    const id = randomUUID();
    const answer = await new RequestClient(connection, { source: '/e2e' }).sendCommand('book', {
      id,
      type: 'CreateBook',
      data: { bookId: id, title: 'Emma', amount: 1, shelf: 'A1' },
      correlationId: id,
      causationId: id,
      deadline: Date.now() + 60_000,
    });
    expect(answer).toMatchObject({ failure: { name: 'MalformedMessage', field: '/shelf' } });
  });
});

function client(language: string): Client {
  return clients.find((one) => one.language === language)!;
}
