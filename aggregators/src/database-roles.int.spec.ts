import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres, type RunningServer } from '@shelfmark/local';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareDatabase } from './database-roles.js';
import { Projector } from './projector.js';
import { rebuildView } from './rebuild.js';
import { arrayMirror } from './testing/array-mirror.js';
import { bookCreated, id, Log } from './testing/events.js';
import { until } from './testing/until.js';
import { openView, readAll } from './testing/view-database.js';
import { view as books } from './views/books/index.js';
import { view as users } from './views/users/index.js';

const passwords = new Map([
  ['edge', 'what-the-edge-says'],
  ['view_books', 'what-books-say'],
  ['view_users', 'what-users-say'],
]);

const insufficientPrivilege = { code: '42501' };

let dataDir: string;
let postgres: RunningServer;
let stop: AbortController;
let projecting: Promise<void>;
const log = new Log();

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'shelfmark-roles-'));
  postgres = await startPostgres({ dataDir });
  stop = new AbortController();
});

afterAll(async () => {
  stop.abort();
  await projecting;
  await postgres.stop();
  await rm(dataDir, { recursive: true });
});

function urlOf(role: string, password = passwords.get(role)!): string {
  const url = new URL(postgres.url);
  url.username = role;
  url.password = password;
  return url.href;
}

const as = (role: string, sql: string) => readAll(urlOf(role), sql);
const owner = (sql: string) => readAll(postgres.url, sql);

test('takes over what an earlier version made, and can be done again', async () => {
  for (const view of [books, users]) await (await openView(postgres.url, view)).close();
  await owner(`INSERT INTO books.book (id) VALUES ('${id(1)}')`);
  await Promise.all([prepareDatabase(postgres.url, passwords), prepareDatabase(postgres.url, passwords)]);
  await prepareDatabase(postgres.url, passwords);

  const others = await owner(
    `SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname = 'books' AND relowner <> 'view_books'::regrole
     UNION ALL SELECT proname FROM pg_proc JOIN pg_namespace ON pg_namespace.oid = pronamespace
     WHERE nspname = 'books' AND proowner <> 'view_books'::regrole`,
  );
  expect(others).toEqual([]);
  expect(await as('edge', 'SELECT id FROM books.book')).toEqual([{ id: id(1) }]);
});

test('makes no role that may make roles or databases, or pass over what it may not', async () => {
  const names = [...passwords.keys()].map((name) => `'${name}'`).join();
  const rows = await owner(
    `SELECT rolname FROM pg_roles WHERE rolname IN (${names})
     AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication OR NOT rolcanlogin)`,
  );
  expect(rows).toEqual([]);
});

test('lets in a role with the password that it was given last, and with no other', async () => {
  await prepareDatabase(postgres.url, new Map([...passwords, ['edge', 'another-one']]));
  await expect(as('edge', 'SELECT')).rejects.toMatchObject({ code: '28P01' });
  expect(await readAll(urlOf('edge', 'another-one'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await prepareDatabase(postgres.url, passwords);
  await owner(`CREATE ROLE stranger LOGIN PASSWORD 'stranger'`);
  await expect(readAll(urlOf('stranger', 'stranger'), 'SELECT')).rejects.toMatchObject(insufficientPrivilege);
});

test('lets a view keep its tables and build them anew, and the edge read whatever it makes', async () => {
  const follow = arrayMirror({ book: log, rent: new Log() });
  log.append(`Book-${id(2)}`, 'BookCreated', bookCreated);
  const silent = { log: () => undefined, warn: () => undefined };
  projecting = new Projector(books, urlOf('view_books'), follow, silent).run(stop.signal);
  const shown = () => as('edge', 'SELECT count(*)::integer AS n FROM books.book WHERE title IS NOT NULL');
  await until(async () => (await shown())[0]?.['n'] === 1);

  const { signal } = stop;
  await rebuildView({ view: books, databaseUrl: urlOf('view_books'), follow, report: () => undefined, signal });
  expect(await shown()).toEqual([{ n: 1 }]);
  log.append(`Book-${id(3)}`, 'BookCreated', bookCreated);
  await until(async () => (await shown())[0]?.['n'] === 2);

  // One that somebody has dropped is made again, and can be read again.
  await owner('DROP SCHEMA users CASCADE');
  await (await openView(urlOf('view_users'), users)).close();
  expect(await as('edge', 'SELECT count(*)::integer AS n FROM users.person')).toEqual([{ n: 0 }]);
});

test.each([
  'INSERT INTO books.book (id) VALUES (gen_random_uuid())',
  'UPDATE books.checkpoint SET position = 1',
  'DELETE FROM books.book',
  'TRUNCATE books.book',
  'CREATE TABLE books.mine (n int)',
  'CREATE TABLE public.mine (n int)',
  'CREATE TEMPORARY TABLE mine (n int)',
  'CREATE SCHEMA mine',
  'CREATE ROLE mine',
  'SET ROLE view_books',
  `SELECT pg_read_file('PG_VERSION')`,
])('refuses the edge: %s', async (sql) => {
  await expect(as('edge', sql)).rejects.toMatchObject(insufficientPrivilege);
});

test.each([
  'SELECT * FROM users.person',
  'INSERT INTO users.checkpoint (source) VALUES (1)',
  'DELETE FROM users.person',
  'CREATE TABLE users.mine (n int)',
  'DROP SCHEMA users CASCADE',
  'ALTER SCHEMA users RENAME TO people',
  'CREATE TABLE public.mine (n int)',
  'CREATE ROLE mine',
  'SET ROLE view_users',
])('refuses another view: %s', async (sql) => {
  await expect(as('view_books', sql)).rejects.toMatchObject(insufficientPrivilege);
});

test('lets the edge hear of what is new', async () => {
  const edge = new pg.Client(urlOf('edge'));
  await edge.connect();
  const heard = new Promise((resolve) => edge.once('notification', resolve));
  await edge.query('LISTEN shelfmark_books');
  await as('view_books', `SELECT pg_notify('shelfmark_books', 'book@1')`);
  expect(await heard).toMatchObject({ payload: 'book@1' });
  await edge.end();
});

test('needs no superuser, only the owner of the database who may make roles', async () => {
  stop.abort();
  await projecting;
  const roles = [...passwords.keys()].join();
  await owner(`DROP OWNED BY ${roles} CASCADE; DROP ROLE ${roles}`);
  await owner(`CREATE ROLE manager LOGIN CREATEROLE PASSWORD 'manager'`);
  await owner('CREATE DATABASE managed OWNER manager');
  const managed = (url: string) => url.replace(/shelfmark$/, 'managed');

  await prepareDatabase(managed(urlOf('manager', 'manager')), passwords);
  await prepareDatabase(managed(urlOf('manager', 'manager')), passwords);
  await (await openView(managed(urlOf('view_books')), books)).close();
  const sql = 'SELECT count(*)::integer AS n FROM books.book';
  expect(await readAll(managed(urlOf('edge')), sql)).toEqual([{ n: 0 }]);
  await expect(readAll(managed(urlOf('view_users')), sql)).rejects.toMatchObject(insufficientPrivilege);
});
