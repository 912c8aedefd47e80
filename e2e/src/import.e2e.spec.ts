import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, Api } from './api.js';
import { logOf, verifyLog } from './evidence.js';
import { System, projectRoot, until } from './system.js';

let system: System;
let api: Api;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'shelfmark-files-'));
  system = await System.create();
  await system.start();
  api = new Api(system);
});
afterAll(async () => {
  await system.dispose();
  rmSync(directory, { recursive: true });
});

const nothing = { added: 0, alreadyThere: 0, deletedSince: 0, different: 0, refused: 0 };

/** The 1,000 titles that the project ships, in columns that tell no id, so that each is known by what it says. */
const catalogue = readFileSync(join(projectRoot, 'infra', 'local', 'demo', 'gutenberg-1000.csv'), 'utf8');

async function post(
  file: string | FormData | Buffer,
  query = '',
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const type = file instanceof FormData ? undefined : { 'Content-Type': 'text/csv' };
  const response = await fetch(`${system.url}/imports${query}`, {
    method: 'POST',
    headers: { ...system.authorization, ...type, ...headers },
    body: Buffer.isBuffer(file) ? new Uint8Array(file) : file,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Waits for an import's end. */
async function finished(location: string): Promise<Answer['body']> {
  let operation: Answer['body'];
  await until(
    `${location} is over`,
    async () => {
      operation = (await api.insist('GET', `${location}?limit=100`, {})).body;
      return operation.finishedAt !== undefined;
    },
    180_000,
  );
  expect(operation.rows).toBe(Object.values(operation.tally as object).reduce((sum: number, rows) => sum + rows, 0));
  return operation;
}

async function imported(
  file: string | FormData | Buffer,
  query = '',
  sent: Readonly<Record<string, string>> = {},
): Promise<Answer['body']> {
  const { status, headers, body } = await post(file, query, sent);
  expect(status, JSON.stringify(body)).toBe(202);
  expect(headers.get('Location')).toBe(`/operations/${body.id}`);
  return finished(`/operations/${body.id}`);
}

/** How many books the view shows for a search. */
async function found(q: string): Promise<number> {
  return (await api.insist('GET', `/books?q=${encodeURIComponent(q)}&limit=1`)).body.total;
}

describe('the catalogue', () => {
  it('goes in once, however often it is imported, also with rows inserted above', async () => {
    expect(await imported(catalogue, '?dryRun=true')).toMatchObject({
      state: 'completed',
      dryRun: true,
      tally: { ...nothing, added: 1_000 },
    });
    expect(await found('')).toBe(0);

    const first = await imported(catalogue);
    expect(first).toMatchObject({ state: 'completed', rows: 1_000, tally: { ...nothing, added: 1_000 }, total: 0 });
    expect(first.format).toMatchObject({ encoding: 'UTF-8', delimiter: ',', ignoredColumns: [] });
    expect((await api.get('/books?limit=1')).body.total).toBe(1_000);
    expect(await found('gettysburg lincoln')).toBeGreaterThan(0);

    expect((await imported(catalogue)).tally).toEqual({ ...nothing, alreadyThere: 1_000 });

    const [head, ...rows] = catalogue.split('\n');
    const longer = [head, '900001,Inserted above,"Above, A.",en,', ...rows].join('\n');
    expect((await imported(longer, '?dryRun=true')).tally).toEqual({ ...nothing, added: 1, alreadyThere: 1_000 });
    expect((await imported(longer)).tally).toEqual({ ...nothing, added: 1, alreadyThere: 1_000 });
    expect((await api.get('/books?limit=1')).body.total).toBe(1_001);
  });
});

describe('an export', () => {
  it('adds nothing when it is imported again, whatever became of the books since', async () => {
    const made = await api.post('/books', {
      title: 'Emma; or, "Emma"',
      authors: ['Austen, Jane'],
      year: -44,
      amount: 0,
    });
    const changed = await api.post('/books', {
      title: 'Changed',
      isbn: '0-306-40615-2',
      languages: ['de', 'en'],
      amount: 3,
    });
    await api.request('PATCH', `/books/${changed.body.id}`, { body: { title: 'Changed since', subjects: ['A', 'B'] } });
    const { total } = (await api.get('/books?limit=1')).body;
    const read = async (type: string): Promise<string> => {
      const exported = await fetch(`${system.url}/exports/books`, {
        headers: { ...system.authorization, ...api.positions, Accept: type },
      });
      expect(exported.status).toBe(200);
      expect(exported.headers.get('Content-Type')?.split(';')[0]).toBe(type);
      return exported.text();
    };
    for (const type of ['application/marc', 'application/marcxml+xml', 'text/csv']) {
      const again = await imported(await read(type), '', { 'Content-Type': type });
      expect(again).toMatchObject({ tally: { ...nothing, alreadyThere: total }, total: 0 });
    }
    const file = await read('text/csv');

    await api.request('PATCH', `/books/${changed.body.id}`, { body: { title: 'Changed again' } });
    await api.request('DELETE', `/books/${made.body.id}`);
    expect((await imported(file)).tally).toEqual({
      ...nothing,
      alreadyThere: total - 2,
      different: 1,
      deletedSince: 1,
    });
    expect((await api.get('/books?limit=1')).body.total).toBe(total - 1);
    expect(await read('text/csv')).toContain('Changed again');
  });
});

describe('rows without an id', () => {
  it('that are alike are as many books as there are rows, also when others are inserted', async () => {
    const title = `Alike ${randomUUID()}`;
    const file = (...titles: string[]) => ['Title;Copies', ...titles.map((each) => `${each};2`)].join('\r\n');
    expect((await imported(file(title, title, 'Other'))).tally).toEqual({ ...nothing, added: 3 });
    expect((await imported(file('New', title, 'Newer', title, 'Other', title))).tally).toEqual({
      ...nothing,
      added: 3,
      alreadyThere: 3,
    });
  });
});

describe('a file with bad rows', () => {
  const id = randomUUID().slice(0, 8);
  const spreadsheet = [
    'book_id,Title,Authors,ISBN-13,Year,Shelf',
    `${id}1,The Hunger Games,Suzanne Collins,9.78043902348e+12,2008,A1`,
    `${id}2,Good one,"Adams, A.; Brown, B.",978-0-306-40615-7,2008.0,A2`,
    `${id}3,Wrong digit,X,9780306406158,2008,A3`,
    `${id}4,,X,,2008,A4`,
    `${id}5,"Never closed,X,,2008,A5`,
    `${id}6,Too many,X,,2008,A6,and,more`,
    `${id}7,No year,X,,unknown,A7`,
    `${id}2,Good one,"Adams, A.; Brown, B.",9780306406157,2008,A9`,
    `${id}2,Other title,X,,2008,A2`,
    `${id}8,"Two`,
    'lines",X,,2008,A8',
  ].join('\n');
  const report = [
    {
      line: 2,
      outcome: 'added',
      column: 'ISBN-13',
      reason: 'a spreadsheet had rounded it',
      repaired: { from: '9.78043902348e+12', to: '9780439023481' },
    },
    { line: 4, outcome: 'refused', column: 'ISBN-13', reason: 'the check digit of the ISBN-13 is wrong' },
    { line: 5, outcome: 'refused', column: 'Title', reason: 'is missing' },
    { line: 6, outcome: 'refused', reason: 'a quotation mark is not closed' },
    { line: 7, outcome: 'refused', reason: 'the row has 8 columns, more than the first row' },
    { line: 8, outcome: 'refused', column: 'Year', reason: expect.any(String) },
    {
      line: 10,
      outcome: 'different',
      reason: expect.any(String),
      _links: { book: { href: expect.stringMatching(/^\/books\//) } },
    },
  ];
  const tally = { ...nothing, added: 3, alreadyThere: 1, different: 1, refused: 5 };

  it('has the others in, and tells each bad one by its line; a dry run tells the same', async () => {
    for (const query of ['?dryRun=true', '']) {
      const operation = await imported(spreadsheet, query);
      expect(operation).toMatchObject({ state: 'completed', rows: 10, tally, total: 7 });
      expect(operation._embedded.rows).toEqual(report);
      expect(operation.format.ignoredColumns).toEqual(['Shelf']);
    }
  });

  it('has its report in pages', async () => {
    const { headers } = await post(spreadsheet, '?dryRun=true');
    const location = headers.get('Location')!;
    await finished(location);
    const lines: number[] = [];
    for (let next: string | undefined = `${location}?limit=3`; next !== undefined;) {
      const { body } = await api.get(next);
      expect(body._links.self.href).toBe(next);
      lines.push(...body._embedded.rows.map(({ line }: { line: number }) => line));
      next = body._links.next?.href;
    }
    expect(lines).toEqual(report.map(({ line }) => line));
  });

  it('that are all of it is read to its end', async () => {
    const file = ['title,isbn', ...Array.from({ length: 512 }, (_, n) => `Title ${n},12`), ''].join('\n');
    expect(await imported(file)).toMatchObject({ state: 'completed', tally: { ...nothing, refused: 512 }, total: 512 });
  });

  it('says of a row that its book was deleted since, and does not bring it back', async () => {
    const file = `id,title\n${randomUUID()},Short-lived`;
    await imported(file);
    const { body } = await api.get('/books?q=short-lived');
    expect((await api.request('DELETE', `/books/${body._embedded.books[0].id}`)).status).toBe(204);
    for (const query of ['?dryRun=true', '']) {
      expect(await imported(file, query)).toMatchObject({
        tally: { ...nothing, deletedSince: 1 },
        _embedded: { rows: [{ line: 2, outcome: 'deletedSince' }] },
      });
    }
    expect(await found('short-lived')).toBe(0);
  });
});

describe('records of MARC 21', () => {
  const samples = join(projectRoot, 'services', 'book-service', 'marc', 'samples');

  it('go in once, in MARC-8 or as another program made XML of them', async () => {
    const marc = readFileSync(join(samples, 'marc-8.mrc'));
    const operation = await imported(marc, '', { 'Content-Type': 'application/marc' });
    expect(operation).toMatchObject({ format: { type: 'marc' }, rows: 23, tally: { ...nothing, added: 23 }, total: 0 });
    expect(await found('Beikoku no tōchi no shikumi')).toBe(1);
    const xml = readFileSync(join(samples, 'marc-8.xml'));
    expect(await imported(xml, '', { 'Content-Type': 'application/marcxml+xml' })).toMatchObject({
      format: { type: 'marcxml', encoding: 'UTF-8' },
      tally: { ...nothing, alreadyThere: 23 },
    });
  });

  it('that are damaged are told by their number', async () => {
    const operation = await imported(readFileSync(join(samples, 'damaged.mrc')), '?dryRun=true');
    expect(operation).toMatchObject({ rows: 9, tally: { ...nothing, added: 2, refused: 7 } });
    expect(operation._embedded.rows.map(({ record }: { record: number }) => record)).toEqual([2, 3, 4, 5, 6, 7, 9]);
  });

  it('are missing in other XML, which is refused at once', async () => {
    expect(await post('<html><p>Emma</p></html>')).toMatchObject({ status: 422, body: { code: 'NoRecords' } });
  });
});

describe('people', () => {
  const people = [
    'Name,E-Mail,Rent limit,Card number',
    'Ada Lovelace,ada@people.example,3,P1',
    'Bob,bob at people.example,,P2',
    ',nobody@people.example,,P3',
    'Cleo,cleo@people.example,,P4',
    'Ada Again,ADA@people.example,,P5',
  ].join('\n');

  it('go in once, and reports, logs and other services hear nothing of names and addresses', async () => {
    const tally = { ...nothing, added: 2, different: 1, refused: 2 };
    expect(await imported(people, '?kind=people&dryRun=true')).toMatchObject({ imports: 'people', tally });
    const operation = await imported(people, '?kind=people');
    expect(operation).toMatchObject({ state: 'completed', imports: 'people', tally, total: 3 });
    expect(operation._embedded.rows).toMatchObject([
      { line: 3, outcome: 'refused', column: 'E-Mail' },
      { line: 4, outcome: 'refused', column: 'Name' },
      { line: 6, outcome: 'different' },
    ]);
    expect(JSON.stringify(operation)).not.toMatch(/lovelace|cleo|people\.example/i);
    expect((await api.get('/users?q=ada@people.example')).body._embedded.users).toMatchObject([
      { name: 'Ada Lovelace', rentLimit: 3 },
    ]);
    expect((await imported(people, '?kind=people')).tally).toEqual({
      ...nothing,
      alreadyThere: 2,
      different: 1,
      refused: 2,
    });
    const imports = (await logOf(system, 'user')).filter(({ stream }) => stream.startsWith('Import-'));
    expect(imports.length).toBeGreaterThan(3);
    expect(JSON.stringify(imports)).not.toMatch(/lovelace|cleo|people\.example/i);
    const elsewhere = await Promise.all([logOf(system, 'book'), logOf(system, 'rent')]);
    expect(JSON.stringify(elsewhere)).not.toContain('people.example');
    await until('no file is left', () => spooled('user-service').length === 0);
  });

  it('are refused at once where columns are missing', async () => {
    const headless = await post('Ada Lovelace,ada@people.example\n', '?kind=people');
    expect(headless).toMatchObject({ status: 422, body: { code: 'MissingColumns' } });
    expect(JSON.stringify(headless.body)).not.toContain('ada');
  });
});

describe('open rents', () => {
  it('are taken over once, as they were; what came back since stays so', async () => {
    const [book, person] = [randomUUID().slice(0, 8), randomUUID().slice(0, 8)];
    await imported(`record_id,title,copies\n${book},Taken over ${book},1\n`);
    await imported(`name,email,member_id\nAda,${person}@rents.example,${person}\n`, '?kind=people');
    const rents = [
      'Book ID,E-Mail,Due date,Rented on',
      `${book},${person}@rents.example,2020-01-31,2020-01-10`,
      `${book},nobody@rents.example,2020-01-31,`,
      `none,${person}@rents.example,2020-01-31,`,
    ].join('\n');
    const tally = { ...nothing, added: 1, refused: 2 };
    for (const query of ['?kind=rents&dryRun=true', '?kind=rents']) {
      const operation = await imported(rents, query);
      expect(operation).toMatchObject({ imports: 'rents', tally });
      expect(operation._embedded.rows).toEqual([
        { line: 3, outcome: 'refused', reason: 'there is no such person' },
        { line: 4, outcome: 'refused', reason: 'there is no such book' },
      ]);
    }
    // Known by their ids, which the files of books and people had in columns of other names.
    const again = `book_id,user_id,due_date,rented_on\n${book},${person},2020-01-31,2020-01-10\n`;
    expect((await imported(again, '?kind=rents')).tally).toEqual({ ...nothing, alreadyThere: 1 });

    const { bookId } = (await api.get('/rents?state=overdue')).body._embedded.rents.find(
      ({ rentedAt }: { rentedAt: string }) => rentedAt === '2020-01-10T00:00:00.000Z',
    );
    const [rent] = (await api.get(`/rents?book=${bookId}`)).body._embedded.rents;
    expect(rent).toMatchObject({ state: 'open', overdue: true, dueOn: '2020-01-31' });
    expect((await api.post(`/rents/${rent.id}/return`)).status).toBe(200);
    expect((await imported(again, '?kind=rents')).tally).toEqual({ ...nothing, deletedSince: 1 });
    expect(JSON.stringify(await logOf(system, 'rent'))).not.toContain('rents.example');
    await until('no file is left', () => spooled('rent-service').length === 0);
  });
});

describe('what is sent', () => {
  it('may be a form with one file, in Windows-1252', async () => {
    const form = new FormData();
    form.append('comment', 'from the cellar');
    form.append(
      'file',
      new Blob([Buffer.from(`title\tauthor\nUnter Bäumen ${randomUUID()}\tMüller`, 'latin1')]),
      'books.txt',
    );
    const operation = await imported(form);
    expect(operation).toMatchObject({
      tally: { ...nothing, added: 1 },
      format: { encoding: 'Windows-1252', delimiter: '\t' },
    });
    expect(await found('unter bäumen müller')).toBe(1);
  });

  it('is refused at once when no column holds titles', async () => {
    for (const file of ['name,author\nx,y\n', 'name', '', `\n${'x'.repeat(100_000)}`]) {
      expect(await post(file)).toMatchObject({ status: 422, body: { code: 'NoTitleColumn' } });
    }
  });

  it('is refused when it is no file', async () => {
    const json = await api.post('/imports', { title: 'Emma' });
    expect(json).toMatchObject({ status: 415, body: { type: '/problems/UnsupportedMediaType' } });
    const form = new FormData();
    form.append('file', 'title\nEmma');
    expect(await post(form)).toMatchObject({ status: 400, body: { code: 'MalformedBody' } });
    const two = new FormData();
    two.append('file', new Blob(['title\nEmma']), 'a.csv');
    two.append('file', new Blob(['title\nEmma']), 'b.csv');
    expect(await post(two)).toMatchObject({ status: 400, body: { code: 'MalformedBody' } });
    const books = await fetch(`${system.url}/books`, {
      method: 'POST',
      headers: system.authorization,
      body: form,
    });
    expect(books.status).toBe(415);
    expect(await books.json()).toMatchObject({ type: '/problems/UnsupportedMediaType' });
    expect(await post('title\nx', '?dryrun=true')).toMatchObject({ status: 400, body: { code: 'InvalidParameter' } });
  });

  it('is refused when it is more than 256 MiB, as soon as its sender says so', async () => {
    const status = await new Promise((resolve, reject) => {
      const length = 257 * 1024 * 1024;
      const headers = { ...system.authorization, 'Content-Type': 'text/csv', 'Content-Length': length };
      const sending = request(`${system.url}/imports`, { method: 'POST', headers, agent: false });
      sending.on('error', reject).on('response', ({ statusCode }) => {
        resolve(statusCode);
        sending.destroy();
      });
      // Of what was refused so much is read that a client gets to hear the answer.
      for (let mebibytes = 0; mebibytes < 33; mebibytes++) sending.write(Buffer.alloc(1024 * 1024));
    });
    expect(status).toBe(413);
  });

  it('is one import, however often it is sent with one key; another file with that key is refused', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const file = `title\nOnce ${randomUUID()}\n`;
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(file, '', key)));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1);
    expect(await post(`${file}And more\n`, '', key)).toMatchObject({
      status: 422,
      body: { code: 'IdempotencyKeyReused' },
    });
    const location = answers[0]!.headers.get('Location')!;
    expect((await finished(location)).tally).toEqual({ ...nothing, added: 1 });
    expect(await post(file, '', key)).toMatchObject({ status: 202, body: { id: answers[0]!.body.id } });
    await until('no file is left', () => spooled().length === 0);
  });
});

it('an operation that never was is not found', async () => {
  for (const id of [randomUUID(), 'x', '%00']) expect((await api.get(`/operations/${id}`)).status).toBe(404);
  expect((await api.get(`/operations/${randomUUID()}?cursor=x`)).status).toBe(400);
});

describe('kill -9', () => {
  const count = 10_000;

  /** An import of which some rows are in the view, and not all in the log. */
  async function inTheMiddle(): Promise<{ readonly mark: string; readonly location: string }> {
    for (let attempt = 0; ; attempt++) {
      const mark = `killed${randomUUID().slice(0, 8)}`;
      const rows = Array.from({ length: count }, (_, n) =>
        n % 100 === 7 ? `,${mark},,bad` : `${mark}-${n},${mark} ${n},A`,
      );
      const location = (await post(['id,title,author,year', ...rows].join('\n'))).headers.get('Location')!;
      await until('some are in the view', async () => (await found(mark)) > 0);
      // Whoever looks too late, as where the view had to wait for a processor, sees the end of it.
      const { state } = (await api.get(location)).body;
      if (state === 'running') return { mark, location };
      expect(attempt, `the import was ${state} as soon as there was something to see of it`).toBeLessThan(5);
    }
  }

  it('of whatever takes part, in the middle: the import goes on, and its tally is exact', async () => {
    const refused = count / 100;
    const { mark, location } = await inTheMiddle();
    system.kill('book-service');
    await until('half of them are in the view', async () => (await found(mark)) > count / 2, 120_000);
    for (const victim of ['nats', 'postgres', 'view-books', 'edge', 'book-service']) system.kill(victim);
    const operation = await finished(location);
    expect(operation).toMatchObject({
      state: 'completed',
      rows: count,
      tally: { ...nothing, added: count - refused, refused },
      total: refused,
    });
    expect(operation._embedded.rows.map(({ line }: { line: number }) => line)).toEqual(
      Array.from({ length: refused }, (_, n) => n * 100 + 7 + 2),
    );
    const created = (await logOf(system, 'book')).filter(({ type }) => type === 'BookCreated');
    expect(new Set(created.map(({ stream }) => stream)).size).toBe(created.length);
    await until('the view has them all', async () => (await found(mark)) === count - refused, 120_000);
    verifyLog(system, 'book');
    await until('no file is left', () => spooled().length === 0);
  }, 600_000);
});

describe('npm run import', () => {
  function run(...args: string[]): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['infra/local/import.mjs', ...args], {
      cwd: projectRoot,
      encoding: 'utf8',
      timeout: 180_000,
    });
    return { status, output: stdout + stderr };
  }

  function fileOf(content: string): string {
    const file = join(directory, `${randomUUID()}.csv`);
    writeFileSync(file, content);
    return file;
  }

  it('finds the system, and prints the tally', async () => {
    const title = `Typed ${randomUUID()}`;
    const file = fileOf(`title,shelf\n${title},A1\n`);
    const dry = run(file, '--dry-run', '--data', system.dataDir);
    expect(dry).toEqual({ status: 0, output: expect.stringMatching(/1 rows, of which would be\s+1 {2}added/) });
    expect(run(file, '--url', system.url, '--data', system.dataDir)).toEqual({
      status: 0,
      output: expect.stringMatching(/1 {2}added/),
    });
    const again = run(file, '--data', system.dataDir);
    expect(again).toEqual({ status: 0, output: expect.stringMatching(/1 {2}already there/) });
    expect(again.output).toContain('shelf');

    const compressed = join(directory, 'books.csv.gz');
    writeFileSync(compressed, gzipSync(readFileSync(file)));
    expect(run(compressed, '--data', system.dataDir)).toMatchObject({
      status: 0,
      output: expect.stringMatching(/1 {2}already there/),
    });
  });

  it('exits with 1 when rows are refused, and says which; or when the whole file is', () => {
    const refused = run(fileOf('title,isbn\nx,12\n'), '--data', system.dataDir);
    expect(refused).toEqual({ status: 1, output: expect.stringContaining('line 2, refused: isbn an ISBN has') });
    const taken = run(fileOf('name\nx\n'), '--data', system.dataDir);
    expect(taken).toEqual({ status: 1, output: expect.stringContaining('no column "title"') });
    const cut = join(directory, 'cut.csv.gz');
    writeFileSync(cut, gzipSync(Buffer.from('title\nx\n')).subarray(0, -9));
    const broken = run(cut, '--data', system.dataDir);
    expect(broken).toEqual({ status: 1, output: expect.stringContaining('cannot be decompressed') });
    const unknown = run(fileOf('title\nx\n'), '--url', system.url, '--data', directory);
    expect(unknown).toEqual({ status: 1, output: expect.stringContaining('SHELFMARK_TOKEN') });
    const none = run(fileOf('title\nx\n'), '--data', directory);
    expect(none).toEqual({ status: 1, output: expect.stringContaining('does not run') });
  });

  it('exits with 2 when an argument is wrong', () => {
    for (const args of [[], [join(directory, 'missing.csv')], ['--dry'], ['a', 'b']])
      expect(run(...args).status).toBe(2);
  });
});

function spooled(service = 'book-service'): readonly string[] {
  return readdirSync(join(system.dataDir, 'services', service, 'imports'));
}
