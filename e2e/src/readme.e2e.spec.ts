import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Api } from './api.js';
import { System, projectRoot, until } from './system.js';

let system: System;

beforeAll(async () => {
  system = await System.create([]);
  await system.start();
});
afterAll(() => system.dispose());

it('the first run brings the demo catalogue, and says where to go on', async () => {
  const api = new Api(system);
  await until('the catalogue is in the view', async () => (await api.get('/books?limit=1')).body.total >= 1_000);
  expect((await api.get('/books?limit=1')).body.total).toBe(1_000);
  expect(system.output.match(/curl/g)?.length).toBeGreaterThanOrEqual(3);
  expect(system.output).toContain(system.dataDir);
});

it('a catalogue in which the demo is contained adds nothing of it again', () => {
  const args = ['infra/local/import.mjs', 'infra/local/demo/gutenberg-1000.csv', '--data', system.dataDir];
  const told = execFileSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8' });
  expect(told).toMatch(/1000 rows\n +1000 {2}already there\n/);
});

it("the README's tour works as it is printed", () => {
  const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');
  const tour = /<!-- tour -->\n+```sh\n(.*?)```/s
    .exec(readme)![1]!
    .replaceAll('http://127.0.0.1:3000', system.url)
    .replaceAll('-- --role', `-- --data ${system.dataDir} --role`);
  const output = execFileSync('bash', ['-c', `{ set -eu\n${tour}\n} 2>&1 | cat`], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  expect(output.match(/HTTP\/1\.1 \d+/g)).toEqual([
    'HTTP/1.1 201', // the reader
    'HTTP/1.1 201', // the book
    'HTTP/1.1 201', // the rent
    'HTTP/1.1 403', // all readers, for one of them
    'HTTP/1.1 409', // a second copy
    'HTTP/1.1 201', // the hold
    'HTTP/1.1 409', // deleting what is out
    'HTTP/1.1 200', // the return
    'HTTP/1.1 204', // deleting what is back
  ]);
  expect(output).toContain('"code":"AlreadyRented"');
  expect(output).toContain('"code":"BookHasOpenRents"');
});

it('npm run status says what runs and how far each view is', () => {
  const args = ['infra/local/status.mjs', '--data', system.dataDir];
  const status = execFileSync(process.execPath, args, { cwd: projectRoot, encoding: 'utf8' });
  for (const name of [
    'nats',
    'postgres',
    'user-service',
    'book-service',
    'rent-service',
    'view-books',
    'view-users',
    'view-rents',
    'edge',
  ]) {
    expect(status).toContain(name);
  }
  expect(status).toMatch(/book\D+1\d\d\d/);
});

it('a second start adds nothing twice', async () => {
  const api = new Api(system);
  const total = async (): Promise<number> => (await api.get('/books?limit=1')).body.total;
  const before = await total();
  expect(before).toBeGreaterThanOrEqual(1_000);
  await system.stop();
  await system.start();
  expect(await total()).toBe(before);
});
